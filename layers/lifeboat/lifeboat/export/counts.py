"""Counts of an export, as they travel through the state machine and end in the ledger."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypedDict

from lifeboat.store.items import Change


class Counts(TypedDict):
    """Counts of one kind of item.

    `stored` is how many the backup held before the export, `absent` how many of them the listing
    did not show.
    """

    listed: int
    added: int
    changed: int
    unchanged: int
    absent: int
    stored: int


def no_counts() -> Counts:
    """All zero."""
    return {"listed": 0, "added": 0, "changed": 0, "unchanged": 0, "absent": 0, "stored": 0}


def total(parts: Iterable[Counts]) -> Counts:
    """The sum of counts."""
    result = no_counts()
    for part in parts:
        for name in result:
            result[name] += part[name]  # type: ignore[literal-required]
    return result


def count_change(counts: Counts, change: Change | None) -> None:
    """Count one listed item by what was written for it."""
    counts["listed"] += 1
    if change is Change.ADDED:
        counts["added"] += 1
    elif change is Change.CHANGED:
        counts["changed"] += 1
    else:
        counts["unchanged"] += 1
