"""How a new pool differs from the backup: what stops an import, what may be accepted, what is only said."""

from __future__ import annotations

from typing import Any

import pytest

from lifeboat.cognito.pool import PoolFacts
from lifeboat.model import PoolConfiguration
from lifeboat.restore.pool.differences import (
    Found,
    differences,
    lane_problems,
    problems,
    source_sub_problems,
    warnings,
)
from lifeboat.restore.pool.plan import Captured

TOTP = {"SoftwareTokenMfaConfiguration": {"Enabled": True}}
SMS = {"SmsMfaConfiguration": {"SmsConfiguration": {"SnsCallerArn": "arn"}}}
EMAIL_ONLY = {"RecoveryMechanisms": [{"Priority": 1, "Name": "verified_email"}]}
PHONE_ONLY = {"RecoveryMechanisms": [{"Priority": 1, "Name": "verified_phone_number"}]}
NOBODY = {"RecoveryMechanisms": [{"Priority": 1, "Name": "admin_only"}]}


def pool(*attributes: dict[str, Any], **settings: Any) -> dict[str, Any]:
    return {"Id": "eu-west-1_Any", "SchemaAttributes": list(attributes), **settings}


def text(name: str, least: str = "", greatest: str = "", **settings: Any) -> dict[str, Any]:
    limits = {"MinLength": least, "MaxLength": greatest}
    given = {key: value for key, value in limits.items() if value}
    return {"Name": name, "AttributeDataType": "String", "StringAttributeConstraints": given, **settings}


def number(name: str, least: str = "", greatest: str = "") -> dict[str, Any]:
    limits = {"MinValue": least, "MaxValue": greatest}
    return {"Name": name, "AttributeDataType": "Number", "NumberAttributeConstraints": limits}


def backup(config: dict[str, Any] | None = None, **parts: dict[str, Any]) -> Captured:
    documents = {
        "CONFIG": config or pool(),
        **{name.replace("__", "#"): each for name, each in parts.items()},
    }
    return Captured({name: PoolConfiguration(name, document) for name, document in documents.items()})


def test_the_same_pool_differs_in_nothing() -> None:
    config = pool(text("custom:team", "1", "20"), AutoVerifiedAttributes=["email"], MfaConfiguration="ON")
    captured = backup(config, MFA={"MfaConfiguration": "ON", **TOTP}, IDP__okta={}, CLIENT__a={})
    found = Found(config, {"MfaConfiguration": "ON", **TOTP}, ["okta"], [], 1, ["staff"])
    for judge in (problems, differences):
        assert list(judge(captured, found)) == []
    assert list(warnings(captured, found, ["staff", "admins"])) == []


# -- problems ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (text("custom:a"), text("custom:b"), "lacks the attributes custom:a"),
        (text("custom:a", "0", "256"), text("custom:a", "0", "100"), "may hold 0 to 100"),
        (text("custom:a", "0", "256"), text("custom:a", "1", "256"), "may hold 1 to 256"),
        (text("custom:a"), text("custom:a", "0", "100"), "0 to 2048 in the backup"),
        (number("custom:a", "", "10"), number("custom:a", "0", "10"), "any to 10 in the backup"),
        (number("custom:a", "0", "10.5"), number("custom:a", "0", "10"), "may hold 0 to 10 "),
        (text("custom:a"), number("custom:a"), "of type Number in the new pool but String"),
        (text("name"), text("name", Required=True), "requires the attribute name"),
    ],
)
def test_attributes_that_cannot_hold_what_users_have_are_problems(
    before: dict[str, Any], after: dict[str, Any], words: str
) -> None:
    [problem] = problems(backup(pool(before)), Found(pool(after)))
    assert words in problem
    assert problem.startswith("NewUserPoolId: ")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (text("custom:a", "1", "20"), text("custom:a", "0", "2048")),
        (text("custom:a", "0", "2048"), text("custom:a")),
        (number("custom:a", "0", "10"), number("custom:a")),
        (number("custom:a", "0", "10"), number("custom:a", "-1.5", "10.0")),
        (text("birthdate"), text("birthdate", "10", "10")),
        (text("sub", "1", "2048"), text("sub", "2", "3", Required=True)),
        (text("name", Required=True), text("name", Required=True)),
    ],
)
def test_attributes_that_hold_as_much_are_none(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert list(problems(backup(pool(before)), Found(pool(after)))) == []


@pytest.mark.parametrize(
    ("attribute", "words"),
    [
        (text("custom:other"), "lacks custom:source_sub"),
        (number("custom:source_sub"), "of type Number"),
        (text("custom:source_sub", "0", "35"), "holds 35 characters at most"),
    ],
)
def test_the_old_sub_needs_an_attribute_that_holds_it(attribute: dict[str, Any], words: str) -> None:
    [problem] = source_sub_problems("custom:source_sub", PoolFacts.of(pool(attribute)))
    assert words in problem
    assert problem.startswith("SourceSubAttribute: ")


@pytest.mark.parametrize("attribute", [text("custom:source_sub"), text("custom:source_sub", "0", "36")])
def test_an_attribute_that_holds_the_old_sub_is_none(attribute: dict[str, Any]) -> None:
    assert list(source_sub_problems("custom:source_sub", PoolFacts.of(pool(attribute)))) == []
    assert list(source_sub_problems("", PoolFacts.of(pool()))) == []


def test_the_csv_lane_needs_an_attribute_that_the_pool_verifies() -> None:
    [problem] = lane_problems("csv", [], "do something")
    assert "UserLane: " in problem
    assert "do something" in problem
    assert not list(lane_problems("csv", ["email"], "")) + list(lane_problems("auto", [], ""))


# -- differences ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (pool(UsernameConfiguration={"CaseSensitive": False}), pool(), "who types theirs in another way"),
        (
            pool(text("custom:a", Mutable=True)),
            pool(text("custom:a", Mutable=False)),
            "the attributes custom:a can be changed",
        ),
        (
            pool(AccountRecoverySetting=EMAIL_ONLY),
            pool(AccountRecoverySetting=PHONE_ONLY),
            "by verified_email",
        ),
        (pool(), pool(AccountRecoverySetting=NOBODY), "by verified_email and verified_phone_number"),
        (pool(MfaConfiguration="ON"), pool(MfaConfiguration="OPTIONAL"), "MFA is OPTIONAL in the new pool"),
        (pool(MfaConfiguration="OPTIONAL"), pool(), "MFA is OFF in the new pool, but OPTIONAL"),
    ],
)
def test_what_users_would_lose_is_a_difference(
    before: dict[str, Any], after: dict[str, Any], words: str
) -> None:
    [difference] = differences(backup(before), Found(after))
    assert words in difference
    assert difference.startswith("NewUserPoolId: ")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (pool(UsernameConfiguration={"CaseSensitive": True}), pool()),
        (pool(text("custom:a", Mutable=False)), pool(text("custom:a", Mutable=True))),
        (pool(AccountRecoverySetting=EMAIL_ONLY), pool()),
        (pool(AccountRecoverySetting=NOBODY), pool(AccountRecoverySetting=EMAIL_ONLY)),
        (pool(MfaConfiguration="OPTIONAL"), pool(MfaConfiguration="ON")),
    ],
)
def test_what_users_gain_is_none(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert list(differences(backup(before), Found(after))) == []


def test_a_factor_that_the_new_pool_does_not_offer_is_a_difference() -> None:
    config = pool(MfaConfiguration="OPTIONAL")
    captured = backup(config, MFA={"MfaConfiguration": "OPTIONAL", **TOTP, **SMS})
    [difference] = differences(captured, Found(config, {"MfaConfiguration": "OPTIONAL", **TOTP}))
    assert "does not offer SMS messages" in difference
    assert list(differences(captured, Found(config, {"MfaConfiguration": "OPTIONAL", **TOTP, **SMS}))) == []
    assert list(differences(captured, Found(config))) == []  # what could not be read is not compared


def test_identity_providers_that_are_missing_are_a_difference() -> None:
    captured = backup(IDP__okta={}, IDP__google={})
    [difference] = differences(captured, Found(pool(), providers=["google", "other"]))
    assert "lacks the identity providers okta" in difference
    assert list(differences(captured, Found(pool()))) == []


# -- warnings ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("captured", "found", "words"),
    [
        (
            backup(pool(AutoVerifiedAttributes=["email"])),
            Found(pool()),
            "does not verify email automatically",
        ),
        (backup(), Found(pool(MfaConfiguration="ON")), "demands a second factor"),
        (
            backup(pool(UserPoolTier="PLUS")),
            Found(pool(UserPoolTier="LITE")),
            "feature plan is LITE, but PLUS",
        ),
        (backup(RESOURCE_SERVER__api={}), Found(pool(), resource_servers=["web"]), "may need: api"),
        (backup(CLIENT__a={}, CLIENT__b={}), Found(pool(), clients=1), "has 1 app clients, the backup 2"),
        (backup(DOMAIN__shop={}), Found(pool()), "has no domain"),
        (backup(), Found(pool(), groups=["staff", "else"]), "the backup does not know: else"),
    ],
)
def test_what_costs_no_user_anything_is_a_warning(captured: Captured, found: Found, words: str) -> None:
    [warning] = warnings(captured, found, ["staff"])
    assert words in warning


@pytest.mark.parametrize(
    ("captured", "found"),
    [
        (backup(), Found(pool(AutoVerifiedAttributes=["email"], UserPoolTier="PLUS"))),
        (backup(RESOURCE_SERVER__api={}, CLIENT__a={}), Found(pool())),
        (backup(CLIENT__a={}), Found(pool(), clients=3)),
        (backup(DOMAIN__shop={}), Found(pool(CustomDomain="auth.example.com"))),
        (backup(pool(MfaConfiguration="ON")), Found(pool(MfaConfiguration="ON"))),
    ],
)
def test_what_is_more_or_not_known_is_none(captured: Captured, found: Found) -> None:
    assert list(warnings(captured, found, [])) == []
