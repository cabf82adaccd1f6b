"""Rules that need no server: schemas, formats, password recovery, documented constraints."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.front.aliases import code_address
from local.front.attributes import check_formats, check_reserved, schema_problems
from local.front.constraints import Constraints, java_pattern
from local.front.homes import Home
from local.front.pools import Pool, User
from local.front.protocol import CognitoError
from local.front.recovery import recovery_ways, reset_problem

CONSTRAINTS = Constraints()
SCHEMA: dict[str, dict[str, Any]] = {
    "name": {
        "AttributeDataType": "String",
        "Mutable": True,
        "StringAttributeConstraints": {"MaxLength": "2048"},
    },
    "birthdate": {
        "AttributeDataType": "String",
        "StringAttributeConstraints": {"MinLength": "10", "MaxLength": "10"},
    },
    "custom:age": {
        "AttributeDataType": "Number",
        "NumberAttributeConstraints": {"MinValue": "0", "MaxValue": "150"},
    },
    "custom:free": {"AttributeDataType": "Number"},
    "custom:flag": {"AttributeDataType": "Boolean"},
    "custom:born": {"AttributeDataType": "DateTime", "Mutable": False},
}


def pool(**description: Any) -> Pool:
    return Pool(Home("us-east-1", "test", "us-east-1_a"), description)


def user(status: str = "CONFIRMED", enabled: bool = True, **attributes: str) -> User:
    return User("ana", attributes, enabled, status)


def refusal(operation: str, **data: Any) -> tuple[str, str]:
    with pytest.raises(CognitoError) as caught:
        CONSTRAINTS.check(operation, data)
    return caught.value.code, caught.value.message


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", "x" * 2048),
        ("name", ""),
        ("name", 'line\nbreak, "quotes" & #/日本'),
        ("birthdate", "1990-01-31"),
        ("custom:age", "0"),
        ("custom:age", "150"),
        ("custom:free", "-3.5"),
        ("custom:flag", "True"),
        ("custom:born", "2001-02-03"),
    ],
)
def test_values_that_fit_the_schema(name: str, value: str) -> None:
    assert schema_problems({name: value}, SCHEMA, updating=False) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("custom:none", "x"),
        ("name", "x" * 2049),
        ("birthdate", "1990"),
        ("custom:age", "-1"),
        ("custom:age", "151"),
        ("custom:age", "1e2"),
        ("custom:flag", "yes"),
    ],
)
def test_values_that_do_not_fit_the_schema(name: str, value: str) -> None:
    (problem,) = schema_problems({name: value}, SCHEMA, updating=False)
    assert problem.startswith(f"{name}: ")
    assert value not in problem or name == "custom:none"


def test_an_immutable_attribute_may_be_created_but_not_updated() -> None:
    attributes = {"custom:born": "2001-02-03"}
    assert schema_problems(attributes, SCHEMA, updating=False) == []
    assert schema_problems(attributes, SCHEMA, updating=True) == ["custom:born: Attribute cannot be updated."]


@pytest.mark.parametrize("name", ["sub", "identities", "cognito:user_status", "cognito:mfa_enabled"])
def test_reserved_attributes(name: str) -> None:
    with pytest.raises(CognitoError, match=name):
        check_reserved({name: "x"})
    check_reserved({"email": "x", "custom:sub": "x", "email_verified": "true"})


def test_formats_of_addresses() -> None:
    check_formats({"email": "ünï@exämple.com", "phone_number": "+4930123456"})
    check_formats({"email": "", "phone_number": ""})
    for name, value in (
        ("email", "a"),
        ("email", "a b@c"),
        ("phone_number", "0049"),
        ("phone_number", "+49 30"),
    ):
        with pytest.raises(CognitoError, match="format"):
            check_formats({name: value})


@pytest.mark.parametrize("status", ["CONFIRMED", "RESET_REQUIRED", "UNCONFIRMED"])
def test_who_may_reset_a_password(status: str) -> None:
    assert reset_problem(pool(), user(status, email="a@b", email_verified="true")) is None
    assert reset_problem(pool(), user(status, phone_number="+1", phone_number_verified="True")) is None
    problem = reset_problem(pool(), user(status, email="a@b", email_verified="false"))
    assert problem is not None
    assert problem.code == "InvalidParameterException"


@pytest.mark.parametrize("status", ["FORCE_CHANGE_PASSWORD", "EXTERNAL_PROVIDER"])
def test_who_has_no_password_to_reset(status: str) -> None:
    problem = reset_problem(pool(), user(status, email="a@b", email_verified="true"))
    assert problem is not None
    assert problem.message == "User password cannot be reset in the current state."


def test_a_verified_flag_without_an_address_is_no_way_to_recover() -> None:
    assert reset_problem(pool(), user(email_verified="true")) is not None


def test_ways_to_recover_in_the_pools_order() -> None:
    mechanisms = [
        {"Name": "verified_phone_number", "Priority": 2},
        {"Name": "verified_email", "Priority": 1},
    ]
    setting = {"AccountRecoverySetting": {"RecoveryMechanisms": mechanisms}}
    assert recovery_ways(setting) == ["email", "phone_number"]
    assert recovery_ways({}) == recovery_ways({"AccountRecoverySetting": {}}) == ["phone_number", "email"]


def test_a_sign_ups_code_goes_to_the_phone_first() -> None:
    both = user("UNCONFIRMED", email="a@b", phone_number="+1")
    assert code_address(pool(AutoVerifiedAttributes=["email", "phone_number"]), both) == "phone_number"
    assert code_address(pool(AutoVerifiedAttributes=["email"]), both) == "email"
    assert code_address(pool(), both) is None


def test_constraints_name_the_parameter_and_hide_what_is_secret() -> None:
    code, message = refusal(
        "AdminCreateUser",
        UserPoolId="us-east-1_a",
        Username="two words",
        UserAttributes=[{"Name": "name", "Value": "x" * 2049}, {"Value": "y"}],
        MessageAction="QUIET",
    )
    assert code == "InvalidParameterException"
    assert message == (
        "4 validation errors detected: "
        "Value at 'username' failed to satisfy constraint: Member must satisfy regular expression pattern: "
        r"[\p{L}\p{M}\p{S}\p{N}\p{P}]+; "
        "Value at 'userAttributes.1.member.value' failed to satisfy constraint: "
        "Member must have length less than or equal to 2048; "
        "Value null at 'userAttributes.2.member.name' failed to satisfy constraint: Member must not be null; "
        "Value 'QUIET' at 'messageAction' failed to satisfy constraint: "
        "Member must satisfy enum value set: [RESEND, SUPPRESS]"
    )


@pytest.mark.parametrize("limit", ["5", 5.5, True, [5]])
def test_a_value_of_another_type_cannot_be_read(limit: object) -> None:
    assert refusal("ListUsers", UserPoolId="us-east-1_a", Limit=limit)[0] == "SerializationException"


def test_null_is_not_given_and_unknown_members_are_let_be() -> None:
    CONSTRAINTS.check("ListUsers", {"UserPoolId": "us-east-1_a", "Limit": None, "Future": 1})
    CONSTRAINTS.check("FutureOperation", {"Anything": 1})


def test_a_length_is_counted_as_java_does() -> None:
    data: dict[str, Any] = {"UserPoolId": "us-east-1_a", "Username": "😀" * 64}
    CONSTRAINTS.check("AdminGetUser", data)
    assert "length" in refusal("AdminGetUser", **{**data, "Username": "😀" * 65})[1]


@given(st.text(min_size=1, max_size=128))
def test_a_username_is_anything_but_spaces_and_control_characters(text: str) -> None:
    import unicodedata  # noqa: PLC0415

    allowed = all(unicodedata.category(character)[0] in "LMSNP" for character in text)
    fits = java_pattern(r"[\p{L}\p{M}\p{S}\p{N}\p{P}]+").fullmatch(text) is not None
    assert fits is allowed
