"""Where items lie: one of 256 shards, and no two things in one place."""

from hypothesis import given
from hypothesis import strategies as st

from lifeboat.listing import HEX
from lifeboat.store.keys import (
    SHARDS,
    Key,
    group_key,
    history_key,
    membership_key,
    outcome_key,
    shard_of,
    shards_under,
    user_key,
)
from tests.unit.examples import AWKWARD, GROUP_NAMES, INSTANTS, NAMES, SUBS, UUIDS

MEMBERSHIPS = st.tuples(SUBS, GROUP_NAMES) | st.tuples(AWKWARD, AWKWARD)
PRESENT = st.one_of(
    st.builds(user_key, SUBS),
    st.builds(membership_key, SUBS, GROUP_NAMES),
    st.builds(group_key, GROUP_NAMES),
)


def test_there_are_256_shards() -> None:
    assert len(set(SHARDS)) == 256


@given(SUBS)
def test_every_sub_has_one_of_the_shards(sub: str) -> None:
    assert shard_of(sub) in SHARDS


@given(UUIDS)
def test_a_uuid_lies_in_the_shard_it_begins_with(sub: str) -> None:
    assert shard_of(sub) == sub[:2]


@given(st.text(HEX, max_size=4), NAMES)
def test_a_prefix_looks_in_every_shard_that_its_subs_lie_in(prefix: str, rest: str) -> None:
    assert shard_of(prefix + rest) in shards_under(prefix)


@given(MEMBERSHIPS, MEMBERSHIPS)
def test_two_memberships_never_share_a_key(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert (membership_key(*one) == membership_key(*other)) == (one == other)


@given(SUBS | AWKWARD, MEMBERSHIPS)
def test_a_user_never_has_the_key_of_a_membership(sub: str, membership: tuple[str, str]) -> None:
    assert user_key(sub) != membership_key(*membership)


@given(SUBS, SUBS)
def test_two_users_never_share_a_key(one: str, other: str) -> None:
    assert (user_key(one) == user_key(other)) == (one == other)
    assert (outcome_key("i", one) == outcome_key("i", other)) == (one == other)


@given(SUBS, GROUP_NAMES)
def test_a_membership_lies_beside_its_user(sub: str, group: str) -> None:
    assert membership_key(sub, group).pk == user_key(sub).pk
    assert membership_key(sub, group).sk.startswith(user_key(sub).sk)


@given(PRESENT, INSTANTS, PRESENT, INSTANTS)
def test_two_earlier_versions_never_share_a_key(one: Key, since: str, other: Key, until: str) -> None:
    same = (one, since) == (other, until)
    assert (history_key(one, since) == history_key(other, until)) == same


@given(AWKWARD, AWKWARD, INSTANTS, INSTANTS)
def test_a_group_named_like_an_earlier_version_has_its_own_history(
    one: str, other: str, since: str, until: str
) -> None:
    assert history_key(group_key(f"{one}@{since}"), until) != history_key(group_key(one), since)
    assert (history_key(group_key(one), since) == history_key(group_key(other), since)) == (one == other)


@given(PRESENT, PRESENT, INSTANTS)
def test_history_never_lies_among_present_items(present: Key, earlier: Key, since: str) -> None:
    assert history_key(earlier, since).pk != present.pk
