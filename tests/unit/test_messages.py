"""The messages of the import's queues."""

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeboat.cognito.pool import linked_identities
from lifeboat.model import User
from lifeboat.restore.messages import (
    GROUPS_IN_AN_UPDATE,
    NewUser,
    Unusable,
    new_user,
    read_new_user,
    read_update,
    updates_for,
)
from tests.unit.examples import FACTORS, GROUP_NAMES, LINKS, USERS, new_user_body

PLANTED = "planted@example.com"


ENABLED = st.booleans()
BY_API = st.booleans()
SECOND_FACTORS = st.lists(st.sampled_from(FACTORS), unique=True)


def somebody(groups: list[str], enabled: bool, mfa: list[str] = [], identities: str = "[]") -> NewUser:  # noqa: B006
    preferred = mfa[0] if mfa else ""
    body = new_user_body(
        groups=groups,
        enabled=enabled,
        mfa=mfa,
        preferred_mfa=preferred,
        attributes={"identities": identities},
    )
    return NewUser(**body)


@given(USERS, st.lists(GROUP_NAMES, unique=True, max_size=4), st.sampled_from(["", "status UNCONFIRMED"]))
def test_a_user_comes_through_its_message(user: User, groups: list[str], reason: str) -> None:
    body = new_user("an-import", "eu-west-1_Pool", user, groups, reason).model_dump()
    for text in (json.dumps(body), json.dumps(body, ensure_ascii=False)):
        message = read_new_user(text)
        there = message.user()
        assert (message.import_id, message.pool_id) == ("an-import", "eu-west-1_Pool")
        assert (there.sub, there.username, there.attributes) == (user.sub, user.username, user.attributes)
        assert (there.enabled, there.status) == (user.enabled, user.status)
        assert (there.mfa, there.preferred_mfa) == (tuple(sorted(user.mfa)), user.preferred_mfa)
        assert (message.groups, message.lane_reason) == (sorted(groups), reason)


def test_a_message_of_a_user_without_second_factors_need_not_say_so() -> None:
    message = read_new_user(json.dumps(new_user_body()))
    assert (message.mfa, message.preferred_mfa, message.lane_reason) == ([], "", "")


@given(st.lists(GROUP_NAMES, unique=True, max_size=35), ENABLED, SECOND_FACTORS, LINKS, BY_API)
def test_updates_cover_everything_once(
    groups: list[str], enabled: bool, mfa: list[str], identities: str, by_api: bool
) -> None:
    message = somebody(groups, enabled, mfa, identities)
    updates = updates_for(message, "the-username", by_api)
    assert Counter(name for update in updates for name in update["groups"]) == Counter(groups)
    assert sum(update["disable"] for update in updates) == (0 if enabled else 1)
    assert [update["number"] for update in updates] == list(range(len(updates)))
    assert all(len(update["groups"]) <= GROUPS_IN_AN_UPDATE for update in updates)
    wanted = ("groups", "disable", "mfa", "links")
    assert all(any(update[name] for name in wanted) for update in updates)
    assert {update["username"] for update in updates} <= {"the-username"}
    # Links and second factors come with the first message, and an import job's row has carried the latter.
    assert [update["links"] for update in updates if update["links"]] == [
        links for links in [linked_identities(message.user())] if links
    ]
    factors = [sorted(mfa)] if mfa and by_api else []
    assert [update["mfa"] for update in updates if update["mfa"]] == factors
    assert all(update["number"] == 0 for update in updates if update["links"] or update["mfa"])


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("by_api", [True, False])
def test_a_second_factor_is_an_update_only_where_no_row_has_carried_it(factor: str, by_api: bool) -> None:
    updates = updates_for(somebody([], True, [factor]), "ann", by_api)
    if not by_api:
        assert updates == []
    else:
        (update,) = updates
        assert (update["mfa"], update["preferred_mfa"], update["groups"]) == ([factor], factor, [])


@given(st.lists(GROUP_NAMES, unique=True, max_size=35), st.randoms(), ENABLED, SECOND_FACTORS, LINKS)
def test_the_same_user_always_needs_the_same_updates(
    groups: list[str], chance: Any, enabled: bool, mfa: list[str], identities: str
) -> None:
    mixed = list(groups)
    chance.shuffle(mixed)
    one, other = somebody(mixed, enabled, mfa, identities), somebody(groups, enabled, mfa, identities)
    assert updates_for(one, "u", by_api=True) == updates_for(other, "u", by_api=True)


@given(st.lists(GROUP_NAMES, unique=True, max_size=12), ENABLED, SECOND_FACTORS, LINKS, BY_API)
def test_an_update_comes_through_its_message(
    groups: list[str], enabled: bool, mfa: list[str], identities: str, by_api: bool
) -> None:
    for update in updates_for(somebody(groups, enabled, mfa, identities), "ann", by_api):
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
