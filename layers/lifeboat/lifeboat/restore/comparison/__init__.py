"""The new pool compared with the backup, user by user."""
