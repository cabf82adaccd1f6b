"""Changes as they happen: into the backup, and from the backup into a standby pool."""
