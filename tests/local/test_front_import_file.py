"""The file of a user import job: what can be read at all, and how a row is taken apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.front.import_file import (
    LARGEST_FILE,
    MOST_USERS,
    STANDARD_COLUMNS,
    BadRow,
    UnreadableFile,
    header_for,
    read_file,
    values_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

HEADER = ("name", "email", "cognito:username")


def test_the_header_is_the_documented_one() -> None:
    schema = ["sub", "name", "email", "identities", "custom:plan", "dev:custom:secret", "custom:age"]
    assert header_for(schema) == (
        *STANDARD_COLUMNS,
        "custom:plan",
        "custom:age",
        "cognito:mfa_enabled",
        "cognito:username",
    )


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
def test_rows_end_where_lines_do(end: str, last: bool) -> None:
    text = end.join([",".join(HEADER), "a,b,c", "", "d,e,f\u2028\x85"]) + end * last
    file = read_file(text.encode(), HEADER)
    assert list(file.rows) == ["a,b,c", "", "d,e,f\u2028\x85"]


def test_columns_may_come_in_any_order() -> None:
    file = read_file(b"cognito:username,name,email\nana,Ana,a@b\n", HEADER)
    assert values_of(file.rows[0], file.columns) == {
        "cognito:username": "ana",
        "name": "Ana",
        "email": "a@b",
    }


def test_a_file_without_users_can_be_read() -> None:
    assert list(read_file(b"name,email,cognito:username", HEADER).rows) == []


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "header"),
        (b"\n", "header"),
        (b"name,cognito:username\n", "header"),
        (b"name,email,cognito:username,phone\n", "header"),
        (b"name,email,email,cognito:username\n", "header"),
        (b"name,email,email\n", "header"),
        (b"name,email,Cognito:username\n", "header"),
        (b"name, email,cognito:username\n", "header"),
        (b'"name","email","cognito:username"\n', "header"),
        (b"ana,a@example.com,ana\n", "header"),
        (b"\xef\xbb\xbfname,email,cognito:username\n", "byte order mark"),
        ("name,email,cognito:username\n".encode("utf-16"), "UTF-8"),
        (b"name,email,cognito:username\n\xe4na,,\n", "UTF-8"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_files_that_cannot_be_read(content: bytes, why: str) -> None:
    with pytest.raises(UnreadableFile, match=why):
        read_file(content, HEADER)


def test_a_file_may_have_so_many_users_and_no_more() -> None:
    header = b"name,email,cognito:username\n"
    assert len(read_file(header + b"\n" * MOST_USERS, HEADER).rows) == MOST_USERS
    with pytest.raises(UnreadableFile, match="500,000"):
        read_file(header + b"\n" * (MOST_USERS + 1), HEADER)


def test_a_file_may_be_so_large_and_no_larger() -> None:
    header = b"name,email,cognito:username\n"
    assert len(read_file(header + b"x" * (LARGEST_FILE - len(header)), HEADER).rows) == 1
    with pytest.raises(UnreadableFile, match="100 MB"):
        read_file(header + b"x" * (LARGEST_FILE + 1 - len(header)), HEADER)


@pytest.mark.parametrize(
    ("row", "values"),
    [
        ("a,b,c", ["a", "b", "c"]),
        (" a\t,\u00a0b\u2003,\x01c\x1f \u00a0", ["a", "b", "c"]),
        (r"a\,b,\,,c\,", ["a,b", ",", "c,"]),
        (r"a\\,b,c", None),
        (r"a\b,\\\,,c", [r"a\b", "\\\\,", "c"]),
        ('"a,b",c', ['"a', 'b"', "c"]),
        ('""a"",\'b\',c', ['""a""', "'b'", "c"]),
        (",b,", ["", "b", ""]),
        (",, ", ["", "", ""]),
        ("", None),
        ("a,b", None),
        ("a,b,c,", None),
        ("x" * 15_998 + ",,", ["x" * 15_998, "", ""]),
        ("x" * 15_999 + ",,", None),
        ("\N{PILE OF POO}" * 7_999 + ",,", ["\N{PILE OF POO}" * 7_999, "", ""]),
        ("\N{PILE OF POO}" * 8_000 + ",,", None),
    ],
)
def test_how_a_row_is_read(row: str, values: Sequence[str] | None) -> None:
    if values is None:
        with pytest.raises(BadRow):
            values_of(row, HEADER)
    else:
        found = values_of(row, HEADER)
        assert [found.get(column, "") for column in HEADER] == list(values)
        assert "" not in found.values()


ordinary = st.text(st.characters(exclude_characters="\r\n\\", exclude_categories=["Cs"]), max_size=20)


@given(
    st.lists(
        ordinary.filter(lambda text: text == text.strip().strip("".join(map(chr, range(33))))),
        min_size=3,
        max_size=3,
    )
)
def test_a_comma_is_all_that_has_to_be_escaped(values: list[str]) -> None:
    row = ",".join(value.replace(",", "\\,") for value in values)
    file = read_file(f"{','.join(HEADER)}\n{row}\n".encode(), HEADER)
    (only,) = file.rows
    found = values_of(only, HEADER)
    assert [found.get(column, "") for column in HEADER] == values
