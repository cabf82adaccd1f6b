"""The new pool itself: planned from the captured configuration, created, compared with it."""
