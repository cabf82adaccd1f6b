"""The population is varied, repeatable, within Cognito's rules, and gets into a pool whole."""

import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import boto3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moto import mock_aws

from local.people import GROUPS_PER_USER, POOL_SCHEMA, Population, create_pool, fill, population
from local.phrasebook import AWKWARD

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

populations = st.builds(
    lambda users, groups, share, seed: population(
        users, groups, int(users * min(groups, GROUPS_PER_USER) * share), seed
    ),
    st.integers(0, 60),
    st.integers(0, 120),
    st.floats(0, 1),
    st.integers(0, 2**32),
)


@pytest.fixture
def cognito() -> Iterator["CognitoIdentityProviderClient"]:
    with mock_aws():
        yield boto3.client(
            "cognito-idp", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
        )


def named_as_cognito_allows(name: str) -> bool:
    """Whether a name matches `[\\p{L}\\p{M}\\p{S}\\p{N}\\p{P}]+`, 1 to 128 characters."""
    return 1 <= len(name) <= 128 and {unicodedata.category(char)[0] for char in name} <= set("LMSNP")


@given(st.integers())
def test_a_seed_always_gives_the_same_people(seed: int) -> None:
    assert population(20, 5, 30, seed) == population(20, 5, 30, seed)


def test_seeds_differ() -> None:
    assert population(20, 5, 30, 1) != population(20, 5, 30, 2)


@settings(max_examples=50, deadline=None)
@given(populations)
def test_every_population_keeps_to_the_rules_of_cognito(these: Population) -> None:
    usernames = {person.username.casefold() for person in these.people}
    assert len(usernames) == len(these.people)
    assert all(named_as_cognito_allows(person.username) for person in these.people)
    names = {group.name for group in these.groups}
    assert len(names) == len(these.groups)
    assert all(named_as_cognito_allows(name) for name in names)
    for person in these.people:
        assert len(set(person.groups)) == len(person.groups) <= GROUPS_PER_USER
        assert set(person.groups) <= names
        assert "sub" not in person.attributes
        assert all(len(value.encode()) <= 2048 for value in person.attributes.values())
        if person.status == "UNCONFIRMED":
            assert not any(name.endswith("_verified") for name in person.attributes)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 60), st.integers(1, 120), st.data())
def test_there_are_exactly_as_many_memberships_as_asked_for(
    users: int, groups: int, data: st.DataObject
) -> None:
    wanted = data.draw(st.integers(0, users * min(groups, GROUPS_PER_USER)))
    assert population(users, groups, wanted, 7).memberships == wanted


def test_more_memberships_than_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="at most 6 memberships, not 7"):
        population(2, 3, 7, 1)


def test_forty_people_have_every_kind_among_them() -> None:
    these = population(40, 10, 60, 1)
    statuses = Counter(person.status for person in these.people)
    assert set(statuses) == {"CONFIRMED", "UNCONFIRMED", "FORCE_CHANGE_PASSWORD", "RESET_REQUIRED"}
    assert {person.enabled for person in these.people} == {True, False}
    assert {person.attributes.get("email_verified") for person in these.people} == {"true", "false", None}
    assert any("email" not in person.attributes for person in these.people)
    assert any("phone_number" in person.attributes for person in these.people)
    assert {person.attributes.get("custom:note") for person in these.people} >= set(AWKWARD)
    assert {group.precedence for group in these.groups} >= {0, None}


def test_a_filled_pool_holds_everybody(cognito: "CognitoIdentityProviderClient") -> None:
    these = population(40, 10, 60, 1)
    pool_id = create_pool(cognito, "people")
    steps: list[int] = []

    fill(cognito, pool_id, these, progress=steps.append)

    assert sum(steps) == 50
    found = {
        user["Username"]: user
        for page in cognito.get_paginator("list_users").paginate(UserPoolId=pool_id)
        for user in page["Users"]
    }
    assert len(found) == 40
    for person in these.people:
        user = found[person.username]
        attributes = {pair["Name"]: pair["Value"] for pair in user["Attributes"] if pair["Name"] != "sub"}
        assert attributes == person.attributes
        assert (user["UserStatus"], user["Enabled"]) == (person.status, person.enabled)
        groups = cognito.admin_list_groups_for_user(UserPoolId=pool_id, Username=person.username)["Groups"]
        assert {group["GroupName"] for group in groups} == set(person.groups)


def test_groups_have_only_what_they_were_given(cognito: "CognitoIdentityProviderClient") -> None:
    these = population(0, 10, 0, 1)
    pool_id = create_pool(cognito, "people")

    fill(cognito, pool_id, these)

    found = {
        group["GroupName"]: (group.get("Description") or None, group.get("Precedence"))
        for group in cognito.list_groups(UserPoolId=pool_id)["Groups"]
    }
    assert found == {group.name: (group.description, group.precedence) for group in these.groups}


def test_filling_leaves_no_app_client_behind(cognito: "CognitoIdentityProviderClient") -> None:
    pool_id = create_pool(cognito, "people")
    fill(cognito, pool_id, population(3, 1, 1, 1))
    assert cognito.list_user_pool_clients(UserPoolId=pool_id)["UserPoolClients"] == []


def test_a_refusal_is_raised_and_leaves_no_app_client_behind(
    cognito: "CognitoIdentityProviderClient",
) -> None:
    these = population(3, 1, 1, 1)
    twice = replace(these, people=these.people + these.people)
    pool_id = create_pool(cognito, "people")
    with pytest.raises(cognito.exceptions.UsernameExistsException):
        fill(cognito, pool_id, twice)
    assert cognito.list_user_pool_clients(UserPoolId=pool_id)["UserPoolClients"] == []


def test_a_pool_has_the_attributes_that_people_have(cognito: "CognitoIdentityProviderClient") -> None:
    pool_id = create_pool(cognito, "people")
    schema = cognito.describe_user_pool(UserPoolId=pool_id)["UserPool"]["SchemaAttributes"]
    assert {f"custom:{attribute['Name']}" for attribute in POOL_SCHEMA["Schema"]} <= {
        attribute["Name"] for attribute in schema
    }
