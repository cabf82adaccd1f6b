"""Whom a record of the table's stream concerns."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from boto3.dynamodb.types import TypeSerializer
from hypothesis import given

from lifeboat.model import Group, Membership, User
from lifeboat.store.items import (
    Change,
    Item,
    draft_group,
    draft_membership,
    draft_user,
    history_item,
    user_from,
)
from lifeboat.store.keys import Key, export_key, outcome_key, pool_key
from lifeboat.store.standby import awaited_partition, owner_key, place_key
from lifeboat.store.stream import Concern, Subject, concern_of
from tests.unit.examples import AT, EARLIER, GROUP_NAMES, SUBS, USER, USERS


def image(item: Item) -> dict[str, Any]:
    return {name: TypeSerializer().serialize(value) for name, value in item.items()}


def record(event: str, old: Item | None, new: Item | None) -> dict[str, Any]:
    either = new or old or {}
    change: dict[str, Any] = {
        "Keys": image({name: either[name] for name in ("pk", "sk")}),
        "SequenceNumber": "7",
    }
    change |= {"OldImage": image(old)} if old else {}
    change |= {"NewImage": image(new)} if new else {}
    return {"eventName": event, "dynamodb": change}


@given(USERS)
def test_a_user_and_the_user_as_it_was(user: User) -> None:
    item = draft_user(user).item(AT, Change.ADDED)
    assert concern_of(record("INSERT", None, item)) == Concern("7", Subject(sub=user.sub))
    removed = concern_of(record("REMOVE", item, None))
    assert removed == Concern("7", Subject(sub=user.sub), user_from(item))


@given(SUBS, GROUP_NAMES)
def test_a_membership_is_the_users_and_a_group_its_own(sub: str, name: str) -> None:
    membership = draft_membership(Membership(sub, name)).item(AT, Change.ADDED)
    group = draft_group(Group(name)).item(AT, Change.ADDED)
    assert concern_of(record("REMOVE", membership, None)) == Concern("7", Subject(sub=sub))
    assert concern_of(record("MODIFY", group, {**group, "content_hash": "other"})) == Concern(
        "7", Subject(group=name)
    )


def test_dates_and_notes_are_no_change() -> None:
    before = draft_user(USER).item(EARLIER, Change.ADDED)
    after = draft_user(replace(USER, modified_at=AT)).item(EARLIER, Change.ADDED)
    assert concern_of(record("MODIFY", before, after)) is None
    disabled = draft_user(replace(USER, enabled=False)).item(AT, Change.CHANGED)
    assert concern_of(record("MODIFY", before, disabled)) is not None


@pytest.mark.parametrize(
    "key",
    [
        place_key(USER.sub),
        owner_key(USER.sub),
        Key(awaited_partition("a"), USER.sub),
        export_key("LATEST"),
        pool_key("CONFIG"),
        outcome_key("i", USER.sub),
        Key("CAPTURE#3f", USER.sub),
    ],
)
def test_what_else_the_table_holds_concerns_nobody(key: Key) -> None:
    assert concern_of(record("INSERT", None, {"pk": key.pk, "sk": key.sk})) is None
    history = history_item(draft_user(USER).item(EARLIER, Change.ADDED), AT, 35)
    assert concern_of(record("INSERT", None, {**history, "expires_at": 1})) is None
