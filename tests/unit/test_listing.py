"""How a listing is divided."""

from hypothesis import given
from hypothesis import strategies as st

from lifeboat.listing import (
    SINGLE_LISTING_USERS,
    listing_prefixes,
    portions,
)
from tests.unit.examples import UUIDS

MOST_USERS = 40_000_000
"""Cognito's quota of users in a pool."""


@given(st.integers(0, MOST_USERS), st.floats(0.01, 30), UUIDS)
def test_every_user_is_listed_under_exactly_one_prefix(users: int, pages_per_second: float, sub: str) -> None:
    assert (
        len([prefix for prefix in listing_prefixes(users, pages_per_second) if sub.startswith(prefix)]) == 1
    )


def test_small_pools_are_one_listing() -> None:
    assert listing_prefixes(0, 5) == [""]
    assert listing_prefixes(SINGLE_LISTING_USERS, 5) == [""]
    assert len(listing_prefixes(SINGLE_LISTING_USERS + 1, 5)) == 16


@given(st.integers(0, MOST_USERS), st.floats(0.01, 30), st.floats(0.01, 30))
def test_the_slower_a_worker_may_list_the_shorter_its_listings(users: int, one: float, other: float) -> None:
    slow, fast = sorted([one, other])
    assert len(listing_prefixes(users, slow)) >= len(listing_prefixes(users, fast))


@given(st.lists(st.integers()), st.integers(1, 20))
def test_portions_deal_out_everything_once_and_evenly(pieces: list[int], workers: int) -> None:
    dealt = portions(pieces, workers)
    assert sorted(piece for portion in dealt for piece in portion) == sorted(pieces)
    assert len(dealt) == min(workers, len(pieces))
    assert all(dealt)
    sizes = [len(portion) for portion in dealt]
    assert not sizes or max(sizes) - min(sizes) <= 1
