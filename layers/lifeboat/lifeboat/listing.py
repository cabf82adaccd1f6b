"""How the listing of a pool is divided: sub prefixes, dealt out to workers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

HEX = "0123456789abcdef"

SINGLE_LISTING_USERS = 5_000
"""Up to about this many users, one unfiltered listing is quicker than several filtered ones."""

USERS_PER_PREFIX = 100_000
"""A prefix should hold at most about this many users: one invocation finishes it in some minutes."""

MEMBERSHIP_WORKERS = 2
"""Workers that list memberships while the others list users."""

T = TypeVar("T")


def listing_prefixes(users: int) -> list[str]:
    """The sub prefixes whose listings make up the pool; [""] is one unfiltered listing.

    A `sub` is in practice a random UUID, so hexadecimal prefixes of the same length hold about the
    same number of users. Completeness is checked against the pool's own estimate afterwards.
    """
    if users <= SINGLE_LISTING_USERS:
        return [""]
    prefixes = list(HEX)
    while users / len(prefixes) > USERS_PER_PREFIX:
        prefixes = [prefix + digit for prefix in prefixes for digit in HEX]
    return prefixes


def portions(pieces: Sequence[T], workers: int) -> list[list[T]]:
    """The pieces dealt out to at most so many workers, as evenly as possible; none empty."""
    dealt = [list(pieces[start::workers]) for start in range(workers)]
    return [portion for portion in dealt if portion]
