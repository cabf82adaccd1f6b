"""What the Cognito front asks of the mended ministack beyond Cognito's own operations."""

SIGN_IN = "EmbeddedFederatedSignIn"
"""Sign in with an identity of an outside provider (`ministack_federation.py`)."""

SETTLE = "EmbeddedSettleUser"
"""Give a user a status, and a password that no policy is asked about (`ministack_triggers.py`)."""

EVENTS = "EmbeddedServiceEvents"
"""Put events on the default bus as a service of AWS does (`ministack_triggers.py`)."""

ALL = (SIGN_IN, SETTLE, EVENTS)
