"""What the Cognito front asks of the mended ministack beyond Cognito's own operations."""

SIGN_IN = "EmbeddedFederatedSignIn"
"""Sign in with an identity of an outside provider (`ministack_federation.py`)."""
