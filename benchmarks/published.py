"""What AWS publishes of its own reference implementation.

Times in minutes from end to end, "Cognito User Profiles Export Reference Architecture" (the README of
aws-samples/sample-cognito-user-profiles-export-reference-architecture), at its setting of 10 transactions a
second.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Published:
    """One row: users with no group or one each, the minutes of an export and of an import."""

    users: int
    grouped: bool
    export_minutes: float
    import_minutes: float


PUBLISHED: Final = (
    Published(10_000, False, 2.62, 8.13),
    Published(10_000, True, 4.76, 29.24),
    Published(100_000, False, 21.82, 56.31),
    Published(100_000, True, 40.26, 290.24),
    Published(500_000, False, 146.52, 247.63),
    Published(500_000, True, 181.46, 1313.31),
)


def published(users: int) -> Published | None:
    """Return what is published for so many users with one group each, if that size is."""
    return next((row for row in PUBLISHED if row.users == users and row.grouped), None)
