"""Drills: a restore into a scratch pool that is measured, and deleted again."""
