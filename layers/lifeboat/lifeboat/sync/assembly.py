"""Puts the capture's parts together from the function's settings."""

from __future__ import annotations

from lifeboat.sync.capture import UserCapture


def user_capture() -> UserCapture:
    """For whoever changes a user."""
    return UserCapture()
