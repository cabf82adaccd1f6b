"""Fingerprints: every difference has a name, and no value is in them."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeboat.cognito.pool import PoolFacts, comparable_attributes, linked_identities, restored_statuses
from lifeboat.model import Status, User
from lifeboat.restore.comparison.expectation import Files, Fingerprint, differing_fields, expected, found
from tests.unit.examples import BY_EMAIL, BY_NAME, GROUP_NAMES, USER, USERS
from tests.unit.fakes import MemoryBucket

FACTS = st.sampled_from([BY_NAME, BY_EMAIL, replace(BY_NAME, case_sensitive=False)])


def restored(user: User, status: str = "") -> User:
    """The user as the new pool has it after a restore in which nothing went wrong.

    Of the statuses that it may have, it has the one given, else the first.
    """
    attributes = {**comparable_attributes(user), "sub": "a-new-sub"}
    if links := linked_identities(user):
        attributes["identities"] = json.dumps(
            [{"userId": user_id, "providerName": provider, "primary": False} for provider, user_id in links]
        )
    status = status or min(restored_statuses(user))
    return replace(user, sub="a-new-sub", attributes=attributes, status=status)


def with_groups(fingerprint: Fingerprint, groups: list[str]) -> Fingerprint:
    return {**fingerprint, "groups": groups}


@given(USERS, FACTS, st.lists(GROUP_NAMES, unique=True, max_size=4))
def test_a_restored_user_is_joined_and_differs_in_nothing(
    user: User, facts: PoolFacts, groups: list[str]
) -> None:
    expectation = expected(user, groups, facts)
    for status in restored_statuses(user):
        there = found(restored(user, status), facts)
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
    if there.status not in restored_statuses(user):
        names.add("status")
    if linked_identities(user) != linked_identities(there):
        names.add("linked identities")
    assert differing_fields(expected(user, [], facts), found(there, facts)) == sorted(names)


@pytest.mark.parametrize("lane", ["CONFIRMED", "RESET_REQUIRED"])
@pytest.mark.parametrize(
    ("before", "may_reset"),
    [
        ("CONFIRMED", True),
        ("RESET_REQUIRED", True),
        ("FORCE_CHANGE_PASSWORD", True),
        ("UNCONFIRMED", False),
    ],
)
def test_both_lanes_statuses_are_the_same_for_who_may_reset(before: str, may_reset: bool, lane: str) -> None:
    user = replace(USER, status=before)
    there = found(replace(restored(user), status=lane), BY_NAME)
    assert differing_fields(expected(user, [], BY_NAME), there) == ([] if may_reset else ["status"])


@pytest.mark.parametrize("status", ["CONFIRMED", "RESET_REQUIRED", "FORCE_CHANGE_PASSWORD"])
def test_an_invited_user_without_a_verified_address_stays_invited(status: str) -> None:
    user = replace(USER, status=Status.FORCE_CHANGE_PASSWORD, attributes={"email": "ann@example.com"})
    there = found(replace(restored(user), status=status), BY_NAME)
    fields = [] if status == Status.FORCE_CHANGE_PASSWORD else ["status"]
    assert differing_fields(expected(user, [], BY_NAME), there) == fields


def test_a_link_that_is_missing_or_another_is_a_difference() -> None:
    def linked(*ids: str) -> User:
        entries = [{"providerName": "Google", "userId": each} for each in ids]
        return replace(USER, attributes={"identities": json.dumps(entries)})

    expectation = expected(linked("1", "2"), [], BY_NAME)
    assert differing_fields(expectation, found(linked("2", "1"), BY_NAME)) == []
    for there in (linked(), linked("1"), linked("1", "3")):
        assert differing_fields(expectation, found(there, BY_NAME)) == ["linked identities"]


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
        attributes={
            "sub": user.sub,
            "email": value,
            "phone_number": value,
            "custom:a": f"about {value}",
            "identities": json.dumps([{"providerName": "Google", "userId": value}]),
        },
    )
    for fingerprint in (expected(planted, [], facts), found(planted, facts)):
        # The map of old and new usernames needs the username itself.
        assert fingerprint["username"] == value
        assert value not in json.dumps({**fingerprint, "sub": "", "username": ""})


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
