"""The comparison that judges a restore sees every kind of loss, and sees none where there is none."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

from local.comparison import Group, Snapshot, User, differences, snapshot
from local.people import create_pool, fill, population

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

ANN = User({"email": "ann@example.com", "custom:note": ""}, enabled=True, status="CONFIRMED")
POOL = Snapshot({"ann": ANN}, {"crew": Group("", 0, "")}, frozenset({("ann", "crew")}))
NOTHING: dict[str, list[str]] = {"users": [], "groups": [], "memberships": []}


@pytest.fixture
def cognito() -> Iterator["CognitoIdentityProviderClient"]:
    with mock_aws():
        yield boto3.client(
            "cognito-idp", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
        )


def test_a_pool_equals_itself() -> None:
    assert differences(POOL, POOL) == NOTHING


@pytest.mark.parametrize(
    ("restored", "difference"),
    [
        (replace(ANN, attributes={"email": "ann@example.com"}), "custom:note"),
        (replace(ANN, attributes={**ANN.attributes, "locale": "en"}), "locale"),
        (replace(ANN, enabled=False), "enabled"),
        (replace(ANN, status="FORCE_CHANGE_PASSWORD"), "status FORCE_CHANGE_PASSWORD after CONFIRMED"),
        (replace(ANN, status="UNCONFIRMED"), "status UNCONFIRMED after CONFIRMED"),
    ],
)
def test_a_user_who_came_back_otherwise_is_named_with_the_field(restored: User, difference: str) -> None:
    found = differences(POOL, replace(POOL, users={"ann": restored}))
    assert found == {**NOTHING, "users": [f"user 'ann': {difference}"]}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("UNCONFIRMED", "FORCE_CHANGE_PASSWORD"),
        ("RESET_REQUIRED", "CONFIRMED"),
        ("RESET_REQUIRED", "RESET_REQUIRED"),
        ("CONFIRMED", "RESET_REQUIRED"),
        ("FORCE_CHANGE_PASSWORD", "FORCE_CHANGE_PASSWORD"),
    ],
)
def test_a_status_that_no_api_brings_back_is_no_difference(before: str, after: str) -> None:
    source, restored = (replace(POOL, users={"ann": replace(ANN, status=it)}) for it in (before, after))
    assert differences(source, restored) == NOTHING


@pytest.mark.parametrize(
    ("verified", "let_in"),
    [
        ({"email_verified": "true"}, True),
        ({"phone_number": "+441632960000", "phone_number_verified": "true"}, True),
        ({"email_verified": "false"}, False),
        ({"phone_number_verified": "true"}, False),
        ({}, False),
    ],
)
def test_an_invited_user_must_be_let_in_exactly_where_an_address_is_verified(
    verified: dict[str, str], let_in: bool
) -> None:
    before = replace(ANN, attributes={**ANN.attributes, **verified}, status="FORCE_CHANGE_PASSWORD")
    for status in ("CONFIRMED", "RESET_REQUIRED", "FORCE_CHANGE_PASSWORD"):
        restored = replace(POOL, users={"ann": replace(before, status=status)})
        found = differences(replace(POOL, users={"ann": before}), restored)["users"]
        fine = let_in == (status != "FORCE_CHANGE_PASSWORD")
        assert found == ([] if fine else [f"user 'ann': status {status} after FORCE_CHANGE_PASSWORD"])


def test_nobody_who_never_confirmed_may_come_back_confirmed() -> None:
    before = replace(ANN, attributes={**ANN.attributes, "email_verified": "true"}, status="UNCONFIRMED")
    restored = replace(POOL, users={"ann": replace(before, status="RESET_REQUIRED")})
    assert differences(replace(POOL, users={"ann": before}), restored)["users"]


def test_what_is_lost_and_what_is_unexpected_are_told_apart() -> None:
    empty = Snapshot({}, {}, frozenset())
    assert differences(POOL, empty) == {
        "users": ["user 'ann': lost"],
        "groups": ["group 'crew': lost"],
        "memberships": ["membership 'ann' in 'crew': lost"],
    }
    assert differences(empty, POOL) == {
        "users": ["user 'ann': unexpected"],
        "groups": ["group 'crew': unexpected"],
        "memberships": ["membership 'ann' in 'crew': unexpected"],
    }


def test_an_absent_precedence_is_not_a_precedence_of_zero() -> None:
    (found,) = differences(POOL, replace(POOL, groups={"crew": Group("", None, "")}))["groups"]
    assert "precedence=None" in found
    assert "precedence=0" in found


def test_a_snapshot_has_every_page_of_a_pool(cognito: "CognitoIdentityProviderClient") -> None:
    these = population(130, 3, 150, 1)
    pool_id = create_pool(cognito, "people")
    fill(cognito, pool_id, these)
    listed: list[int] = []

    found = snapshot(cognito, pool_id, listed.append)

    assert found.counts() == {"users": 130, "groups": 3, "memberships": 150}
    assert sum(listed) == 280
    assert found.users == {
        person.username: User(person.attributes, person.enabled, person.status) for person in these.people
    }
    assert found.memberships == {(person.username, name) for person in these.people for name in person.groups}
