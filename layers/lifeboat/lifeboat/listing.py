"""How the listing of a pool is divided: sub prefixes, dealt out to workers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

HEX = "0123456789abcdef"

SINGLE_LISTING_USERS = 5_000
"""Up to about this many users, one unfiltered listing is quicker than several filtered ones."""

SECONDS_PER_PREFIX = 600
"""A prefix should be listed in about this time, well within one invocation."""

USERS_PER_PAGE = 60
"""The largest page of ListUsers."""

LONGEST_PREFIX = 3
"""4,096 prefixes: enough for 40 million users at half of the quota, and still a small payload."""

MEMBERSHIP_WORKERS = 2
"""Workers that list memberships while the others list users."""

T = TypeVar("T")


def listing_prefixes(users: int, pages_per_second: float) -> list[str]:
    """The sub prefixes whose listings make up the pool; [""] is one unfiltered listing.

    `pages_per_second` is what one worker may ask for. A `sub` is in practice a random UUID, so hexadecimal
    prefixes of the same length hold about the same number of users. Completeness is checked against the
    pool's own estimate afterwards.
    """
    largest = max(1.0, pages_per_second * USERS_PER_PAGE * SECONDS_PER_PREFIX)
    if users <= min(SINGLE_LISTING_USERS, largest):
        return [""]
    prefixes = list(HEX)
    while users / len(prefixes) > largest and len(prefixes[0]) < LONGEST_PREFIX:
        prefixes = [prefix + digit for prefix in prefixes for digit in HEX]
    return prefixes


def portions(pieces: Sequence[T], workers: int) -> list[list[T]]:
    """The pieces dealt out to at most so many workers, as evenly as possible; none empty."""
    dealt = [list(pieces[start::workers]) for start in range(workers)]
    return [portion for portion in dealt if portion]
