"""The import: the backup into an empty user pool."""
