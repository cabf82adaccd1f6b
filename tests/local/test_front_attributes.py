"""Attributes through the front: deleting them, by name and by a blank value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from local.people import PASSWORD

if TYPE_CHECKING:
    from tests.local.front_stack import FrontStack

pytest_plugins = ["tests.local.front_stack"]

SCHEMA: list[dict[str, Any]] = [
    {"Name": "name", "Required": True, "Mutable": True},
    {"Name": "plan", "AttributeDataType": "String", "Mutable": True},
    {"Name": "born", "AttributeDataType": "String", "Mutable": False},
]
VERA = {"name": "Vera", "nickname": "V", "custom__plan": "gold", "custom__born": "1990"}
REACHED = {"email": "vera@example.com", "email_verified": "true"}


@pytest.fixture
def pool(front: FrontStack) -> str:
    """Return a pool with a user, vera, who has VERA and REACHED."""
    pool_id = front.pool(Schema=SCHEMA)
    front.user(pool_id, "vera", **VERA, **REACHED)
    return pool_id


def delete(front: FrontStack, pool: str, *names: str, username: str = "vera") -> None:
    front.client().admin_delete_user_attributes(
        UserPoolId=pool, Username=username, UserAttributeNames=list(names)
    )


def blank(front: FrontStack, pool: str, *names: str, username: str = "vera") -> None:
    pairs: Any = [{"Name": name, "Value": ""} for name in names]
    front.client().admin_update_user_attributes(UserPoolId=pool, Username=username, UserAttributes=pairs)


def token_of(front: FrontStack, pool: str) -> str:
    client = front.app_client(
        pool, ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    )
    front.client().admin_set_user_password(
        UserPoolId=pool, Username="vera", Password=PASSWORD, Permanent=True
    )
    signed_in = front.client().initiate_auth(
        ClientId=client,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "vera", "PASSWORD": PASSWORD},
    )
    return signed_in["AuthenticationResult"]["AccessToken"]


BOTH_WAYS = pytest.mark.parametrize("remove", [delete, blank])


@BOTH_WAYS
def test_what_is_deleted_is_gone_and_the_rest_is_there(front: FrontStack, pool: str, remove: Any) -> None:
    before = front.attributes(pool, "vera")
    remove(front, pool, "nickname", "custom:plan")
    left = front.attributes(pool, "vera")
    assert left == {name: before[name] for name in before if name not in ("nickname", "custom:plan")}
    (listed,) = front.client().list_users(UserPoolId=pool)["Users"]
    assert {pair["Name"] for pair in listed["Attributes"]} == set(left)


@BOTH_WAYS
def test_the_flag_of_an_address_goes_with_the_address(front: FrontStack, pool: str, remove: Any) -> None:
    remove(front, pool, "email")
    assert not {"email", "email_verified"} & front.attributes(pool, "vera").keys()


def test_an_attribute_that_is_not_there_can_be_deleted_twice(front: FrontStack, pool: str) -> None:
    delete(front, pool, "nickname")
    before = front.attributes(pool, "vera")
    delete(front, pool, "nickname", "family_name")
    assert front.attributes(pool, "vera") == before


def test_users_delete_attributes_of_their_own(front: FrontStack, pool: str) -> None:
    token, cognito = token_of(front, pool), front.client()
    cognito.delete_user_attributes(AccessToken=token, UserAttributeNames=["nickname"])
    cognito.update_user_attributes(AccessToken=token, UserAttributes=[{"Name": "custom:plan", "Value": ""}])
    assert not {"nickname", "custom:plan"} & front.attributes(pool, "vera").keys()
    assert front.attributes(pool, "vera")["name"] == "Vera"


def test_a_token_that_is_none_deletes_nothing(front: FrontStack, pool: str) -> None:
    cognito = front.client()
    with pytest.raises(cognito.exceptions.NotAuthorizedException):
        cognito.delete_user_attributes(AccessToken="a.b.c", UserAttributeNames=["nickname"])
    assert front.attributes(pool, "vera")["nickname"] == "V"


@BOTH_WAYS
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("name", "user.name: Required attribute cannot be deleted."),
        ("custom:born", "custom:born: Attribute cannot be updated."),
        ("custom:none", "custom:none: Attribute does not exist in the schema."),
        ("sub", "Cannot modify the non-mutable attribute sub"),
        ("identities", "Cannot modify the non-mutable attribute identities"),
    ],
)
def test_what_cognito_does_not_delete_and_then_nothing_else(
    front: FrontStack, pool: str, remove: Any, name: str, words: str
) -> None:
    before = front.attributes(pool, "vera")
    with pytest.raises(front.client().exceptions.InvalidParameterException, match="(?s)" + words):
        remove(front, pool, "nickname", name)
    assert front.attributes(pool, "vera") == before


def test_who_is_not_there_and_what_pool_is_not(front: FrontStack, pool: str) -> None:
    cognito = front.client()
    with pytest.raises(cognito.exceptions.UserNotFoundException):
        delete(front, pool, "nickname", username="nobody")
    with pytest.raises(cognito.exceptions.ResourceNotFoundException):
        delete(front, "us-east-1_absent000", "nickname")


def test_the_names_must_be_given(front: FrontStack, pool: str) -> None:
    status, _, answer = front.http(
        "POST",
        "/",
        {"UserPoolId": pool, "Username": "vera"},
        {"X-Amz-Target": "AWSCognitoIdentityProviderService.AdminDeleteUserAttributes"},
    )
    assert (status, answer["__type"]) == (400, "InvalidParameterException")
    assert "userAttributeNames" in answer["message"]


def test_ministack_itself_has_no_way_to_delete_them() -> None:
    """Once it has, the patch of `_dispatch_idp` is to go."""
    from ministack.services import cognito  # noqa: PLC0415 - an import with side effects

    assert not hasattr(cognito, "_admin_delete_user_attributes")
    assert not hasattr(cognito, "_delete_user_attributes")
