"""Keeping the backup, and a standby pool, seconds behind the pool."""
