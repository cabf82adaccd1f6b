"""Reading and writing a user pool."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from lifeboat.cognito.configuration import Part, document_of
from lifeboat.cognito.pool import PoolFacts
from lifeboat.cognito.reader import PoolReader
from lifeboat.errors import (
    AliasExists,
    CognitoRefused,
    CognitoThrottled,
    CognitoUnavailable,
    GroupExists,
    ResourceNotFound,
    UserExists,
)
from lifeboat.model import Group, User, instant
from tests.adapters.pools import SHARD, UNLIMITED, Pool, asked_of, failing

NAMES = ['quo"te', "back\\slash", 'both\\"', "Ó Briain", "李", "comma, slash/ #1"]


def refusal(code: str, operation: str = "ListUsers") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "why"}}, operation)


# -- reading ------------------------------------------------------------------------------------


def test_a_listing_runs_over_all_its_pages(pool: Pool) -> None:
    subs = {pool.add(f"user-{number}") for number in range(133)}
    assert {user.sub for user in pool.reader().users()} == subs


def test_empty_pages_with_a_token_are_not_the_end(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a Cognito that gives an empty page, then one user a page
    pool.add("ann")
    pool.add("bob")
    entries = pool.client.list_users(UserPoolId=pool.pool_id)["Users"]
    pages: dict[str | None, Any] = {
        None: {"Users": [], "PaginationToken": "1"},
        "1": {"Users": entries[:1], "PaginationToken": "2"},
        "2": {"PaginationToken": "3"},
        "3": {"Users": entries[1:]},
    }
    monkeypatch.setattr(
        pool.client,
        "list_users",
        lambda PaginationToken=None, **_: pages[PaginationToken],  # noqa: N803
    )
    assert [user.username for user in pool.reader().users()] == ["ann", "bob"]


def test_somebody_behind_an_empty_page_is_there(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a Cognito whose first page is empty although more follows
    pool.add("ann")
    entries = pool.client.list_users(UserPoolId=pool.pool_id)["Users"]
    pages: dict[str | None, Any] = {None: {"Users": [], "PaginationToken": "1"}, "1": {"Users": entries}}
    monkeypatch.setattr(
        pool.client,
        "list_users",
        lambda PaginationToken=None, **_: pages[PaginationToken],  # noqa: N803
    )
    # Then nobody takes ann for gone, and nobody takes the pool for empty
    found = pool.reader().user_where("username", "ann")
    assert found is not None
    assert found.username == "ann"
    assert next(pool.reader().users(limit=1)) == found


def test_a_prefix_lists_the_subs_that_begin_with_it(pool: Pool) -> None:
    sub = pool.add("ann")
    assert [user.sub for user in pool.reader().users(SHARD)] == [sub]
    assert list(pool.reader().users("0")) == []


def test_a_limit_asks_for_no_more_than_is_taken(pool: Pool) -> None:
    for number in range(3):
        pool.add(f"user-{number}")
    asked = asked_of(pool.client, "ListUsers")
    assert next(pool.reader().users(limit=1), None) is not None
    assert [each["Limit"] for each in asked] == [1]


def test_a_user_is_read_whole(pool: Pool) -> None:
    attributes = {"email": "ann@example.com", "email_verified": "true", "custom:empty": ""}
    sub = pool.add("ann", attributes, status="RESET_REQUIRED", enabled=False)
    inside = pool.inside.users["ann"]
    assert list(pool.reader().users()) == [
        User(
            sub=sub,
            username="ann",
            attributes={**attributes, "sub": sub},
            enabled=False,
            status="RESET_REQUIRED",
            created_at=instant(inside.create_date),
            modified_at=instant(inside.last_modified_date),
        )
    ]


@pytest.mark.parametrize("name", NAMES)
def test_a_user_is_found_whatever_its_name_contains(pool: Pool, name: str) -> None:
    for other in NAMES:
        pool.add(other, {"email": f"{other}@example.com"})
    found = pool.reader().user_where("username", name)
    assert found is not None
    assert found.username == name
    assert pool.reader().user_where("sub", found.sub) == found
    assert pool.reader().user_where("email", f"{name}@example.com") == found


def test_nobody_is_found_by_part_of_a_name(pool: Pool) -> None:
    pool.add("annabel")
    assert pool.reader().user_where("username", "anna") is None


def test_quotation_marks_in_a_filter_are_escaped(pool: Pool) -> None:
    asked = asked_of(pool.client, "ListUsers")
    pool.reader().user_where("username", 'a\\"b')
    assert [each["Filter"] for each in asked] == ['username = "a\\\\\\"b"']


def test_groups_are_read_over_all_their_pages(pool: Pool) -> None:
    for number in range(70):
        pool.add_group(f"group-{number}")
    pool.add_group("full", Description="Ó, “x”", Precedence=0, RoleArn="arn:aws:iam::123456789012:role/x")
    groups = pool.groups()
    assert len(groups) == 71
    assert groups["full"] == Group("full", "Ó, “x”", 0, "arn:aws:iam::123456789012:role/x")
    assert groups["group-0"].precedence is None
    assert pool.reader().group_exists("full")
    assert not pool.reader().group_exists("fuller")


def test_members_are_read_over_all_their_pages(pool: Pool) -> None:
    pool.add_group("staff")
    pool.add_group("nobody")
    subs = {pool.add(f"user-{number}", groups=["staff"]) for number in range(65)}
    pool.add("outsider")
    assert {user.sub for user in pool.reader().members("staff")} == subs
    assert list(pool.reader().members("nobody")) == []


def test_what_is_not_there_is_not_found(pool: Pool) -> None:
    with pytest.raises(ResourceNotFound, match="ListUsersInGroup"):
        list(pool.reader().members("gone"))
    elsewhere = PoolReader(pool.client, "eu-west-1_Nowhere", UNLIMITED)
    for read in (elsewhere.describe, lambda: list(elsewhere.users()), lambda: list(elsewhere.groups())):
        with pytest.raises(ResourceNotFound):
            read()


def test_a_listing_that_breaks_off_says_so(pool: Pool) -> None:
    for number in range(130):
        pool.add(f"user-{number}")
    for error, kind in [
        (refusal("TooManyRequestsException"), CognitoThrottled),
        (refusal("InternalErrorException"), CognitoUnavailable),
        (EndpointConnectionError(endpoint_url="https://x"), CognitoUnavailable),
    ]:
        with failing(pool.client, "ListUsers", error, call=2), pytest.raises(kind):
            list(pool.reader().users())


def test_the_facts_and_the_configuration_of_a_real_description(make_pool: Callable[..., Pool]) -> None:
    pool = make_pool(
        UsernameAttributes=["email"],
        UsernameConfiguration={"CaseSensitive": False},
        Policies={"PasswordPolicy": {"MinimumLength": 40}},
        Schema=[{"Name": "team", "AttributeDataType": "String", "Mutable": True}],
    )
    description = pool.reader().describe()
    facts = PoolFacts.of(description)
    assert (facts.username_attributes, facts.case_sensitive, facts.password_length) == (("email",), False, 40)
    assert facts.schema["custom:team"]["AttributeDataType"] == "String"
    again = pool.reader().describe()
    assert document_of(Part.CONFIG, again) == document_of(Part.CONFIG, description)


# -- writing ------------------------------------------------------------------------------------


def test_a_user_is_created_without_a_message(pool: Pool) -> None:
    asked = asked_of(pool.client, "AdminCreateUser")
    created = pool.writer().create_user("ann", {"email": "ann@example.com", "custom:a": ""})
    assert (created.username, created.status, created.enabled) == ("ann", "FORCE_CHANGE_PASSWORD", True)
    assert created.attributes == {"email": "ann@example.com", "custom:a": "", "sub": created.sub}
    assert [(each["MessageAction"], each["ForceAliasCreation"]) for each in asked] == [("SUPPRESS", False)]


def test_a_username_that_is_taken_is_said_to_be(pool: Pool) -> None:
    pool.add("ann")
    with pytest.raises(UserExists):
        pool.writer().create_user("ann", {})
    taken = refusal("AliasExistsException", "AdminCreateUser")
    with failing(pool.client, "AdminCreateUser", taken), pytest.raises(AliasExists):
        pool.writer().create_user("bob", {})


def test_a_permanent_password_confirms(pool: Pool) -> None:
    facts = PoolFacts.of(pool.reader().describe())
    created = pool.writer().create_user("ann", {})
    password = facts.random_password()
    pool.writer().set_password("ann", password)
    assert pool.users()["ann"].status == "CONFIRMED"
    assert pool.password_of("ann") == password
    assert pool.users()["ann"].sub == created.sub


def test_a_password_against_the_policy_is_refused(pool: Pool) -> None:
    pool.add("ann")
    with pytest.raises(CognitoRefused) as caught:
        pool.writer().set_password("ann", "short")
    assert caught.value.code == "InvalidPasswordException"


def test_joining_a_group_and_being_disabled_may_be_repeated(pool: Pool) -> None:
    pool.add("ann")
    pool.add_group("staff")
    for _ in range(2):
        pool.writer().add_to_group("ann", "staff")
        pool.writer().disable("ann")
    assert [user.username for user in pool.reader().members("staff")] == ["ann"]
    assert not pool.users()["ann"].enabled


def test_nobody_and_nothing_cannot_be_joined(pool: Pool) -> None:
    pool.add("ann")
    pool.add_group("staff")
    for username, group in (("gone", "staff"), ("ann", "gone")):
        with pytest.raises(ResourceNotFound):
            pool.writer().add_to_group(username, group)


def test_a_group_is_created_and_updated(pool: Pool) -> None:
    group = Group("staff", "Who works here", 0, "arn:aws:iam::123456789012:role/x")
    pool.writer().create_group(group)
    assert pool.groups() == {"staff": group}
    with pytest.raises(GroupExists):
        pool.writer().create_group(group)
    other = Group("staff", "", 5, "arn:aws:iam::123456789012:role/y")
    pool.writer().update_group(other)
    assert pool.groups() == {"staff": other}
