"""What kind of pool it is, and what follows for creating and comparing users."""

import json
import string
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lifeboat.cognito.pool import (
    LONGEST_PASSWORD,
    SYMBOLS,
    PoolFacts,
    comparable_attributes,
    linked_identities,
    restorable_factors,
    restored_statuses,
    settable_attributes,
    wanted,
    wants_password,
    with_source_sub,
)
from lifeboat.model import Status, User
from tests.unit.examples import ATTRIBUTES, BY_EMAIL, BY_NAME, NAMES, USER, USERS

MAY_RESET = {"CONFIRMED", "RESET_REQUIRED"}
INVITED = {"FORCE_CHANGE_PASSWORD"}


def test_a_bare_description_has_the_apis_defaults() -> None:
    facts = PoolFacts.of({"Id": "eu-west-1_Bare"})
    assert facts == PoolFacts("eu-west-1_Bare", "", (), (), True, (), "OFF", (), 8, {})
    assert not facts.generates_usernames


def test_the_facts_of_a_description() -> None:
    email = {"Name": "email", "AttributeDataType": "String"}
    facts = PoolFacts.of(
        {
            "Id": "eu-west-1_Full",
            "Name": "people",
            "UsernameAttributes": ["phone_number", "email"],
            "AliasAttributes": ["preferred_username", "email"],
            "UsernameConfiguration": {"CaseSensitive": False},
            "AutoVerifiedAttributes": ["phone_number", "email"],
            "MfaConfiguration": "OPTIONAL",
            "AccountRecoverySetting": {
                "RecoveryMechanisms": [
                    {"Priority": 1, "Name": "verified_phone_number"},
                    {"Priority": 2, "Name": "verified_email"},
                    {"Priority": 3, "Name": "admin_only"},
                ]
            },
            "Policies": {"PasswordPolicy": {"MinimumLength": 12}},
            "SchemaAttributes": [email],
        }
    )
    assert facts.username_attributes == ("email", "phone_number")
    assert facts.alias_attributes == ("email", "preferred_username")
    assert (facts.name, facts.case_sensitive, facts.password_length) == ("people", False, 12)
    assert (facts.auto_verified, facts.mfa) == (("email", "phone_number"), "OPTIONAL")
    assert facts.recovery == ("email", "phone_number")
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
        (Status.CONFIRMED, True, MAY_RESET),
        (Status.RESET_REQUIRED, True, MAY_RESET),
        (Status.UNCONFIRMED, False, INVITED),
        (Status.FORCE_CHANGE_PASSWORD, False, INVITED),
        ("COMPROMISED", True, MAY_RESET),
    ],
)
def test_who_gets_a_password_and_which_status(status: str, password: bool, restored: set[str]) -> None:
    user = replace(USER, status=status, attributes={"email": "ann@example.com", "email_verified": "false"})
    assert wants_password(user) is password
    assert restored_statuses(user) == restored


@pytest.mark.parametrize(
    ("attributes", "let_in"),
    [
        ({"email": "a@b.c", "email_verified": "true"}, True),
        ({"phone_number": "+1", "phone_number_verified": "true"}, True),
        ({"email": "a@b.c", "phone_number": "+1", "phone_number_verified": "True"}, True),
        ({"email": "a@b.c", "phone_number_verified": "true"}, False),
        ({"email": "", "email_verified": "true"}, False),
        ({"email": "a@b.c", "email_verified": "false"}, False),
        ({}, False),
    ],
)
def test_an_invited_user_is_let_in_only_by_a_verified_address(
    attributes: dict[str, str], let_in: bool
) -> None:
    # Given a user whose temporary password went with the old pool
    user = replace(USER, status=Status.FORCE_CHANGE_PASSWORD, attributes=attributes)
    # Then who has a verified address is restored like the confirmed; the others are invited again
    assert wants_password(user) is let_in
    assert restored_statuses(user) == (MAY_RESET if let_in else INVITED)
    # And who never confirmed is not confirmed by a restore
    assert restored_statuses(replace(user, status=Status.UNCONFIRMED)) == INVITED


def test_a_restored_user_carries_the_sub_that_applications_know() -> None:
    first = with_source_sub(USER, "custom:source_sub")
    assert first.attributes == {**USER.attributes, "custom:source_sub": USER.sub}
    # Restored once more, it has a new sub, and still carries the first
    again = replace(first, sub="a-later-sub")
    assert with_source_sub(again, "custom:source_sub") == again
    assert with_source_sub(USER, "") == USER


REACHABLE = {
    "email": "a@b.c",
    "email_verified": "true",
    "phone_number": "+1",
    "phone_number_verified": "true",
}
WITH_MFA = replace(BY_NAME, mfa="OPTIONAL")
BOTH_RECOVER = replace(WITH_MFA, recovery=("email", "phone_number"))


@pytest.mark.parametrize(
    ("facts", "had", "preferred", "given_back"),
    [
        (BY_NAME, ["EMAIL_OTP", "SMS_MFA"], "", []),
        (WITH_MFA, ["EMAIL_OTP", "SMS_MFA"], "", ["EMAIL_OTP", "SMS_MFA"]),
        (WITH_MFA, ["SMS_MFA", "SOFTWARE_TOKEN_MFA"], "", ["SMS_MFA"]),
        (WITH_MFA, ["SOFTWARE_TOKEN_MFA"], "", []),
        (BOTH_RECOVER, ["SMS_MFA"], "SMS_MFA", ["SMS_MFA"]),
        (BOTH_RECOVER, ["EMAIL_OTP"], "", ["EMAIL_OTP"]),
        # With both as second factors nothing would be left to recover the account with.
        (BOTH_RECOVER, ["EMAIL_OTP", "SMS_MFA"], "EMAIL_OTP", ["EMAIL_OTP"]),
        (BOTH_RECOVER, ["EMAIL_OTP", "SMS_MFA"], "SMS_MFA", ["SMS_MFA"]),
        (replace(WITH_MFA, recovery=("email",)), ["EMAIL_OTP", "SMS_MFA"], "EMAIL_OTP", ["SMS_MFA"]),
        (replace(WITH_MFA, recovery=("phone_number",)), ["SMS_MFA"], "SMS_MFA", []),
    ],
)
def test_second_factors_are_given_back_unless_they_lock_out(
    facts: PoolFacts, had: list[str], preferred: str, given_back: list[str]
) -> None:
    user = replace(USER, attributes=REACHABLE, mfa=tuple(had), preferred_mfa=preferred)
    assert sorted(restorable_factors(user, facts)) == given_back
    new = wanted(user, facts, "")
    assert new.mfa == tuple(given_back)
    assert new.preferred_mfa == (preferred if preferred in given_back else "")


def test_a_second_factor_without_its_address_is_not_given_back() -> None:
    user = replace(USER, attributes={"email": "a@b.c"}, mfa=("EMAIL_OTP", "SMS_MFA"))
    assert restorable_factors(user, WITH_MFA) == {"EMAIL_OTP"}


def test_the_factor_that_a_listing_shows_is_given_back() -> None:
    shown = ({"DeliveryMedium": "SMS", "AttributeName": "phone_number"},)
    user = replace(USER, attributes=REACHABLE, mfa_options=shown)
    new = wanted(user, WITH_MFA, "custom:source_sub")
    assert (new.mfa, new.mfa_options) == (("SMS_MFA",), ())
    assert new.attributes == {**REACHABLE, "custom:source_sub": USER.sub}


@pytest.mark.parametrize("text", ["", "[", "{}", "null", "5", '["x"]', '[{"providerName": "Google"}]'])
def test_identities_that_name_nobody_link_nobody(text: str) -> None:
    assert linked_identities(replace(USER, attributes={"identities": text})) == []


def test_linked_identities_are_those_of_local_users() -> None:
    entries = [
        {"userId": "2", "providerName": "Google", "dateCreated": 1},
        {"userId": "1", "providerName": "SignInWithApple", "primary": False},
        {"userId": "2", "providerName": "Google"},
    ]
    user = replace(USER, attributes={"identities": json.dumps(entries)})
    assert linked_identities(user) == [("Google", "2"), ("SignInWithApple", "1")]
    assert linked_identities(replace(user, status=Status.EXTERNAL_PROVIDER)) == []


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
