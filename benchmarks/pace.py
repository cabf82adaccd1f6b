"""How steadily a run used a quota: its requests minute by minute, from the first to the last."""

from collections.abc import Mapping, Sequence
from typing import Final

from local.front.categories import CATEGORIES, CATEGORY_OF

MINUTE: Final = 60
"""Seconds over which a rate is taken."""


def by_category(timeline: Mapping[str, Sequence[int]], category: str) -> list[int]:
    """Add up the timelines of a category's operations: successful requests in each second."""
    chosen = [counts for name, counts in timeline.items() if CATEGORY_OF.get(name) == category]
    seconds = max(map(len, chosen), default=0)
    return [sum(counts[second] for counts in chosen if second < len(counts)) for second in range(seconds)]


def minutes(timeline: Mapping[str, Sequence[int]], category: str) -> list[float]:
    """Return the share of a category's quota that was used in each minute from its first request to its last.

    The last minute is the one that ends with the last request, so that every minute is whole; it overlaps the
    one before. A shorter run is one minute of its own length; a run without requests has none.
    """
    counts = by_category(timeline, category)
    busy = [second for second, count in enumerate(counts) if count]
    if not busy:
        return []
    used = counts[busy[0] : busy[-1] + 1]
    rate = CATEGORIES[category].rate
    if len(used) <= MINUTE:
        return [sum(used) / (rate * len(used))]
    starts = [*range(0, len(used) - MINUTE, MINUTE), len(used) - MINUTE]
    return [sum(used[start : start + MINUTE]) / (rate * MINUTE) for start in starts]
