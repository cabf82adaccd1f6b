"""The stacks: their parameters, the account's quotas, and the first deployment."""
