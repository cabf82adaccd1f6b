"""Warm standby: a pool in the backup Region is kept as the backup is."""
