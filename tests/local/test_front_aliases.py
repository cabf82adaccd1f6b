"""Aliases stay one user's, and verified flags follow what Cognito does."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from tests.local.front_stack import FrontStack

pytest_plugins = ["tests.local.front_stack"]

VERIFIED = {"email": "a@example.com", "email_verified": "true"}


def code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return error.value.response["Error"]["Code"]


def update(front: FrontStack, pool: str, username: str, **attributes: str) -> None:
    changes: Any = [{"Name": name, "Value": value} for name, value in attributes.items()]
    front.client().admin_update_user_attributes(UserPoolId=pool, Username=username, UserAttributes=changes)


def test_a_verified_alias_is_one_users(front: FrontStack) -> None:
    pool = front.pool(AliasAttributes=["email"])
    front.user(pool, "ana", **VERIFIED)
    with pytest.raises(ClientError) as caught:
        front.user(pool, "ben", **VERIFIED)
    assert code(caught) == "AliasExistsException"
    front.user(pool, "cai", email="a@example.com")  # unverified, it is no alias
    with pytest.raises(ClientError) as caught:
        update(front, pool, "cai", email_verified="true")
    assert code(caught) == "AliasExistsException"
    update(front, pool, "ana", email="other@example.com", email_verified="true")
    update(front, pool, "cai", email_verified="true")


def test_creating_a_user_again_is_an_existing_username_before_an_existing_alias(front: FrontStack) -> None:
    pool = front.pool(AliasAttributes=["email"])
    front.user(pool, "ana", **VERIFIED)
    with pytest.raises(ClientError) as caught:
        front.user(pool, "ana", **VERIFIED)
    assert code(caught) == "UsernameExistsException"


@pytest.mark.parametrize("settings", [{"AliasAttributes": ["email"]}, {"UsernameAttributes": ["email"]}, {}])
def test_of_simultaneous_calls_one_creates_the_user(front: FrontStack, settings: dict[str, Any]) -> None:
    pool = front.pool(**settings)

    def create(number: int) -> str:
        username = f"user-{number}" if "AliasAttributes" in settings else "a@example.com"
        try:
            front.user(pool, username, **VERIFIED)
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return "created"

    refused = "AliasExistsException" if "AliasAttributes" in settings else "UsernameExistsException"
    with ThreadPoolExecutor(8) as workers:
        outcomes = sorted(workers.map(create, range(16)))
    assert outcomes == sorted([refused] * 15 + ["created"])
    assert len(front.client().list_users(UserPoolId=pool)["Users"]) == 1


def test_an_alias_written_before_the_front_started_is_known(front: FrontStack) -> None:
    pool = front.pool(AliasAttributes=["preferred_username"])
    direct = front.client(endpoint=front.upstream_url)
    direct.admin_create_user(
        UserPoolId=pool, Username="ana", UserAttributes=[{"Name": "preferred_username", "Value": "annie"}]
    )
    with pytest.raises(ClientError) as caught:
        front.user(pool, "ben", preferred_username="annie")
    assert code(caught) == "AliasExistsException"


def test_an_alias_can_be_taken_by_force(front: FrontStack) -> None:
    pool = front.pool(AliasAttributes=["email"])
    front.user(pool, "ana", **VERIFIED)
    front.client().admin_create_user(
        UserPoolId=pool,
        Username="ben",
        ForceAliasCreation=True,
        UserAttributes=[{"Name": name, "Value": value} for name, value in VERIFIED.items()],
    )
    assert front.attributes(pool, "ana")["email_verified"] == "false"
    assert front.client().admin_get_user(UserPoolId=pool, Username="a@example.com")["Username"] == "ben"


def test_an_address_that_is_a_username_is_one_users_even_unverified(front: FrontStack) -> None:
    pool = front.pool(UsernameAttributes=["email", "phone_number"])
    front.user(pool, "a@example.com", phone_number="+4930123456")
    for username, attributes in (
        ("a@example.com", {}),
        ("b@example.com", {"phone_number": "+4930123456"}),
        ("+4930999999", {"email": "a@example.com"}),
    ):
        with pytest.raises(ClientError) as caught:
            front.user(pool, username, **attributes)
        assert code(caught) == "UsernameExistsException"


def test_an_address_that_is_a_username_cannot_be_given_to_another(front: FrontStack) -> None:
    pool = front.pool(UsernameAttributes=["email"])
    front.user(pool, "a@example.com")
    front.user(pool, "b@example.com")
    with pytest.raises(ClientError) as caught:
        update(front, pool, "b@example.com", email="a@example.com")
    assert code(caught) == "AliasExistsException"
    update(front, pool, "b@example.com", email="c@example.com")


@pytest.mark.parametrize(
    ("alias", "username"), [("email", "ana@example.com"), ("phone_number", "+4930123456")]
)
def test_a_username_must_not_look_like_an_alias(front: FrontStack, alias: Any, username: str) -> None:
    with pytest.raises(ClientError) as caught:
        front.user(front.pool(AliasAttributes=[alias]), username)
    assert code(caught) == "InvalidParameterException"


def test_changing_an_address_makes_it_unverified(front: FrontStack) -> None:
    pool = front.pool()
    front.user(pool, "ana", **VERIFIED)
    update(front, pool, "ana", email="a@example.com", name="Ana")
    assert front.attributes(pool, "ana")["email_verified"] == "true"
    update(front, pool, "ana", email="new@example.com")
    assert front.attributes(pool, "ana")["email_verified"] == "false"
    update(front, pool, "ana", email="newer@example.com", email_verified="true")
    assert front.attributes(pool, "ana")["email_verified"] == "true"


def test_confirming_a_sign_up_verifies_the_address_and_takes_the_alias(front: FrontStack) -> None:
    pool = front.pool(AliasAttributes=["email"])
    app = front.app_client(pool)
    cognito = front.client()
    for username in ("ana", "ben"):
        cognito.sign_up(
            ClientId=app,
            Username=username,
            Password="Correct-horse-1",
            UserAttributes=[{"Name": "email", "Value": "a@example.com"}],
        )
    cognito.confirm_sign_up(ClientId=app, Username="ana", ConfirmationCode="123456")
    assert front.attributes(pool, "ana")["email_verified"] == "true"
    cognito.forgot_password(ClientId=app, Username="ana")
    with pytest.raises(ClientError) as caught:
        cognito.confirm_sign_up(ClientId=app, Username="ben", ConfirmationCode="123456")
    assert code(caught) == "AliasExistsException"
    cognito.confirm_sign_up(ClientId=app, Username="ben", ConfirmationCode="123456", ForceAliasCreation=True)
    assert front.attributes(pool, "ana")["email_verified"] == "false"
    assert front.attributes(pool, "ben")["email_verified"] == "true"
