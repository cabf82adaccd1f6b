"""The front counts every message that Cognito would have sent to a user, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.local.front_stack import FrontStack

pytest_plugins = ["tests.local.front_stack"]

EMAIL = {"email": "a@example.com", "email_verified": "true"}


def sent(front: FrontStack) -> dict[str, int]:
    """Return the messages of us-east-1 since the last time."""
    counts: dict[str, int] = front.control("GET", "messages").get("us-east-1", {})
    front.control("DELETE", "messages")
    return counts


def as_list(**attributes: str) -> Any:
    return [{"Name": name, "Value": value} for name, value in attributes.items()]


def test_invitations(front: FrontStack) -> None:
    pool = front.pool()
    cognito = front.client()
    front.user(pool, "quiet", **EMAIL)
    assert sent(front) == {}
    cognito.admin_create_user(UserPoolId=pool, Username="ana", UserAttributes=as_list(**EMAIL))
    assert sent(front) == {"AdminCreateUser": 1}
    cognito.admin_create_user(UserPoolId=pool, Username="ana", MessageAction="RESEND")
    assert sent(front) == {"AdminCreateUser": 1}
    with pytest.raises(cognito.exceptions.UsernameExistsException):
        cognito.admin_create_user(UserPoolId=pool, Username="ana")
    assert sent(front) == {}
    both: Any = {"DesiredDeliveryMediums": ["EMAIL", "SMS"]}
    attributes = as_list(**EMAIL, phone_number="+4930123456")
    cognito.admin_create_user(UserPoolId=pool, Username="ben", UserAttributes=attributes, **both)
    assert sent(front) == {"AdminCreateUser": 2}


def test_what_a_restore_does_sends_nothing(front: FrontStack) -> None:
    pool = front.pool("eu-west-1")
    cognito = front.client("eu-west-1")
    cognito.create_group(UserPoolId=pool, GroupName="staff")
    front.user(pool, "ana", "eu-west-1", **EMAIL)
    front.confirm(pool, "ana", "eu-west-1")
    cognito.admin_add_user_to_group(UserPoolId=pool, Username="ana", GroupName="staff")
    cognito.admin_disable_user(UserPoolId=pool, Username="ana")
    cognito.admin_enable_user(UserPoolId=pool, Username="ana")
    cognito.list_users(UserPoolId=pool)
    assert front.control("GET", "messages") == {}


def test_codes(front: FrontStack) -> None:
    pool = front.pool()
    app = front.app_client(pool)
    cognito = front.client()
    front.user(pool, "ana", **EMAIL)
    front.confirm(pool, "ana")
    cognito.admin_reset_user_password(UserPoolId=pool, Username="ana")
    assert sent(front) == {"AdminResetUserPassword": 1}
    cognito.forgot_password(ClientId=app, Username="ana")
    assert sent(front) == {"ForgotPassword": 1}
    with pytest.raises(cognito.exceptions.UserNotFoundException):
        cognito.forgot_password(ClientId=app, Username="nobody")
    assert sent(front) == {}
    cognito.sign_up(
        ClientId=app,
        Username="ben",
        Password="Correct-horse-1",
        UserAttributes=as_list(email="b@example.com"),
    )
    assert sent(front) == {"SignUp": 1}
    cognito.resend_confirmation_code(ClientId=app, Username="ben")
    assert sent(front) == {"ResendConfirmationCode": 1}
    cognito.sign_up(ClientId=app, Username="cai", Password="Correct-horse-1")
    assert sent(front) == {}


def test_a_pool_that_verifies_nothing_sends_no_code_at_sign_up(front: FrontStack) -> None:
    pool = front.pool(AutoVerifiedAttributes=[])
    front.client().sign_up(
        ClientId=front.app_client(pool),
        Username="ana",
        Password="Correct-horse-1",
        UserAttributes=as_list(email="a@example.com"),
    )
    assert sent(front) == {}


def test_changed_addresses(front: FrontStack) -> None:
    pool = front.pool()
    app = front.app_client(pool, ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"])
    cognito = front.client()
    front.user(pool, "ana", **EMAIL)
    front.confirm(pool, "ana")

    def update(**attributes: str) -> dict[str, int]:
        cognito.admin_update_user_attributes(
            UserPoolId=pool, Username="ana", UserAttributes=as_list(**attributes)
        )
        return sent(front)

    assert update(name="Ana") == {}
    assert update(email="a@example.com") == {}
    assert update(email="new@example.com", email_verified="true") == {}
    assert update(phone_number="+4930123456") == {}  # the pool verifies email addresses only
    assert update(email="newer@example.com") == {"AdminUpdateUserAttributes": 1}
    tokens = cognito.initiate_auth(
        ClientId=app,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ana", "PASSWORD": "Correct-horse-1"},
    )["AuthenticationResult"]
    cognito.update_user_attributes(
        AccessToken=tokens["AccessToken"], UserAttributes=as_list(email="newest@example.com")
    )
    assert sent(front) == {"UpdateUserAttributes": 1}
    assert front.attributes(pool, "ana")["email_verified"] == "false"
