"""The CSV lane: users by user import jobs."""
