"""Users by the API lane: created, updated, found again; messages handled side by side."""
