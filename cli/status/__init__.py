"""Whether the backup is good."""
