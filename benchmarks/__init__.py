"""Speed and cost of exports and imports against Cognito's quotas and AWS's published figures."""
