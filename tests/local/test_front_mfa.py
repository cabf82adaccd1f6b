"""Second factors: what a pool may offer, what a user may turn on, and what is shown of it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
import time
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.local.front_stack import FrontStack

pytest_plugins = ["tests.local.front_stack"]

INVALID = "InvalidParameterException"
SMS: Any = {"SnsCallerArn": "arn:aws:iam::000000000000:role/sms", "ExternalId": "x"}
OWN_SENDER: Any = {
    "EmailSendingAccount": "DEVELOPER",
    "SourceArn": "arn:aws:ses:us-east-1:000000000000:identity/example.com",
}
BY_EMAIL: Any = {"Message": "Your code is {####}", "Subject": "Your code"}
BY_SMS: Any = {"SmsAuthenticationMessage": "Your code is {####}", "SmsConfiguration": SMS}
BY_TOKEN: Any = {"Enabled": True}
ON: Any = {"Enabled": True}
PREFERRED: Any = {"Enabled": True, "PreferredMfa": True}
RECOVERY: Any = {"RecoveryMechanisms": [{"Name": "verified_email", "Priority": 1}]}


def refusal(call: Callable[..., Any], **parameters: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def mfa_pool(front: FrontStack, **settings: Any) -> str:
    """Make a pool with all three factors."""
    pool = front.pool(EmailConfiguration=OWN_SENDER, **settings)
    front.client().set_user_pool_mfa_config(
        UserPoolId=pool,
        MfaConfiguration="OPTIONAL",
        SmsMfaConfiguration=BY_SMS,
        SoftwareTokenMfaConfiguration=BY_TOKEN,
        EmailMfaConfiguration=BY_EMAIL,
    )
    return pool


def factors(front: FrontStack, pool: str, username: str = "ana") -> tuple[list[str], str]:
    user = front.client().admin_get_user(UserPoolId=pool, Username=username)
    return user.get("UserMFASettingList", []), user.get("PreferredMfaSetting", "")


def configuration(front: FrontStack, pool: str) -> dict[str, Any]:
    answer = dict(front.client().get_user_pool_mfa_config(UserPoolId=pool))
    del answer["ResponseMetadata"]
    return answer


def access_token(front: FrontStack, pool: str, username: str = "ana") -> str:
    front.confirm(pool, username)
    answer = front.client().initiate_auth(
        ClientId=front.app_client(pool, ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]),
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": username, "PASSWORD": "Correct-horse-1"},
    )
    return answer["AuthenticationResult"]["AccessToken"]


def code_of(secret: str) -> str:
    """Return the code an authenticator app shows (RFC 6238)."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", int(time.time()) // 30), hashlib.sha1).digest()
    (number,) = struct.unpack(">I", digest[digest[-1] & 15 :][:4])
    return f"{(number & 0x7FFFFFFF) % 1_000_000:06}"


# --- pools


@pytest.mark.parametrize("mode", ["ON", "OPTIONAL"])
def test_a_pool_is_made_with_mfa_only_if_it_can_send_sms(front: FrontStack, mode: Any) -> None:
    create = front.client().create_user_pool
    code, message = refusal(create, PoolName="a pool", MfaConfiguration=mode)
    assert (code, "SMS configuration" in message) == (INVALID, True)
    pool = front.pool(MfaConfiguration=mode, SmsConfiguration=SMS, SmsAuthenticationMessage="Code {####}")
    assert configuration(front, pool) == {
        "MfaConfiguration": mode,
        "SmsMfaConfiguration": {"SmsConfiguration": SMS, "SmsAuthenticationMessage": "Code {####}"},
    }


def test_mfa_is_turned_on_later_only_with_a_factor(front: FrontStack) -> None:
    update = front.client().update_user_pool
    pool = front.pool()
    assert refusal(update, UserPoolId=pool, MfaConfiguration="ON")[0] == INVALID
    update(UserPoolId=pool, MfaConfiguration="OPTIONAL", SmsConfiguration=SMS)
    update(UserPoolId=pool, MfaConfiguration="ON")
    assert configuration(front, pool)["MfaConfiguration"] == "ON"


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"MfaConfiguration": "ON"}, "can't disable all MFAs"),
        (
            {"MfaConfiguration": "OPTIONAL", "SoftwareTokenMfaConfiguration": {"Enabled": False}},
            "can't disable all MFAs",
        ),
        (
            {"MfaConfiguration": "OFF", "SoftwareTokenMfaConfiguration": {"Enabled": True}},
            "can't turn off MFA and configure an MFA",
        ),
        ({"MfaConfiguration": "OFF", "SmsMfaConfiguration": BY_SMS}, "can't turn off MFA"),
    ],
    ids=["nothing", "token off", "off with token", "off with SMS"],
)
def test_mfa_and_factors_go_together(front: FrontStack, wish: dict[str, Any], words: str) -> None:
    code, message = refusal(front.client().set_user_pool_mfa_config, UserPoolId=front.pool(), **wish)
    assert (code, words in message) == (INVALID, True)


def test_email_needs_a_sender_of_ones_own(front: FrontStack) -> None:
    pool = front.pool()
    wish: dict[str, Any] = {"MfaConfiguration": "ON", "EmailMfaConfiguration": BY_EMAIL}
    set_config = front.client().set_user_pool_mfa_config
    assert refusal(set_config, UserPoolId=pool, **wish)[0] == INVALID
    front.client().update_user_pool(UserPoolId=pool, EmailConfiguration=OWN_SENDER)
    set_config(UserPoolId=pool, **wish)
    assert configuration(front, pool) == wish


def test_email_needs_a_plan_that_has_it(front: FrontStack) -> None:
    pool = front.pool(EmailConfiguration=OWN_SENDER, UserPoolTier="LITE")
    set_config = front.client().set_user_pool_mfa_config
    assert refusal(set_config, UserPoolId=pool, MfaConfiguration="ON", EmailMfaConfiguration=BY_EMAIL)[0] == (
        "FeatureUnavailableInTierException"
    )


def test_factors_that_are_left_out_are_taken_away(front: FrontStack) -> None:
    pool = mfa_pool(front)
    cognito = front.client()
    cognito.set_user_pool_mfa_config(
        UserPoolId=pool, MfaConfiguration="ON", SoftwareTokenMfaConfiguration=BY_TOKEN
    )
    assert configuration(front, pool) == {
        "MfaConfiguration": "ON",
        "SoftwareTokenMfaConfiguration": BY_TOKEN,
    }
    cognito.set_user_pool_mfa_config(UserPoolId=pool, MfaConfiguration="OFF")
    assert configuration(front, pool) == {"MfaConfiguration": "OFF"}
    described = cognito.describe_user_pool(UserPoolId=pool)["UserPool"]
    assert described["SmsConfiguration"] == SMS, "the pool can still send SMS messages"


# --- users


@pytest.mark.parametrize("by_user", [False, True], ids=["admin", "user"])
def test_a_user_with_sms_and_email(front: FrontStack, by_user: bool) -> None:
    pool = mfa_pool(front)
    front.user(pool, "ana", email="ana@example.com", phone_number="+4930123456")
    assert factors(front, pool) == ([], "")
    settings: dict[str, Any] = {"SMSMfaSettings": ON, "EmailMfaSettings": PREFERRED}
    if by_user:
        front.client().set_user_mfa_preference(AccessToken=access_token(front, pool), **settings)
    else:
        front.client().admin_set_user_mfa_preference(UserPoolId=pool, Username="ana", **settings)
    assert factors(front, pool) == (["SMS_MFA", "EMAIL_OTP"], "EMAIL_OTP")


def test_a_user_without_a_factor_is_shown_without_one(front: FrontStack) -> None:
    pool = mfa_pool(front)
    front.user(pool, "ana")
    user = front.client().admin_get_user(UserPoolId=pool, Username="ana")
    assert not {"UserMFASettingList", "PreferredMfaSetting"} & set(user)


def test_what_is_turned_off_is_not_preferred(front: FrontStack) -> None:
    pool = mfa_pool(front)
    front.user(pool, "ana", email="ana@example.com", phone_number="+4930123456")
    prefer = front.client().admin_set_user_mfa_preference
    prefer(UserPoolId=pool, Username="ana", SMSMfaSettings=ON, EmailMfaSettings=PREFERRED)
    prefer(UserPoolId=pool, Username="ana", EmailMfaSettings={"Enabled": False, "PreferredMfa": False})
    assert factors(front, pool) == (["SMS_MFA"], "")
    prefer(UserPoolId=pool, Username="ana", SMSMfaSettings=PREFERRED)
    assert factors(front, pool) == (["SMS_MFA"], "SMS_MFA")
    prefer(UserPoolId=pool, Username="ana", SMSMfaSettings={"Enabled": True, "PreferredMfa": False})
    assert factors(front, pool) == (["SMS_MFA"], "")


@pytest.mark.parametrize(
    ("settings", "factor"),
    [
        ({"SMSMfaSettings": ON}, "SMS_MFA"),
        ({"EmailMfaSettings": ON}, "EMAIL_OTP"),
        ({"SoftwareTokenMfaSettings": ON}, "SOFTWARE_TOKEN_MFA"),
    ],
)
def test_a_factor_that_does_not_reach_the_user(
    front: FrontStack, settings: dict[str, Any], factor: str
) -> None:
    pool = mfa_pool(front)
    front.user(pool, "ana")
    prefer = front.client().admin_set_user_mfa_preference
    expected = (INVALID, f"User does not have delivery config set to turn on {factor}")
    assert refusal(prefer, UserPoolId=pool, Username="ana", **settings) == expected
    token = access_token(front, pool)
    assert refusal(front.client().set_user_mfa_preference, AccessToken=token, **settings) == expected


@pytest.mark.parametrize("settings", [{"SMSMfaSettings": ON}, {"EmailMfaSettings": ON}], ids=["SMS", "email"])
def test_a_factor_that_the_pool_does_not_offer(front: FrontStack, settings: dict[str, Any]) -> None:
    pool = front.pool()
    front.client().set_user_pool_mfa_config(
        UserPoolId=pool, MfaConfiguration="OPTIONAL", SoftwareTokenMfaConfiguration=BY_TOKEN
    )
    front.user(pool, "ana", email="ana@example.com", phone_number="+4930123456")
    prefer = front.client().admin_set_user_mfa_preference
    assert refusal(prefer, UserPoolId=pool, Username="ana", **settings)[0] == INVALID
    assert factors(front, pool) == ([], "")


def test_one_factor_is_preferred_at_most(front: FrontStack) -> None:
    pool = mfa_pool(front)
    front.user(pool, "ana", email="ana@example.com", phone_number="+4930123456")
    prefer = front.client().admin_set_user_mfa_preference
    both: dict[str, Any] = {"SMSMfaSettings": PREFERRED, "EmailMfaSettings": PREFERRED}
    assert refusal(prefer, UserPoolId=pool, Username="ana", **both)[0] == INVALID
    assert factors(front, pool) == ([], "")


def test_a_preference_of_nobody(front: FrontStack) -> None:
    prefer = front.client().admin_set_user_mfa_preference
    assert refusal(prefer, UserPoolId=mfa_pool(front), Username="ana", SMSMfaSettings=ON)[0] == (
        "UserNotFoundException"
    )


def test_a_verified_token_can_be_turned_off_and_on(front: FrontStack) -> None:
    pool = mfa_pool(front)
    front.user(pool, "ana")
    token = access_token(front, pool)
    cognito = front.client()
    secret = cognito.associate_software_token(AccessToken=token)["SecretCode"]
    prefer = cognito.admin_set_user_mfa_preference
    settings: dict[str, Any] = {"SoftwareTokenMfaSettings": ON}
    assert refusal(prefer, UserPoolId=pool, Username="ana", **settings)[0] == INVALID, "not verified yet"
    cognito.verify_software_token(AccessToken=token, UserCode=code_of(secret))
    assert factors(front, pool)[0] == ["SOFTWARE_TOKEN_MFA"]
    prefer(UserPoolId=pool, Username="ana", SoftwareTokenMfaSettings={"Enabled": False})
    assert factors(front, pool)[0] == []
    prefer(UserPoolId=pool, Username="ana", SoftwareTokenMfaSettings=PREFERRED)
    assert factors(front, pool) == (["SOFTWARE_TOKEN_MFA"], "SOFTWARE_TOKEN_MFA")


def test_a_replica_does_not_sign_in_who_uses_an_authenticator_app(front: FrontStack) -> None:
    key: Any = {
        "KeyType": "CUSTOMER_MANAGED_KEY",
        "KmsKeyArn": "arn:aws:kms:us-east-1:000000000000:key/mrk-1",
    }
    pool = mfa_pool(front, UserPoolTier="ESSENTIALS", KeyConfiguration=key)
    cognito, there = front.client(), front.client("eu-west-1")
    for name in ("ana", "ben"):
        front.user(pool, name)
    token = access_token(front, pool)
    front.confirm(pool, "ben")
    secret = cognito.associate_software_token(AccessToken=token)["SecretCode"]
    cognito.verify_software_token(AccessToken=token, UserCode=code_of(secret))
    cognito.create_user_pool_replica(UserPoolId=pool, RegionName="eu-west-1")
    cognito.update_user_pool_replica(UserPoolId=pool, RegionName="eu-west-1", Status="ACTIVE")
    client = front.app_client(pool, ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH"])

    def sign_in(username: str) -> Any:
        return there.admin_initiate_auth(
            UserPoolId=pool,
            ClientId=client,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": username, "PASSWORD": "Correct-horse-1"},
        )

    assert sign_in("ben")["AuthenticationResult"]
    assert refusal(sign_in, username="ana")[0] == "OperationNotEnabledException"


def test_sms_is_among_the_options_that_lists_show(front: FrontStack) -> None:
    pool = mfa_pool(front)
    cognito = front.client()
    cognito.create_group(UserPoolId=pool, GroupName="all")
    for name in ("ana", "ben"):
        front.user(pool, name, email=f"{name}@example.com", phone_number="+4930123456")
        cognito.admin_add_user_to_group(UserPoolId=pool, Username=name, GroupName="all")
    prefer = cognito.admin_set_user_mfa_preference
    prefer(UserPoolId=pool, Username="ana", SMSMfaSettings=ON)
    prefer(UserPoolId=pool, Username="ben", EmailMfaSettings=ON)
    expected = {"ana": [{"DeliveryMedium": "SMS", "AttributeName": "phone_number"}], "ben": []}
    for users in (
        cognito.list_users(UserPoolId=pool)["Users"],
        cognito.list_users_in_group(UserPoolId=pool, GroupName="all")["Users"],
        [cognito.admin_get_user(UserPoolId=pool, Username=name) for name in expected],
    ):
        assert {user["Username"]: user.get("MFAOptions", []) for user in users} == expected


# --- recovery


def test_an_address_that_is_a_factor_does_not_recover_the_account(front: FrontStack) -> None:
    pool = mfa_pool(front, AccountRecoverySetting=RECOVERY)
    app = front.app_client(pool)
    for name in ("ana", "ben"):
        front.user(pool, name, email=f"{name}@example.com", email_verified="true", phone_number="+4930123456")
        front.confirm(pool, name)
    prefer = front.client().admin_set_user_mfa_preference
    prefer(UserPoolId=pool, Username="ana", EmailMfaSettings=ON)
    prefer(UserPoolId=pool, Username="ben", SMSMfaSettings=ON)
    forgot = front.client().forgot_password
    assert refusal(forgot, ClientId=app, Username="ana")[0] == INVALID
    forgot(ClientId=app, Username="ben")
    prefer(UserPoolId=pool, Username="ana", EmailMfaSettings={"Enabled": False})
    forgot(ClientId=app, Username="ana")


def test_without_a_setting_a_factor_does_recover_it(front: FrontStack) -> None:
    pool = mfa_pool(front)
    front.user(pool, "ana", email="ana@example.com", email_verified="true")
    front.confirm(pool, "ana")
    front.client().admin_set_user_mfa_preference(UserPoolId=pool, Username="ana", EmailMfaSettings=ON)
    front.client().forgot_password(ClientId=front.app_client(pool), Username="ana")
