"""Cognito Lifeboat: backup and failover of Amazon Cognito user pools."""
