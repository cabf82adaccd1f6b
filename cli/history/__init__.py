"""What the backup holds, and held: users, groups and what changed in them."""
