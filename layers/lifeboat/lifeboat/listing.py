"""How the listing of a pool is divided: sub prefixes, dealt out to workers."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import TypeVar

HEX = "0123456789abcdef"

SINGLE_LISTING_USERS = 1_000
"""Up to about this many users, one unfiltered listing is about as quick as several filtered ones."""

SHARD_USERS = 50_000
"""About how many users a prefix holds at most, as far as LONGEST_PREFIX allows: a worker that lists
several prefixes at a time keeps what the backup holds of them in memory."""

SECONDS_PER_PREFIX = 600
"""A prefix should be listed in about this time, well within one invocation."""

USERS_PER_PAGE = 60
"""The largest page of ListUsers."""

LONGEST_PREFIX = 3
"""4,096 prefixes: enough for 40 million users at half of the quota, and still a small payload."""

PAGES_PER_WORKER = 7.5
"""Pages per second that one worker of an export is given at most: about half of what its share of a processor
can compare and write. At the default quota of 30 four workers use all of it."""

SECONDS_PER_PAGE = 0.4
"""A request may take about this long; a worker lists so much at a time that it uses its rate all the same."""

MOST_LANES = 4
"""Listings that one worker has in flight at a time, at most: each keeps its shard in memory."""

T = TypeVar("T")


def listing_prefixes(users: int, pages_per_second: float) -> list[str]:
    """The sub prefixes whose listings make up the pool; [""] is one unfiltered listing.

    `pages_per_second` is what one worker may ask for. A `sub` is in practice a random UUID, so hexadecimal
    prefixes of the same length hold about the same number of users. Completeness is checked against the
    pool's own estimate afterwards.
    """
    largest = min(SHARD_USERS, max(1.0, pages_per_second * USERS_PER_PAGE * SECONDS_PER_PREFIX))
    if users <= min(SINGLE_LISTING_USERS, largest):
        return [""]
    prefixes = list(HEX)
    while users / len(prefixes) > largest and len(prefixes[0]) < LONGEST_PREFIX:
        prefixes = [prefix + digit for prefix in prefixes for digit in HEX]
    return prefixes


def export_workers(pages_per_second: float, most: int) -> int:
    """How many workers it takes to list so many pages per second in all; `most` is the operator's limit."""
    return max(1, min(most, ceil(pages_per_second / PAGES_PER_WORKER)))


def lanes(pages_per_second: float) -> int:
    """How many listings a worker has in flight, so that latency leaves none of its rate unused."""
    return max(1, min(MOST_LANES, ceil(pages_per_second * SECONDS_PER_PAGE)))


def portions(pieces: Sequence[T], workers: int) -> list[list[T]]:
    """The pieces dealt out to at most so many workers, as evenly as possible; none empty."""
    dealt = [list(pieces[start::workers]) for start in range(workers)]
    return [portion for portion in dealt if portion]
