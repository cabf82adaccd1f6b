"""The admin API: users changed and deleted in both Regions, and their history."""
