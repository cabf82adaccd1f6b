"""How a listing is divided."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeboat.cognito.reader import PAGE
from lifeboat.listing import (
    MEMBERSHIP_WORKERS,
    SINGLE_LISTING_USERS,
    USERS_PER_PREFIX,
    listing_prefixes,
    portions,
)
from lifeboat.pacing import Budget, Category
from tests.unit.examples import UUIDS

MOST_USERS = 40_000_000
"""Cognito's quota of users in a pool."""

INVOCATION = 900 - 60
"""Seconds that one invocation has before its deadline is near."""


@given(st.integers(0, MOST_USERS), UUIDS)
def test_every_user_is_listed_under_exactly_one_prefix(users: int, sub: str) -> None:
    assert len([prefix for prefix in listing_prefixes(users) if sub.startswith(prefix)]) == 1


def test_small_pools_are_one_listing() -> None:
    assert listing_prefixes(0) == [""]
    assert listing_prefixes(SINGLE_LISTING_USERS) == [""]
    assert len(listing_prefixes(SINGLE_LISTING_USERS + 1)) == 16


@pytest.mark.parametrize("concurrency", [1, 4, 16])
def test_a_worker_lists_its_prefix_within_one_invocation(concurrency: int) -> None:
    # At the default ExportQuotaShare, and at every ExportConcurrency that the template allows.
    users = 16 * USERS_PER_PREFIX
    prefixes = listing_prefixes(users)
    workers = len(portions(prefixes, concurrency)) + MEMBERSHIP_WORKERS
    pages = users / len(prefixes) / PAGE
    assert pages / Budget(50, workers).rate(Category.USER_LIST) < INVOCATION


@given(st.lists(st.integers()), st.integers(1, 20))
def test_portions_deal_out_everything_once_and_evenly(pieces: list[int], workers: int) -> None:
    dealt = portions(pieces, workers)
    assert sorted(piece for portion in dealt for piece in portion) == sorted(pieces)
    assert len(dealt) == min(workers, len(pieces))
    assert all(dealt)
    sizes = [len(portion) for portion in dealt]
    assert not sizes or max(sizes) - min(sizes) <= 1
