"""What Cognito refuses and ministack would let pass is refused by the front, in Cognito's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.local.front_stack import FrontStack

pytest_plugins = ["tests.local.front_stack"]

INVALID = "InvalidParameterException"
NOT_AUTHORIZED = "NotAuthorizedException"


def refusal(call: Callable[..., Any], **parameters: Any) -> tuple[str, str]:
    """Make a call that is to be refused; return the error's name and words."""
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


# --- password recovery


@pytest.mark.parametrize("operation", ["forgot_password", "admin_reset_user_password"])
@pytest.mark.parametrize(
    ("attributes", "confirmed", "enabled", "error"),
    [
        (
            {"email": "a@example.com", "email_verified": "true"},
            False,
            True,
            (NOT_AUTHORIZED, "User password cannot be reset in the current state."),
        ),
        (
            {"email": "a@example.com"},
            True,
            True,
            (
                INVALID,
                "Cannot reset password for the user as there is no registered/verified email or phone_number",
            ),
        ),
        (
            {"email": "a@example.com", "email_verified": "true"},
            True,
            False,
            (NOT_AUTHORIZED, "User is disabled."),
        ),
    ],
    ids=["temporary password", "unverified", "disabled"],
)
def test_a_password_that_cognito_would_not_reset(
    front: FrontStack,
    operation: str,
    attributes: dict[str, str],
    confirmed: bool,
    enabled: bool,
    error: tuple[str, str],
) -> None:
    pool = front.pool()
    app = front.app_client(pool)
    front.user(pool, "ana", **attributes)
    if confirmed:
        front.confirm(pool, "ana")
    if not enabled:
        front.client().admin_disable_user(UserPoolId=pool, Username="ana")
    place = {"ClientId": app} if operation == "forgot_password" else {"UserPoolId": pool}
    assert refusal(getattr(front.client(), operation), Username="ana", **place) == error
    assert front.control("GET", "messages") == {}


def test_a_verified_phone_number_is_enough_to_reset_a_password(front: FrontStack) -> None:
    pool = front.pool()
    front.user(pool, "ana", phone_number="+4930123456", phone_number_verified="true")
    front.confirm(pool, "ana")
    front.client().forgot_password(ClientId=front.app_client(pool), Username="ana")
    assert front.control("GET", "messages") == {"us-east-1": {"ForgotPassword": 1}}


def test_the_pools_recovery_setting_is_heeded(front: FrontStack) -> None:
    phone_only = {"RecoveryMechanisms": [{"Name": "verified_phone_number", "Priority": 1}]}
    nobody = {"RecoveryMechanisms": [{"Name": "admin_only", "Priority": 1}]}
    for setting, error in ((phone_only, INVALID), (nobody, NOT_AUTHORIZED)):
        pool = front.pool(AccountRecoverySetting=setting)
        app = front.app_client(pool)
        front.user(pool, "ana", email="a@example.com", email_verified="true")
        front.confirm(pool, "ana")
        assert refusal(front.client().forgot_password, ClientId=app, Username="ana")[0] == error


def test_a_client_that_hides_users_hides_that_a_password_cannot_be_reset(front: FrontStack) -> None:
    pool = front.pool()
    app = front.app_client(pool, PreventUserExistenceErrors="ENABLED")
    front.user(pool, "ana", email="a@example.com")
    front.confirm(pool, "ana")
    known = front.client().forgot_password(ClientId=app, Username="ana")
    unknown = front.client().forgot_password(ClientId=app, Username="nobody")
    assert known["CodeDeliveryDetails"] == unknown["CodeDeliveryDetails"]
    assert front.control("GET", "messages") == {}


def test_a_confirmed_user_gets_no_second_code(front: FrontStack) -> None:
    pool = front.pool()
    app = front.app_client(pool)
    front.user(pool, "ana", email="a@example.com")
    error = refusal(front.client().resend_confirmation_code, ClientId=app, Username="ana")
    assert error == (INVALID, "User is already confirmed.")


# --- listing


@pytest.mark.parametrize(
    "condition",
    [
        'custom:plan = "x"',
        'nickname = "x"',
        "name = x",
        'name = "x',
        'name != "x"',
        'name ^ "x"',
        'name = "x" and email = "y"',
        'name = "a"b"',
        '= "x"',
        "x",
        f'name = "{"x" * 250}"',
    ],
)
def test_a_filter_that_cognito_does_not_know(front: FrontStack, condition: str) -> None:
    pool = front.pool()
    front.user(pool, "ana")
    assert refusal(front.client().list_users, UserPoolId=pool, Filter=condition)[0] == INVALID


def test_filters_that_ministack_does_not_know(front: FrontStack) -> None:
    pool = front.pool()
    for name in ("ana", "ben", "cai"):
        front.user(pool, name, name=f'{name} "the\\one"')
    front.confirm(pool, "ben")

    def found(condition: str) -> list[str]:
        return [
            user["Username"] for user in front.client().list_users(UserPoolId=pool, Filter=condition)["Users"]
        ]

    assert found('cognito:user_status = "confirmed"') == ["ben"]
    assert found('"cognito:user_status" ^= "FORCE"') == ["ana", "cai"]
    assert found(r'name = "cai \"the\\one\""') == ["cai"]
    assert found(r'name ^= "A"') == ["ana"]
    pages = front.client().get_paginator("list_users")
    paged = pages.paginate(UserPoolId=pool, Filter=r'name ^= "\a"', PaginationConfig={"PageSize": 1})
    assert [user["Username"] for page in paged for user in page["Users"]] == ["ana"]


@pytest.mark.parametrize("limit", [61, -1])
@pytest.mark.parametrize(
    "operation", ["ListUsers", "ListGroups", "ListUsersInGroup", "AdminListGroupsForUser"]
)
def test_a_limit_out_of_range(front: FrontStack, operation: str, limit: int) -> None:
    pool = front.pool()
    body = {"UserPoolId": pool, "GroupName": "staff", "Username": "ana", "Limit": limit}
    target = {"X-Amz-Target": f"AWSCognitoIdentityProviderService.{operation}"}
    status, _, answer = front.http("POST", "/", body, target)
    rule = "less than or equal to 60" if limit > 0 else "greater than or equal to 0"
    assert (status, answer["__type"]) == (400, INVALID)
    assert answer["message"] == (
        f"1 validation error detected: Value '{limit}' at 'limit' failed to satisfy constraint: "
        f"Member must have value {rule}"
    )


def test_a_limit_of_0_is_the_default(front: FrontStack) -> None:
    pool = front.pool()
    front.user(pool, "ana")
    answer = front.client().list_users(UserPoolId=pool, Limit=0)
    assert len(answer["Users"]) == 1
    assert "PaginationToken" not in answer


def test_attributes_to_get_must_be_there(front: FrontStack) -> None:
    pool = front.pool()
    front.user(pool, "ana", email="a@example.com", name="Ana")
    (user,) = front.client().list_users(UserPoolId=pool, AttributesToGet=["name"])["Users"]
    assert user["Attributes"] == [{"Name": "name", "Value": "Ana"}]
    front.user(pool, "ben")
    error = refusal(front.client().list_users, UserPoolId=pool, AttributesToGet=["name"])
    assert error == (INVALID, "One or more requested attributes do not exist.")


def test_a_page_token_that_is_none(front: FrontStack) -> None:
    pool = front.pool()
    assert refusal(front.client().list_users, UserPoolId=pool, PaginationToken="x")[0] == INVALID


# --- users and attributes


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("sub", "0", "Cannot modify the non-mutable attribute sub"),
        ("identities", "[]", "identities"),
        ("cognito:user_status", "CONFIRMED", "cognito:user_status"),
        ("custom:none", "x", "custom:none: Attribute does not exist in the schema."),
        ("name", "x" * 2049, "Member must have length less than or equal to 2048"),
        ("phone_number", "030 123456", "Invalid phone number format."),
        ("email", "nobody", "Invalid email address format."),
        ("custom:plan", "x" * 11, "custom:plan: String must be no longer than 10 characters"),
        ("custom:age", "old", "custom:age"),
    ],
)
@pytest.mark.parametrize("operation", ["admin_create_user", "admin_update_user_attributes"])
def test_attributes_that_cognito_does_not_take(
    front: FrontStack, operation: str, name: str, value: str, words: str
) -> None:
    pool = front.pool(
        Schema=[
            {
                "Name": "plan",
                "AttributeDataType": "String",
                "Mutable": True,
                "StringAttributeConstraints": {"MaxLength": "10"},
            },
            {"Name": "age", "AttributeDataType": "Number", "Mutable": True},
        ]
    )
    username = "ben" if operation == "admin_create_user" else front.user(pool, "ana")["Username"]
    attributes = [{"Name": name, "Value": value}]
    code, message = refusal(
        getattr(front.client(), operation), UserPoolId=pool, Username=username, UserAttributes=attributes
    )
    assert code == INVALID
    assert words in message


@pytest.mark.parametrize("username", ["two words", "tab\tbed", "x" * 129, "line\nbreak"])
def test_usernames_that_cognito_does_not_take(front: FrontStack, username: str) -> None:
    code, message = refusal(
        front.client().admin_create_user, UserPoolId=front.pool(), Username=username, MessageAction="SUPPRESS"
    )
    assert (code, "at 'username' failed" in message, username in message) == (INVALID, True, False)


def test_an_immutable_attribute_is_set_once(front: FrontStack) -> None:
    pool = front.pool(Schema=[{"Name": "born", "AttributeDataType": "String", "Mutable": False}])
    front.user(pool, "ana", custom__born="1990")
    changes = [{"Name": "custom:born", "Value": "1991"}]
    code, message = refusal(
        front.client().admin_update_user_attributes, UserPoolId=pool, Username="ana", UserAttributes=changes
    )
    assert code == INVALID
    assert "custom:born: Attribute cannot be updated." in message


def test_a_schema_that_grew_behind_the_fronts_back_is_known(front: FrontStack) -> None:
    pool = front.pool()
    front.user(pool, "ana", name="Ana")
    front.client(endpoint=front.upstream_url).add_custom_attributes(
        UserPoolId=pool, CustomAttributes=[{"Name": "plan", "AttributeDataType": "String", "Mutable": True}]
    )
    front.user(pool, "ben", custom__plan="gold")
    assert front.attributes(pool, "ben")["custom:plan"] == "gold"


def test_signing_up_needs_what_the_pool_requires_and_permits(front: FrontStack) -> None:
    required = {"Name": "name", "AttributeDataType": "String", "Required": True, "Mutable": True}
    pool = front.pool(Schema=[required])
    sign_up: dict[str, Any] = {"Username": "ana", "Password": "Correct-horse-1"}
    sign_up["ClientId"] = front.app_client(pool)
    code, message = refusal(front.client().sign_up, **sign_up)
    assert (code, "name: The attribute is required" in message) == (INVALID, True)
    front.client().sign_up(**sign_up, UserAttributes=[{"Name": "name", "Value": "Ana"}])
    closed = front.pool(AdminCreateUserConfig={"AllowAdminCreateUserOnly": True})
    sign_up["ClientId"] = front.app_client(closed)
    assert refusal(front.client().sign_up, **sign_up)[0] == NOT_AUTHORIZED


def test_a_malformed_pool_id(front: FrontStack) -> None:
    code, message = refusal(front.client().describe_user_pool, UserPoolId="nonsense")
    assert code == INVALID
    assert "at 'userPoolId' failed to satisfy constraint" in message
