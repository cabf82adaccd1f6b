"""The names that users of the backup are found by: as keys of items, and by the rules of pools."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeboat.cognito.pool import PoolFacts
from lifeboat.model import Status
from lifeboat.restore.on_demand.known import answers_to, kind_of
from lifeboat.sign_in import LONGEST, SIGN_IN_KEYS, sign_in_key, sign_in_keys
from lifeboat.store.items import Change, draft_user, history_item, user_from
from tests.unit.examples import AT, BY_EMAIL, BY_NAME, EARLIER, TEXT, USER, USERS

BY_ALIAS = replace(BY_NAME, alias_attributes=("email", "phone_number"), case_sensitive=False)
ANN = replace(
    USER, username="Ann", attributes={"sub": USER.sub, "email": "Ann@Example.com", "phone_number": "+441"}
)
VERIFIED = replace(ANN, attributes={**ANN.attributes, "email_verified": "true"})


def test_a_user_lies_under_all_its_names_in_lower_case() -> None:
    assert sign_in_keys(ANN) == {
        "username_key": "ann",
        "email_key": "ann@example.com",
        "phone_key": "+441",
    }
    item = draft_user(ANN).item(AT, Change.ADDED)
    assert {name: item[name] for name in SIGN_IN_KEYS} == sign_in_keys(ANN)


def test_a_made_up_username_and_a_federated_user_lie_under_none() -> None:
    assert "username_key" not in sign_in_keys(replace(ANN, username=ANN.sub))
    assert sign_in_keys(replace(ANN, status=Status.EXTERNAL_PROVIDER)) == {}


@pytest.mark.parametrize("name", ["", "x" * (LONGEST + 1), "\ud800", "İ" * (LONGEST // 2)])
def test_what_no_index_takes_is_no_key(name: str) -> None:
    assert sign_in_key(name) is None


@given(USERS)
def test_an_earlier_version_is_in_no_index_and_still_whole(user: object) -> None:
    assert isinstance(user, type(USER))
    item = draft_user(user).item(EARLIER, Change.ADDED)
    before = dict(item)
    earlier = history_item(item, AT, 35)
    assert not earlier.keys() & {*SIGN_IN_KEYS, "identity"}
    assert user_from(earlier) == user_from(item) == user
    assert item == before


@given(TEXT)
def test_names_that_differ_in_case_alone_have_one_key(name: str) -> None:
    assert sign_in_key(name) == sign_in_key(name.lower())


@pytest.mark.parametrize(
    ("name", "facts", "kind"),
    [
        ("ann", BY_NAME, "username"),
        ("ann@example.com", BY_NAME, "username"),
        ("+441", BY_NAME, "username"),
        ("ann", BY_ALIAS, "username"),
        ("ann@example.com", BY_ALIAS, "email"),
        ("+441", BY_ALIAS, "phone_number"),
        ("+ann", BY_ALIAS, "username"),
        ("ann@example.com", BY_EMAIL, "email"),
        ("+441", BY_EMAIL, "phone_number"),
        (USER.sub, BY_EMAIL, None),
        ("+441", replace(BY_EMAIL, username_attributes=("email",)), None),
    ],
)
def test_one_look_at_a_name_says_what_it_is(name: str, facts: PoolFacts, kind: str | None) -> None:
    assert kind_of(name, facts) == kind


@pytest.mark.parametrize(
    ("facts", "name", "unverified", "verified"),
    [
        (BY_NAME, "Ann", True, True),
        (BY_NAME, "ann", False, False),
        (BY_ALIAS, "ann", True, True),
        (BY_ALIAS, "ann@example.com", False, True),
        (BY_EMAIL, "ann@example.com", True, True),
        (BY_EMAIL, "+441", False, False),
    ],
)
def test_the_pools_rules_decide_who_a_name_is(
    facts: PoolFacts, name: str, unverified: bool, verified: bool
) -> None:
    kind = kind_of(name, facts)
    assert kind is not None
    assert answers_to(ANN, kind, name, facts) is unverified
    assert answers_to(VERIFIED, kind, name, facts) is verified
    assert not answers_to(replace(VERIFIED, status=Status.EXTERNAL_PROVIDER), kind, name, facts)


@given(st.sampled_from([BY_NAME, BY_ALIAS, BY_EMAIL]), TEXT)
def test_a_pool_that_tells_cases_apart_takes_nobody_for_another(facts: PoolFacts, name: str) -> None:
    strict = replace(facts, case_sensitive=True)
    kind = kind_of(name, strict)
    if kind is not None and answers_to(VERIFIED, kind, name, strict):
        assert name in (VERIFIED.username, *VERIFIED.attributes.values())
