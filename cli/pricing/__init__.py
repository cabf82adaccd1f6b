"""What a backup and a restore cost."""
