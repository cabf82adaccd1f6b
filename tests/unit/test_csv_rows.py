"""Rows of import jobs: read back by the documented format they give the user exactly, or there is no row."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lifeboat.cognito.pool import PoolFacts
from lifeboat.model import User
from lifeboat.restore.csv_lane import rows as csv_rows
from lifeboat.restore.csv_lane.rows import LONGEST_ROW, RowFormat, Uncarried

HEADER = (
    "name",
    "email",
    "email_verified",
    "birthdate",
    "phone_number",
    "phone_number_verified",
    "updated_at",
    "custom:note",
    "custom:when",
    "cognito:mfa_enabled",
    "cognito:username",
)
VERIFIED = {"email": "ann@example.com", "email_verified": "true"}
TEXTS = st.text() | st.text(',\\" \t\u00a0\u2028\u0085\ufeff\u200b\u3000aé😀\n\r\x00\x1c\ud800', max_size=12)


def pool(**description: Any) -> PoolFacts:
    return PoolFacts.of({"Id": "eu-west-1_New", "AutoVerifiedAttributes": ["email"], **description})


def user(attributes: dict[str, str] | None = None, **changes: Any) -> User:
    sub = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
    given = User(sub, "ann", {"sub": sub, **VERIFIED, **(attributes or {})}, True, "CONFIRMED")
    return replace(given, **changes)


def row_of(person: User, **description: Any) -> str:
    return RowFormat(pool(**description), HEADER).row(person)


def read(row: str) -> dict[str, str]:
    r"""A row as the documentation says that it is read, and as strictly as it may be.

    There is no quoting; only `\,` is an escape; white space is trimmed, by Python's idea of it or Java's.
    """
    assert row.encode().decode() == row
    assert not re.search(r"[\r\n\u0085\u2028\u2029\x0b\x0c]", row)
    cells = [cell.replace("\\,", ",") for cell in re.split(r"(?<!\\),", row)]
    assert len(cells) == len(HEADER)
    trimmed = [cell.strip().strip("".join(map(chr, range(0x21)))).strip("\ufeff") for cell in cells]
    values = {column: cell for column, cell in zip(HEADER, trimmed, strict=True) if cell}
    if "birthdate" in values:
        month, day, year = values["birthdate"].split("/")
        values["birthdate"] = f"{year}-{month}-{day}"
    return values


def refused(person: User, **description: Any) -> str:
    with pytest.raises(Uncarried) as found:
        row_of(person, **description)
    return str(found.value)


# -- round trip ----------------------------------------------------------------------------------------------


@given(
    st.dictionaries(
        st.sampled_from(
            [name for name in HEADER if not name.startswith("cognito:") and name != "custom:when"]
        ),
        TEXTS,
    ),
    TEXTS.filter(bool),
)
@example({"name": "a,", "custom:note": ",b"}, ",,")
@example({"name": "\\"}, "a\\")
@example({"name": '"quoted"'}, '"')
@example({"name": "\u200bzero width\u200b"}, "李,")
@example({"birthdate": "0001-02-03", "updated_at": "0"}, "x")
def test_a_row_gives_the_user_exactly_or_there_is_none(attributes: dict[str, str], username: str) -> None:
    person = user(attributes, username=username)
    try:
        row = row_of(person)
    except Uncarried:
        return
    values = read(row)
    assert values.pop("cognito:username") == username
    assert values.pop("cognito:mfa_enabled") == "false"
    assert values == {name: value for name, value in person.attributes.items() if name != "sub"}


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"], exclude_characters='\\"'), min_size=1)
)
def test_ordinary_text_of_any_script_is_carried(text: str) -> None:
    assert read(row_of(user({"name": text})))["name"] == text


@given(st.dates())
def test_every_date_is_carried_as_month_day_year(date: Any) -> None:
    row = row_of(user({"birthdate": date.isoformat()}))
    assert f"{date:%m/%d/}{date.year:04}" in row.split(",")
    assert read(row)["birthdate"] == date.isoformat()


@given(TEXTS, TEXTS)
def test_no_reason_repeats_a_value(name: str, note: str) -> None:
    reasons = {value for key, value in vars(csv_rows).items() if key.isupper() and isinstance(value, str)}
    reason = ""
    try:
        row_of(user({"name": name, "custom:note": note}))
    except Uncarried as error:
        reason = str(error)
    assert reason in {"", *reasons}


def test_the_header_is_given_as_it_came() -> None:
    assert RowFormat(pool(), HEADER).header_line == ",".join(HEADER)


def test_what_cognito_makes_itself_is_not_in_a_row() -> None:
    row = row_of(user({"identities": "[]", "cognito:user_status": "CONFIRMED"}))
    assert "[]" not in row
    assert "CONFIRMED" not in row


# -- who goes by a row ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["CONFIRMED", "RESET_REQUIRED", "FORCE_CHANGE_PASSWORD", "ARCHIVED"])
@pytest.mark.parametrize("enabled", [True, False])
def test_these_statuses_are_carried(status: str, enabled: bool) -> None:
    assert row_of(user(status=status, enabled=enabled))


def test_an_unconfirmed_user_is_not_confirmed_by_a_job() -> None:
    assert refused(user(status="UNCONFIRMED")) == csv_rows.UNCONFIRMED


def test_a_pool_that_verifies_nothing_takes_no_job() -> None:
    assert refused(user(), AutoVerifiedAttributes=[]) == csv_rows.NOT_ENABLED


@pytest.mark.parametrize(
    ("attributes", "automatic", "carried"),
    [
        ({"email": "", "email_verified": "true"}, ["email"], False),
        ({"email_verified": "false"}, ["email"], False),
        ({"email_verified": "True"}, ["email"], True),
        ({"email_verified": "true"}, ["phone_number"], False),
        ({"phone_number": "+1555", "phone_number_verified": "true"}, ["phone_number"], True),
        ({"email_verified": "false", "phone_number_verified": "true"}, ["email", "phone_number"], False),
        ({}, ["email", "phone_number"], True),
    ],
)
def test_one_address_of_a_kind_that_the_pool_verifies_must_be_verified(
    attributes: dict[str, str], automatic: list[str], carried: bool
) -> None:
    if carried:
        assert row_of(user(attributes), AutoVerifiedAttributes=automatic)
    else:
        assert refused(user(attributes), AutoVerifiedAttributes=automatic) == csv_rows.NOT_VERIFIED


@pytest.mark.parametrize("attributes", [{}, {"name": ""}])
def test_required_attributes_must_be_there(attributes: dict[str, str]) -> None:
    schema = [{"Name": "sub", "Required": True}, {"Name": "name", "Required": True}]
    assert refused(user(attributes), SchemaAttributes=schema) == csv_rows.REQUIRED
    assert row_of(user({"name": "Ann"}), SchemaAttributes=schema)


@pytest.mark.parametrize("name", ["", " ann", "a b", "a\tb", "a\u00a0b", "a\nb", "a\u2028b"])
def test_a_username_with_white_space_or_none_is_not_carried(name: str) -> None:
    assert refused(user(username=name)) == csv_rows.NAME


def test_where_usernames_are_generated_the_address_is_the_name() -> None:
    row = row_of(user(username="7a1c"), UsernameAttributes=["email"])
    assert read(row)["cognito:username"] == "ann@example.com"
    assert refused(user(), UsernameAttributes=["phone_number"]) == csv_rows.NAME


def test_in_a_pool_of_emails_and_phones_two_users_who_share_an_unverified_email_keep_their_own_names() -> (
    None
):
    # Who signs in by phone may have the same unverified email as somebody else: it is no name of theirs.
    facts = pool(
        UsernameAttributes=["email", "phone_number"], AutoVerifiedAttributes=["email", "phone_number"]
    )
    other = user({"email_verified": "false", "phone_number": "+15550001", "phone_number_verified": "true"})
    assert facts.sign_in_name(user()) == "ann@example.com"
    assert facts.sign_in_name(other) == "+15550001"


# -- reasons of values ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ({"name": ""}, csv_rows.EMPTY),
        ({"name": "a\nb"}, csv_rows.CONTROL),
        ({"name": "a\rb"}, csv_rows.CONTROL),
        ({"name": "a\x00b"}, csv_rows.CONTROL),
        ({"name": "a\tb"}, csv_rows.CONTROL),
        ({"name": "a\u0085b"}, csv_rows.CONTROL),
        ({"name": "a\u2028b"}, csv_rows.CONTROL),
        ({"name": "a\u2029b"}, csv_rows.CONTROL),
        ({"name": "a\ud800b"}, csv_rows.CONTROL),
        ({"name": " a"}, csv_rows.SPACE),
        ({"name": "a\u00a0"}, csv_rows.SPACE),
        ({"name": "\u3000a"}, csv_rows.SPACE),
        ({"name": "\ufeffa"}, csv_rows.SPACE),
        ({"name": "a\\b"}, csv_rows.PUNCTUATION),
        ({"name": "\\,"}, csv_rows.PUNCTUATION),
        ({"name": '"a"'}, csv_rows.PUNCTUATION),
        ({"dev:custom:x": "1"}, csv_rows.NO_COLUMN),
        ({"custom:unknown": "1"}, csv_rows.NO_COLUMN),
        ({"birthdate": "1990-02-30"}, csv_rows.DATE),
        ({"birthdate": "0000-01-01"}, csv_rows.DATE),
        ({"birthdate": "1990-1-1"}, csv_rows.DATE),
        ({"birthdate": "01/02/1990"}, csv_rows.DATE),
        ({"birthdate": "１９９０-01-01"}, csv_rows.DATE),
        ({"birthdate": "1990-01-01\n"}, csv_rows.DATE),
        ({"updated_at": "1.5"}, csv_rows.DATE),
        ({"updated_at": "-1"}, csv_rows.DATE),
        ({"updated_at": "٣"}, csv_rows.DATE),
        ({"updated_at": "2026-01-01"}, csv_rows.DATE),
        ({"custom:when": "2026-01-01T00:00:00Z"}, csv_rows.DATE),
    ],
)
def test_a_value_that_a_row_would_change_is_not_put_into_one(attributes: dict[str, str], reason: str) -> None:
    schema = [{"Name": "custom:when", "AttributeDataType": "DateTime"}]
    assert refused(user(attributes), SchemaAttributes=schema) == reason


def test_a_row_may_have_16_000_characters_and_no_more() -> None:
    rest = len(row_of(user({"name": "x"}))) - 1
    longest = user({"name": "x" * (LONGEST_ROW - rest)})
    assert len(row_of(longest)) == LONGEST_ROW
    assert refused(user({"name": "x" * (LONGEST_ROW - rest + 1)})) == csv_rows.TOO_LONG
    assert refused(user({"name": "," * (LONGEST_ROW - rest)})) == csv_rows.TOO_LONG


def test_characters_are_counted_as_strictly_as_they_may_be() -> None:
    # Java counts a character beyond the basic plane as two.
    assert refused(user({"name": "😀" * (LONGEST_ROW // 2)})) == csv_rows.TOO_LONG


@given(st.integers(min_value=0, max_value=10**12))
def test_updated_at_is_carried_as_seconds(seconds: int) -> None:
    assert read(row_of(user({"updated_at": str(seconds)})))["updated_at"] == str(seconds)


# -- second factors ------------------------------------------------------------------------------------------

WITH_PHONE = {"phone_number": "+15550001", "phone_number_verified": "true"}


def test_sms_is_carried_and_email_is_not() -> None:
    sms = user(WITH_PHONE, mfa=("SMS_MFA",))
    assert read(row_of(sms, MfaConfiguration="OPTIONAL"))["cognito:mfa_enabled"] == "true"
    assert read(row_of(user(WITH_PHONE), MfaConfiguration="OPTIONAL"))["cognito:mfa_enabled"] == "false"
    assert refused(user(mfa=("EMAIL_OTP",)), MfaConfiguration="OPTIONAL") == csv_rows.EMAIL_MFA
    both = user(WITH_PHONE, mfa=("EMAIL_OTP", "SMS_MFA"))
    assert refused(both, MfaConfiguration="ON") == csv_rows.EMAIL_MFA


def test_where_mfa_is_required_every_row_says_so_or_is_not_written() -> None:
    # "If MFA is required, the field must be true for all users": whom no SMS factor is known of has no row.
    sms = user(WITH_PHONE, mfa=("SMS_MFA",))
    assert read(row_of(sms, MfaConfiguration="ON"))["cognito:mfa_enabled"] == "true"
    for other in (user(), user(WITH_PHONE), user(WITH_PHONE, mfa=("SOFTWARE_TOKEN_MFA",))):
        assert "SMS" in refused(other, MfaConfiguration="ON")


def test_examples_are_carried_as_documented() -> None:
    person = user({"name": "Ann, B.", "birthdate": "1990-02-03", "updated_at": "1700000000"})
    assert row_of(person) == r"Ann\, B.,ann@example.com,true,02/03/1990,,,1700000000,,,false,ann"
