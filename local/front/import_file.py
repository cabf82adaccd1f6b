r"""The file of a user import job: a header and a row for each user.

UTF-8 without a byte order mark; columns in any order, each exactly once; fields separated by commas, without
quoting: a quotation mark is a character like others, and only `\,` stands for a comma. White space around a
value is trimmed. At most 500,000 users, 100 MB, and 16,000 characters a row (cognito/latest/developerguide/
cognito-user-pools-using-import-tool.html, "Formatting the CSV file").

Where that page leaves room, the strictest reading holds: a lone carriage return ends a row too, an empty row
is a row, characters are counted in UTF-16, 100 MB are 100,000,000 bytes.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

USERNAME = "cognito:username"
MFA_ENABLED = "cognito:mfa_enabled"
MOST_USERS = 500_000
LARGEST_FILE = 100_000_000
LONGEST_ROW = 16_000

# GetCSVHeader's example; a pool's custom attributes stand between the two parts.
STANDARD_COLUMNS = (
    "name",
    "given_name",
    "family_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
    "email",
    "email_verified",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "phone_number",
    "phone_number_verified",
    "address",
    "updated_at",
)
COGNITO_COLUMNS = (MFA_ENABLED, USERNAME)

_BOM = b"\xef\xbb\xbf"
_ROW_END = re.compile(r"\r\n|\r|\n")
_SEPARATOR = re.compile(r"(?<!\\),")
_TRIMMED = "".join(map(chr, range(0x21)))  # Java's trim; Python's strip, beside it, knows Unicode's spaces


class UnreadableFile(Exception):
    """A file that cannot be imported at all. The text says why, without anything from the file."""


class BadRow(Exception):
    """A row that cannot be imported. The text says why, without anything from the row."""


@dataclass(frozen=True, slots=True)
class ImportFile:
    """A file that can be read: its columns, and its rows as they stand there."""

    columns: tuple[str, ...]
    rows: Sequence[str]


def header_for(schema: Sequence[str]) -> tuple[str, ...]:
    """Return the columns of a pool: GetCSVHeader's answer."""
    custom = tuple(name for name in schema if name.startswith("custom:"))
    return STANDARD_COLUMNS + custom + COGNITO_COLUMNS


def read_file(content: bytes, header: Sequence[str]) -> ImportFile:
    """Take a file apart; raises UnreadableFile."""
    if len(content) > LARGEST_FILE:
        raise UnreadableFile("The csv file is larger than 100 MB.")
    if content.startswith(_BOM):
        raise UnreadableFile("The csv file could not be parsed: it starts with a byte order mark.")
    try:
        rows = _ROW_END.split(content.decode())
    except UnicodeDecodeError:
        raise UnreadableFile("The csv file could not be parsed: it is not UTF-8.") from None
    if rows[-1] == "":  # the end of the last row, not one more
        rows.pop()
    columns = tuple(rows[0].split(",")) if rows else ()
    if sorted(columns) != sorted(header):
        raise UnreadableFile("The csv file could not be parsed: its header is not the user pool's.")
    if len(rows) - 1 > MOST_USERS:
        raise UnreadableFile("The csv file has more than 500,000 users.")
    return ImportFile(columns, rows[1:])


def values_of(row: str, columns: Sequence[str]) -> dict[str, str]:
    """Return a row's values by column, without the empty ones; raises BadRow."""
    if len(row) * 2 > LONGEST_ROW and len(row.encode("utf-16-le")) // 2 > LONGEST_ROW:
        raise BadRow("The row is longer than 16,000 characters.")
    fields = _SEPARATOR.split(row)
    if len(fields) != len(columns):
        raise BadRow("The number of values is not that of the columns in the header.")
    values = (field.replace("\\,", ",") for field in fields)
    return {column: value for column, text in zip(columns, values, strict=True) if (value := _trimmed(text))}


def _trimmed(text: str) -> str:
    """Remove what Java or Python would: each pass may lay bare what the other one trims."""
    while (shorter := text.strip().strip(_TRIMMED)) != text:
        text = shorter
    return text
