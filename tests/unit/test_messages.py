"""The messages of the import's queues."""

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeboat.model import User
from lifeboat.restore.messages import (
    GROUPS_IN_AN_UPDATE,
    NewUser,
    Unusable,
    read_new_user,
    read_update,
    updates_for,
)
from tests.unit.examples import GROUP_NAMES, USERS, new_user_body

PLANTED = "planted@example.com"


def new_user(groups: list[str], enabled: bool) -> NewUser:
    return NewUser(**new_user_body(groups=groups, enabled=enabled))


@given(USERS, st.lists(GROUP_NAMES, unique=True, max_size=4))
def test_a_user_comes_through_its_message(user: User, groups: list[str]) -> None:
    body = new_user_body(
        sub=user.sub,
        username=user.username,
        attributes=dict(user.attributes),
        enabled=user.enabled,
        status=user.status,
        groups=groups,
    )
    for text in (json.dumps(body), json.dumps(body, ensure_ascii=False)):
        message = read_new_user(text)
        there = message.user()
        assert (there.sub, there.username, there.attributes) == (user.sub, user.username, user.attributes)
        assert (there.enabled, there.status) == (user.enabled, user.status)
        assert message.groups == groups


@given(st.lists(GROUP_NAMES, unique=True, max_size=35), st.booleans())
def test_updates_cover_every_group_once_and_disable_once(groups: list[str], enabled: bool) -> None:
    updates = updates_for(new_user(groups, enabled), "the-username")
    assert Counter(name for update in updates for name in update["groups"]) == Counter(groups)
    assert sum(update["disable"] for update in updates) == (0 if enabled else 1)
    assert [update["number"] for update in updates] == list(range(len(updates)))
    assert all(len(update["groups"]) <= GROUPS_IN_AN_UPDATE for update in updates)
    assert all(update["groups"] or update["disable"] for update in updates)
    assert {update["username"] for update in updates} <= {"the-username"}


@given(st.lists(GROUP_NAMES, unique=True, max_size=35), st.randoms(), st.booleans())
def test_the_same_user_always_needs_the_same_updates(groups: list[str], chance: Any, enabled: bool) -> None:
    mixed = list(groups)
    chance.shuffle(mixed)
    assert updates_for(new_user(mixed, enabled), "u") == updates_for(new_user(groups, enabled), "u")


@given(st.lists(GROUP_NAMES, unique=True, max_size=12), st.booleans())
def test_an_update_comes_through_its_message(groups: list[str], enabled: bool) -> None:
    for update in updates_for(new_user(groups, enabled), "ann"):
        assert read_update(json.dumps(update)).model_dump() == update


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ("", "the message"),
        ("no json", "the message"),
        ("[]", "the message"),
        ("{}", "import_id"),
        (json.dumps(new_user_body(sub=5)), "sub"),
        (json.dumps(new_user_body(enabled="true")), "enabled"),
        (json.dumps(new_user_body(attributes={PLANTED: None})), "attributes"),
        (json.dumps(new_user_body(attributes=PLANTED)), "attributes"),
        (json.dumps(new_user_body(groups=[PLANTED, 1])), "groups"),
        (json.dumps(new_user_body(more=PLANTED)), "the message"),
    ],
)
def test_a_message_that_cannot_be_used_is_refused_without_its_values(body: str, where: str) -> None:
    with pytest.raises(Unusable) as caught:
        read_new_user(body)
    assert str(caught.value).startswith(f"unusable message: {where}: ")
    assert PLANTED not in str(caught.value)


@pytest.mark.parametrize("key", ["import_id", "pool_id", "sub", "username"])
def test_a_message_without_a_name_for_something_is_refused(key: str) -> None:
    # None of them can be a key of the table or a parameter of the API when it is empty.
    with pytest.raises(Unusable, match=f"unusable message: {key}: "):
        read_new_user(json.dumps(new_user_body(**{key: ""})))


def test_a_key_that_is_an_address_is_not_repeated() -> None:
    with pytest.raises(Unusable) as caught:
        read_new_user(json.dumps(new_user_body(**{PLANTED: 1})))
    assert PLANTED not in str(caught.value)


def test_a_new_user_is_no_update() -> None:
    with pytest.raises(Unusable):
        read_update(json.dumps(new_user_body()))
