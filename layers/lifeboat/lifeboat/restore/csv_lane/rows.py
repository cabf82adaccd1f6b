"""Rows of a user import job: which users one can carry, and how it is written.

The format has no quoting and trims white space; only a comma can be escaped
(https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-using-import-tool-csv-header.html).
A value that might come back changed is not put into a row: its user goes by the API lane.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from lifeboat.cognito.pool import PoolFacts, settable_attributes
from lifeboat.model import Status, User

USERNAME = "cognito:username"
MFA_ENABLED = "cognito:mfa_enabled"
LONGEST_ROW = 16_000
"""Characters that a row may have."""

NOT_ENABLED = "the new pool verifies no address automatically, so it takes no import job"
UNCONFIRMED = "status UNCONFIRMED: an import job would confirm the user"
NOT_VERIFIED = "no verified address of a kind that the new pool verifies automatically"
EMAIL_MFA = "MFA by email, which a row cannot carry"
NO_SMS_MFA = "the new pool requires MFA, and a row can only give it by SMS"
NO_COLUMN = "an attribute that the import job's header does not have"
CONTROL = "a value with a line break or another control character"
SPACE = "a value that begins or ends with white space"
PUNCTUATION = "a value with a backslash or a quotation mark"
EMPTY = "an attribute with an empty value"
DATE = "a date that the import job's format does not have"
REQUIRED = "an attribute that the new pool requires is missing"
NAME = "no username that a row can carry"
TOO_LONG = f"a row of more than {LONGEST_ROW:,} characters"

_DIGITS = re.compile(r"[0-9]+")
_UNSAFE = re.compile(r'[\\"]')


class Uncarried(Exception):
    """A user that a row cannot carry. The text is the reason, without values."""


@dataclass(frozen=True, slots=True)
class RowFormat:
    """The rows that one pool's import jobs take. `header` is GetCSVHeader's answer, in its order."""

    facts: PoolFacts
    header: Sequence[str]

    @property
    def header_line(self) -> str:
        """The file's first line."""
        return ",".join(self.header)

    def row(self, user: User) -> str:
        """The line of a user as the new pool is to have it (`wanted`). Raises Uncarried."""
        self._check_user(user)
        attributes = settable_attributes(user)
        name = self.facts.sign_in_name(user)
        if not name or any(character.isspace() for character in name):
            raise Uncarried(NAME)
        if any(attribute not in self.header for attribute in attributes):
            raise Uncarried(NO_COLUMN)
        cells = {attribute: self._cell(attribute, value) for attribute, value in attributes.items()}
        cells[USERNAME] = _escaped(name)
        cells[MFA_ENABLED] = "true" if "SMS_MFA" in user.mfa else "false"
        line = ",".join(cells.get(column, "") for column in self.header)
        if len(line.encode("utf-16-le")) // 2 > LONGEST_ROW:  # as Java counts characters
            raise Uncarried(TOO_LONG)
        return line

    def _check_user(self, user: User) -> None:
        automatic = self.facts.auto_verified
        if not automatic:
            raise Uncarried(NOT_ENABLED)
        if user.status == Status.UNCONFIRMED:
            raise Uncarried(UNCONFIRMED)
        if not any(user.verified(attribute) for attribute in automatic):
            raise Uncarried(NOT_VERIFIED)
        if "EMAIL_OTP" in user.mfa:
            raise Uncarried(EMAIL_MFA)
        if self.facts.mfa == "ON" and "SMS_MFA" not in user.mfa:
            raise Uncarried(NO_SMS_MFA)
        for name, entry in self.facts.schema.items():
            if entry.get("Required") and name != "sub" and not user.attributes.get(name):
                raise Uncarried(REQUIRED)

    def _cell(self, attribute: str, value: str) -> str:
        if value == "":
            raise Uncarried(EMPTY)
        if attribute == "birthdate":
            return _american_date(value)
        if attribute == "updated_at" and not _DIGITS.fullmatch(value):
            raise Uncarried(DATE)
        if self.facts.schema.get(attribute, {}).get("AttributeDataType") == "DateTime":
            raise Uncarried(DATE)
        return _escaped(value)


def _american_date(value: str) -> str:
    """YYYY-MM-DD, as the API has it, as mm/dd/yyyy."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise Uncarried(DATE)
    try:
        date.fromisoformat(value)
    except ValueError:
        raise Uncarried(DATE) from None
    year, month, day = value.split("-")
    return f"{month}/{day}/{year}"


def _escaped(value: str) -> str:
    # Cc: control characters; Cs: lone surrogates, which UTF-8 cannot encode; Zl, Zp: line and paragraph
    # separators, which a parser may take for the end of a row.
    if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in value):
        raise Uncarried(CONTROL)
    if value != value.strip() or value.startswith("\ufeff") or value.endswith("\ufeff"):
        raise Uncarried(SPACE)
    if _UNSAFE.search(value):
        raise Uncarried(PUNCTUATION)
    return value.replace(",", "\\,")
