"""The rules that a row of a user import job must keep, one by one, without a server."""

from __future__ import annotations

from typing import Any

import pytest

from local.front.homes import Home
from local.front.import_file import BadRow
from local.front.import_rows import NOT_VERIFIED, NewUser, user_of
from local.front.pools import Pool

STRINGS = ("sub", "name", "email", "phone_number", "preferred_username")
FLAGS = ("email_verified", "phone_number_verified")
SCHEMA: list[dict[str, Any]] = [
    *({"Name": name, "AttributeDataType": "String"} for name in STRINGS),
    *({"Name": name, "AttributeDataType": "Boolean"} for name in FLAGS),
    {
        "Name": "birthdate",
        "AttributeDataType": "String",
        "StringAttributeConstraints": {"MinLength": "10", "MaxLength": "10"},
    },
    {"Name": "updated_at", "AttributeDataType": "Number", "NumberAttributeConstraints": {"MinValue": "0"}},
    {
        "Name": "custom:age",
        "AttributeDataType": "Number",
        "NumberAttributeConstraints": {"MaxValue": "150"},
        "Mutable": False,
    },
    {"Name": "custom:flag", "AttributeDataType": "Boolean"},
]
EMAIL = {"email": "ana@example.com", "email_verified": "true"}
PHONE = {"phone_number": "+4930123456", "phone_number_verified": "true"}
ANA = {"cognito:username": "ana", **EMAIL}


def pool(**description: Any) -> Pool:
    description = {"AutoVerifiedAttributes": ["email"], "SchemaAttributes": SCHEMA, **description}
    return Pool(Home("us-east-1", "test", "us-east-1_a"), description)


def refusal(values: dict[str, str], **description: Any) -> str:
    with pytest.raises(BadRow) as caught:
        user_of(values, pool(**description))
    return str(caught.value)


def without(*names: str) -> dict[str, str]:
    return {name: value for name, value in ANA.items() if name not in names}


def requiring(*names: str) -> list[dict[str, Any]]:
    return [{**entry, "Required": entry["Name"] in ("sub", *names)} for entry in SCHEMA]


def test_a_row_becomes_a_user() -> None:
    row = {
        **ANA,
        "email_verified": "TRUE",
        "phone_number": "+4930123456",
        "phone_number_verified": "False",
        "birthdate": "02/01/1985",
        "updated_at": "1471453471",
        "name": 'Ana "the\\one", Doe',
        "custom:age": "42",
        "cognito:mfa_enabled": "FALSE",
    }
    assert user_of(row, pool()) == NewUser(
        "ana",
        {
            "email": "ana@example.com",
            "email_verified": "true",
            "phone_number": "+4930123456",
            "phone_number_verified": "false",
            "birthdate": "1985-02-01",
            "updated_at": "1471453471",
            "name": 'Ana "the\\one", Doe',
            "custom:age": "42",
        },
    )


def test_flags_that_are_left_out_stay_away() -> None:
    user = user_of({**ANA, "phone_number": "+4930123456"}, pool())
    assert "phone_number_verified" not in user.attributes


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (without("cognito:username"), "no cognito:username"),
        ({**ANA, "cognito:username": "a na"}, "spaces or tabs"),
        ({**ANA, "cognito:username": "a\tna"}, "spaces or tabs"),
        ({**ANA, "cognito:username": "a\u00a0na"}, "spaces or tabs"),
        (without("email_verified"), NOT_VERIFIED),
        ({**ANA, "email_verified": "false"}, NOT_VERIFIED),
        ({**ANA, "email_verified": "false", **PHONE}, NOT_VERIFIED),
        ({**ANA, "email_verified": "yes"}, "email_verified: the value must be true or false"),
        ({**ANA, "phone_number_verified": "1"}, "phone_number_verified: the value must be true or false"),
        (without("email"), "email_verified to true without email"),
        ({**ANA, "phone_number_verified": "true"}, "phone_number_verified to true without phone_number"),
        ({**ANA, "email": "ana"}, "Invalid email address format"),
        ({**ANA, "phone_number": "030123456"}, "Invalid phone number format"),
        ({**ANA, "birthdate": "1985-02-01"}, "mm/dd/yyyy"),
        ({**ANA, "birthdate": "2/1/1985"}, "mm/dd/yyyy"),
        ({**ANA, "birthdate": "13/01/1985"}, "mm/dd/yyyy"),
        ({**ANA, "birthdate": "02/29/1985"}, "mm/dd/yyyy"),
        ({**ANA, "birthdate": "02/01/0000"}, "mm/dd/yyyy"),
        ({**ANA, "birthdate": "٠2/01/1985"}, "mm/dd/yyyy"),
        ({**ANA, "updated_at": "2016-08-17"}, "seconds"),
        ({**ANA, "updated_at": "1471453471.5"}, "seconds"),
        ({**ANA, "updated_at": "-1"}, "seconds"),
        ({**ANA, "custom:age": "old"}, "custom:age: Attribute value must be a number"),
        ({**ANA, "custom:age": "151"}, "custom:age: Number must be no greater than 150"),
        ({**ANA, "custom:flag": "maybe"}, "custom:flag: Attribute value must be a boolean"),
        ({**ANA, "cognito:mfa_enabled": "no"}, "cognito:mfa_enabled: the value must be true or false"),
    ],
)
def test_rows_that_are_refused(row: dict[str, str], words: str) -> None:
    assert words in refusal(row)


def test_a_refusal_shows_no_value() -> None:
    secret = "very-secret"
    for name in ("email", "phone_number", "email_verified", "birthdate", "updated_at", "custom:age"):
        assert secret not in refusal({**ANA, name: secret})


def test_one_of_several_addresses_that_the_pool_verifies_is_enough() -> None:
    both = {"AutoVerifiedAttributes": ["email", "phone_number"]}
    row = {**ANA, "email_verified": "false", **PHONE}
    assert user_of(row, pool(**both)).attributes["phone_number_verified"] == "true"
    assert refusal({**row, "phone_number_verified": "false"}, **both) == NOT_VERIFIED


def test_required_attributes_must_be_there() -> None:
    words = refusal(ANA, SchemaAttributes=requiring("name", "custom:flag"))
    assert "name: The attribute is required; custom:flag: The attribute is required" in words
    row = {**ANA, "name": "Ana", "custom:flag": "true"}
    assert user_of(row, pool(SchemaAttributes=requiring("name", "custom:flag"))).username == "ana"


@pytest.mark.parametrize(("username", "aliases"), [("a@b", ["email"]), ("+4930", ["phone_number"])])
def test_a_username_must_not_look_like_an_alias(username: str, aliases: list[str]) -> None:
    row = {**ANA, "cognito:username": username}
    assert "Username cannot be of" in refusal(row, AliasAttributes=aliases)
    assert user_of(row, pool(AliasAttributes=["preferred_username"])).username == username


@pytest.mark.parametrize(
    ("mode", "flag", "phone", "outcome"),
    [
        ("OFF", None, True, False),
        ("OFF", "false", True, False),
        ("OFF", "true", True, "turned off"),
        ("OPTIONAL", None, True, False),
        ("OPTIONAL", "false", True, False),
        ("OPTIONAL", "true", True, True),
        ("OPTIONAL", "true", False, "without a phone_number"),
        ("ON", None, True, True),
        ("ON", None, False, False),
        ("ON", "true", True, True),
        ("ON", "true", False, "without a phone_number"),
        ("ON", "false", True, "requires MFA"),
    ],
)
def test_mfa_must_suit_the_pool(mode: str, flag: str | None, phone: bool, outcome: bool | str) -> None:
    row = {**ANA, **(PHONE if phone else {}), **({"cognito:mfa_enabled": flag} if flag else {})}
    if isinstance(outcome, str):
        assert outcome in refusal(row, MfaConfiguration=mode)
    else:
        assert user_of(row, pool(MfaConfiguration=mode)).sms_mfa is outcome


@pytest.mark.parametrize(
    ("factors", "attributes", "status"),
    [
        (["PASSWORD"], {**EMAIL, **PHONE}, "RESET_REQUIRED"),
        (["PASSWORD", "EMAIL_OTP"], EMAIL, "CONFIRMED"),
        (["PASSWORD", "EMAIL_OTP"], PHONE, "RESET_REQUIRED"),
        (["PASSWORD", "EMAIL_OTP"], {**PHONE, "email": "a@b"}, "RESET_REQUIRED"),
        (["PASSWORD", "SMS_OTP"], PHONE, "CONFIRMED"),
        (["PASSWORD", "SMS_OTP"], EMAIL, "RESET_REQUIRED"),
        (["PASSWORD", "WEB_AUTHN"], {**EMAIL, **PHONE}, "RESET_REQUIRED"),
    ],
)
def test_who_can_sign_in_without_a_password_is_confirmed(
    factors: list[str], attributes: dict[str, str], status: str
) -> None:
    passwordless = pool(Policies={"SignInPolicy": {"AllowedFirstAuthFactors": factors}})
    assert NewUser("ana", attributes).status(passwordless, "RESET_REQUIRED") == status
    assert NewUser("ana", attributes).status(pool(), "CONFIRMED") == "CONFIRMED"
