"""How users, groups, memberships and configuration become items and come back."""

from dataclasses import replace
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from hypothesis import given
from hypothesis import strategies as st

from lifeboat.model import Group, Membership, PoolConfiguration, User, seconds_between
from lifeboat.store.items import (
    Change,
    Item,
    configuration_from,
    draft_configuration,
    draft_group,
    draft_membership,
    draft_user,
    group_from,
    history_item,
    membership_from,
    user_from,
)
from lifeboat.store.keys import Key, history_key
from tests.unit.examples import AT, CONFIGURATIONS, EARLIER, GROUP_NAMES, GROUPS, INSTANTS, SUBS, USER, USERS

CHANGES = st.sampled_from(Change)


def stored(item: Item) -> dict[str, Any]:
    """The item as DynamoDB gives it back."""
    write, read = TypeSerializer(), TypeDeserializer()
    return {name: read.deserialize(write.serialize(value)) for name, value in item.items()}


@given(USERS, CHANGES)
def test_a_user_comes_back_as_it_was(user: User, change: Change) -> None:
    assert user_from(stored(draft_user(user).item(AT, change))) == user


@given(GROUPS, CHANGES)
def test_a_group_comes_back_as_it_was(group: Group, change: Change) -> None:
    back = group_from(stored(draft_group(group).item(AT, change)))
    assert back == group
    assert back.precedence is None or type(back.precedence) is int


@given(SUBS, GROUP_NAMES)
def test_a_membership_comes_back_as_it_was(sub: str, group: str) -> None:
    membership = Membership(sub, group)
    item = stored(draft_membership(membership).item(AT, Change.ADDED))
    assert membership_from(item) == membership
    assert (item["member_of"], item["sub"]) == (group, sub)


@given(CONFIGURATIONS)
def test_a_configuration_comes_back_as_it_was(configuration: PoolConfiguration) -> None:
    item = draft_configuration(configuration).item(AT, Change.ADDED)
    assert configuration_from(stored(item)) == configuration


@given(USERS)
def test_an_item_says_since_when_and_why_it_is_there(user: User) -> None:
    draft = draft_user(user)
    item = draft.item(AT, Change.CHANGED)
    assert Key(item["pk"], item["sk"]) == draft.key
    assert (item["valid_from"], item["change"]) == (AT, "changed")
    assert item["content_hash"] == draft.content_hash


@given(USERS, st.data())
def test_a_users_hash_differs_exactly_when_its_content_does(user: User, data: st.DataObject) -> None:
    other = data.draw(USERS)
    mixed = replace(
        other,
        **{
            name: getattr(user, name)
            for name in data.draw(st.sets(st.sampled_from(list(User.__dataclass_fields__))))
        },
    )
    same = undated(user) == undated(mixed)
    assert (draft_user(user).content_hash == draft_user(mixed).content_hash) == same


def undated(user: User) -> User:
    return replace(user, created_at="", modified_at="")


@given(INSTANTS, INSTANTS)
def test_dates_do_not_count(created: str, modified: str) -> None:
    moved = replace(USER, created_at=created, modified_at=modified)
    assert draft_user(moved).content_hash == draft_user(USER).content_hash


@given(USERS)
def test_the_order_of_attributes_does_not_count(user: User) -> None:
    turned = replace(user, attributes=dict(reversed(list(user.attributes.items()))))
    assert draft_user(turned).content_hash == draft_user(user).content_hash


@given(GROUPS, GROUPS)
def test_a_groups_hash_differs_exactly_when_the_group_does(one: Group, other: Group) -> None:
    for group in (
        other,
        replace(other, name=one.name),
        replace(one, precedence=0),
        replace(one, description=""),
    ):
        assert (draft_group(one).content_hash == draft_group(group).content_hash) == (one == group)


@given(USERS, INSTANTS, st.integers(1, 3650))
def test_history_keeps_a_version_with_its_interval(user: User, until: str, days: int) -> None:
    item = draft_user(user).item(EARLIER, Change.ADDED)
    earlier = history_item(item, until, days)
    assert Key(earlier["pk"], earlier["sk"]) == history_key(draft_user(user).key, EARLIER)
    assert (earlier["valid_from"], earlier["valid_to"]) == (EARLIER, until)
    assert earlier["expires_at"] == int(seconds_between("1970-01-01T00:00:00.000Z", until)) + days * 86_400
    assert user_from(stored(earlier)) == user


@given(SUBS, GROUP_NAMES)
def test_an_earlier_membership_is_not_in_the_index(sub: str, group: str) -> None:
    item = draft_membership(Membership(sub, group)).item(EARLIER, Change.ADDED)
    earlier = history_item(item, AT, 35)
    assert "member_of" not in earlier
    assert membership_from(earlier) == Membership(sub, group)
    assert item["member_of"] == group, "the item itself is left as it was"
