"""How an import divides its work: the scan of the backup, the listing of the new pool, the comparison."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from lifeboat.listing import HEX, listing_prefixes, portions
from lifeboat.restore.comparison.listing import LISTINGS
from lifeboat.store.keys import SHARDS

SCAN_WORKERS = 8
USERS_PER_SCAN_WORKER = 2_500
"""Each worker that scans has so many users or more, or it would not be worth its start."""

LISTING_WORKERS = 2
"""Workers that list the new pool, each with several requests in flight."""

LISTING_PREFIX_USERS = 1_200
"""Up to so many users are listed page after page, more by prefixes of the sub, side by side."""

SLOWEST_PAGES_PER_SECOND = 0.5
"""Prefixes are so deep that even at this pace one is listed in time: several are held in memory at once."""

GROUP_PARTS, MEMBERSHIPS_IN_A_PART = 4, 100_000
"""Into how many parts the listing of memberships is divided at least, and how large a part should be."""

USERS_PER_BUCKET = 50_000
MOST_BUCKETS = 400
"""The verification compares about so many users in one invocation, in the largest pools twice as many."""


class ScanPortion(TypedDict):
    """The shards of one worker that scans the backup, and its part of the head start in memberships."""

    Portion: int
    Shards: list[str]
    HeadStart: int


class ListingPortion(TypedDict):
    """The parts of one worker that lists the new pool."""

    Parts: list[str]


class CheckPortion(TypedDict):
    """One part of the verification."""

    Bucket: int


class Portions(TypedDict):
    """What the Map states of the verification go through."""

    Listings: list[ListingPortion]
    Checks: list[CheckPortion]


def scan_portions(users: int, head_start: int, shards: Sequence[str] = SHARDS) -> list[ScanPortion]:
    """The shards dealt out to the workers that scan, each with its part of the head start."""
    workers = min(SCAN_WORKERS, len(shards), max(1, -(-users // USERS_PER_SCAN_WORKER)))
    return [
        {"Portion": number, "Shards": portion, "HeadStart": -(-head_start // workers)}
        for number, portion in enumerate(portions(shards, workers))
    ]


def buckets(users: int) -> int:
    """In how many parts so many users are compared."""
    return min(max(1, -(-users // USERS_PER_BUCKET)), MOST_BUCKETS)


def comparison_portions(users: int, memberships: int, parts: int, rate: float) -> Portions:
    """What lists the new pool, at `rate` requests a second, and compares it in so many parts."""
    # What one of the listings may ask for that a worker makes side by side.
    prefixes = listing_prefixes(users, min(rate / LISTINGS, SLOWEST_PAGES_PER_SECOND))
    if prefixes == [""] and users > LISTING_PREFIX_USERS:
        prefixes = list(HEX)
    group_parts = max(GROUP_PARTS, memberships // MEMBERSHIPS_IN_A_PART)
    listed = [f"groups:{each}:{group_parts}" for each in range(group_parts)]
    listed += [f"users:{prefix}" for prefix in prefixes]
    return {
        "Listings": [{"Parts": part} for part in portions(listed, LISTING_WORKERS)],
        "Checks": [{"Bucket": number} for number in range(parts)],
    }
