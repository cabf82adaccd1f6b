"""The export: a user pool into the backup table."""
