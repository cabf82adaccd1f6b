"""Fingerprints: every difference has a name, and no value is in them."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeboat.cognito.pool import PoolFacts, comparable_attributes, restored_status
from lifeboat.model import Status, User
from lifeboat.restore.expectation import Files, Fingerprint, differing_fields, expected, found
from tests.unit.examples import BY_EMAIL, BY_NAME, GROUP_NAMES, USER, USERS
from tests.unit.fakes import MemoryBucket

FACTS = st.sampled_from([BY_NAME, BY_EMAIL, replace(BY_NAME, case_sensitive=False)])


def restored(user: User) -> User:
    """The user as the new pool has it after a restore in which nothing went wrong."""
    attributes = {**comparable_attributes(user), "sub": "a-new-sub"}
    return replace(user, sub="a-new-sub", attributes=attributes, status=restored_status(user))


def with_groups(fingerprint: Fingerprint, groups: list[str]) -> Fingerprint:
    return {**fingerprint, "groups": groups}


@given(USERS, FACTS, st.lists(GROUP_NAMES, unique=True, max_size=4))
def test_a_restored_user_is_joined_and_differs_in_nothing(
    user: User, facts: PoolFacts, groups: list[str]
) -> None:
    there = found(restored(user), facts)
    expectation = expected(user, groups, facts)
    assert there["join"] == expectation["join"]
    assert differing_fields(expectation, with_groups(there, groups[::-1])) == []


@given(USERS, USERS, FACTS)
def test_every_difference_is_named_and_nothing_else(user: User, other: User, facts: PoolFacts) -> None:
    there = replace(restored(other), username=restored(user).username)
    mine, its = comparable_attributes(user), comparable_attributes(there)
    names = {
        f"attribute {name}"
        for name in mine.keys() | its.keys()
        if mine.get(name, None) != its.get(name, None)
    }
    if user.enabled != there.enabled:
        names.add("enabled")
    if restored_status(user) != there.status:
        names.add("status")
    assert differing_fields(expected(user, [], facts), found(there, facts)) == sorted(names)


def test_a_username_in_another_case_differs_only_where_case_counts() -> None:
    expectation, there = replace(USER, username="Ann"), restored(replace(USER, username="ann"))
    for facts, fields in ((BY_NAME, ["username"]), (replace(BY_NAME, case_sensitive=False), [])):
        assert differing_fields(expected(expectation, [], facts), found(there, facts)) == fields


def test_an_empty_attribute_is_not_a_missing_one() -> None:
    empty = replace(USER, attributes={"name": ""})
    without = replace(USER, attributes={})
    assert differing_fields(expected(empty, [], BY_NAME), found(without, BY_NAME)) == ["attribute name"]


def test_groups_are_compared_both_ways() -> None:
    expectation = expected(USER, ["staff", "ops"], BY_NAME)
    there = with_groups(found(USER, BY_NAME), ["ops", "admins"])
    assert differing_fields(expectation, there) == ["not in group staff", "unexpectedly in group admins"]


@pytest.mark.parametrize("facts", [BY_NAME, BY_EMAIL])
@given(user=USERS, value=st.text("qxz", min_size=6, max_size=20))
def test_no_value_is_in_a_fingerprint(facts: PoolFacts, user: User, value: str) -> None:
    planted = replace(
        user,
        username=value,
        status=Status.CONFIRMED,
        attributes={"sub": user.sub, "email": value, "phone_number": value, "custom:a": f"about {value}"},
    )
    for fingerprint in (expected(planted, [], facts), found(planted, facts)):
        assert value not in json.dumps({**fingerprint, "sub": ""})


@given(st.lists(USERS, max_size=6), st.integers(1, 5))
def test_both_sides_of_a_comparison_come_to_the_same_part(users: list[User], buckets: int) -> None:
    files = Files(MemoryBucket(), "an-import", buckets)
    files.spread("expected", "aa", [expected(user, [], BY_NAME) for user in users])
    files.spread("found", "users-", [found(user, BY_NAME) for user in users])
    gathered = []
    for number in range(buckets):
        sides = [
            [entry["join"] for entry in files.bucket.get_lines(files.part(side, number))]
            for side in ("expected", "found")
        ]
        assert sides[0] == sides[1]
        gathered += sides[0]
    assert sorted(gathered) == sorted(expected(user, [], BY_NAME)["join"] for user in users)


def test_writing_again_replaces_what_an_earlier_attempt_left() -> None:
    files = Files(MemoryBucket(), "an-import", 4)
    files.spread("found", "users-", [found(replace(USER, username=str(each)), BY_NAME) for each in range(20)])
    files.spread("found", "users-", [])
    assert [
        entry for number in range(4) for entry in files.bucket.get_lines(files.part("found", number))
    ] == []


def test_a_part_holds_nothing_of_another_with_a_longer_number() -> None:
    files = Files(MemoryBucket(), "an-import", 100_001)
    assert not files.part("found", 10_000).startswith(files.part("found", 1_000))
