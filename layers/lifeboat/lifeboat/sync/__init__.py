"""Keeping the backup up to date between exports."""
