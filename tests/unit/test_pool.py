"""What kind of pool it is, and what follows for creating and comparing users."""

import string
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lifeboat.cognito.pool import (
    LONGEST_PASSWORD,
    SYMBOLS,
    VOLATILE_FIELDS,
    PoolFacts,
    comparable_attributes,
    configuration_of,
    restored_status,
    settable_attributes,
    wants_password,
)
from lifeboat.model import Status, User
from tests.unit.examples import ATTRIBUTES, BY_EMAIL, BY_NAME, NAMES, USER, USERS


def test_a_bare_description_has_the_apis_defaults() -> None:
    facts = PoolFacts.of({"Id": "eu-west-1_Bare"})
    assert facts == PoolFacts("eu-west-1_Bare", (), (), True, 8, {})
    assert not facts.generates_usernames


def test_the_facts_of_a_description() -> None:
    email = {"Name": "email", "AttributeDataType": "String"}
    facts = PoolFacts.of(
        {
            "Id": "eu-west-1_Full",
            "UsernameAttributes": ["phone_number", "email"],
            "AliasAttributes": ["preferred_username", "email"],
            "UsernameConfiguration": {"CaseSensitive": False},
            "Policies": {"PasswordPolicy": {"MinimumLength": 12}},
            "SchemaAttributes": [email],
        }
    )
    assert facts.username_attributes == ("email", "phone_number")
    assert facts.alias_attributes == ("email", "preferred_username")
    assert (facts.case_sensitive, facts.password_length) == (False, 12)
    assert facts.schema == {"email": email}
    assert facts.generates_usernames


def test_a_pool_that_keeps_usernames_keeps_them() -> None:
    assert BY_NAME.sign_in_name(USER) == "ann"


@pytest.mark.parametrize(
    ("accepted", "attributes", "name"),
    [
        (("email",), {"email": "a@b.c", "phone_number": "+1"}, "a@b.c"),
        (("email", "phone_number"), {"email": "a@b.c", "phone_number": "+1"}, "a@b.c"),
        (("email", "phone_number"), {"phone_number": "+1"}, "+1"),
        (("phone_number",), {"email": "a@b.c", "phone_number": "+1"}, "+1"),
        (("email",), {"phone_number": "+1"}, None),
        (("email", "phone_number"), {"email": ""}, None),
    ],
)
def test_a_pool_that_makes_usernames_up_takes_an_address(
    accepted: tuple[str, ...], attributes: dict[str, str], name: str | None
) -> None:
    facts = replace(BY_EMAIL, username_attributes=accepted)
    assert facts.sign_in_name(replace(USER, attributes=attributes)) == name


@given(USERS)
def test_every_user_has_something_to_be_recognised_by(user: User) -> None:
    assert BY_NAME.join_key(user) == user.username
    assert BY_EMAIL.join_key(user)


@given(NAMES, NAMES)
@example("Ann", "aNN")
@example("Straße", "strasse")
def test_where_case_does_not_count_nothing_else_is_taken_for_the_same(one: str, other: str) -> None:
    facts = replace(BY_NAME, case_sensitive=False)
    keys = [facts.join_key(replace(USER, username=name)) for name in (one, other)]
    assert (keys[0] == keys[1]) == (one.lower() == other.lower())


@given(st.integers(6, 99))
def test_a_password_satisfies_every_policy(shortest: int) -> None:
    password = replace(BY_NAME, password_length=shortest).random_password()
    assert max(shortest, 32) <= len(password) <= LONGEST_PASSWORD
    for kind in (string.ascii_lowercase, string.ascii_uppercase, string.digits, SYMBOLS):
        assert set(password) & set(kind)
    assert set(password) <= set(string.ascii_letters + string.digits + SYMBOLS)


def test_no_two_passwords_are_the_same() -> None:
    assert len({BY_NAME.random_password() for _ in range(100)}) == 100


@pytest.mark.parametrize(
    ("status", "password", "restored"),
    [
        (Status.CONFIRMED, True, "CONFIRMED"),
        (Status.RESET_REQUIRED, True, "CONFIRMED"),
        (Status.UNCONFIRMED, False, "FORCE_CHANGE_PASSWORD"),
        (Status.FORCE_CHANGE_PASSWORD, False, "FORCE_CHANGE_PASSWORD"),
        ("COMPROMISED", True, "CONFIRMED"),
    ],
)
def test_who_gets_a_password_and_which_status(status: str, password: bool, restored: str) -> None:
    user = replace(USER, status=status)
    assert wants_password(user) is password
    assert restored_status(user) == restored


@given(ATTRIBUTES)
def test_what_cognito_sets_itself_is_not_sent(attributes: dict[str, str]) -> None:
    own = {"sub": "x", "identities": "[]", "cognito:user_status": "CONFIRMED"}
    sent = settable_attributes(replace(USER, attributes={**attributes, **own}))
    assert sent.keys() == attributes.keys() - own.keys() - {n for n in attributes if n.startswith("cognito:")}
    assert sent.items() <= attributes.items()


@pytest.mark.parametrize("flag", ["email_verified", "phone_number_verified"])
def test_not_verified_and_not_marked_are_the_same(flag: str) -> None:
    marked = replace(USER, attributes={"email": "a@b.c", flag: "false"})
    verified = replace(USER, attributes={"email": "a@b.c", flag: "true"})
    bare = replace(USER, attributes={"email": "a@b.c"})
    assert comparable_attributes(marked) == comparable_attributes(bare)
    assert comparable_attributes(verified) != comparable_attributes(bare)


def test_the_configuration_leaves_out_what_changes_by_itself() -> None:
    description = {"Id": "x", "Policies": {"PasswordPolicy": {}}, **dict.fromkeys(VOLATILE_FIELDS, 1)}
    configuration = configuration_of(description)
    assert configuration.name == "CONFIG"
    assert configuration.document == {"Id": "x", "Policies": {"PasswordPolicy": {}}}
