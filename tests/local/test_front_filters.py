"""The grammar of ListUsers' Filter."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.front.filters import ATTRIBUTES, Filter, parse
from local.front.protocol import CognitoError

FILTERS = st.builds(Filter, st.sampled_from(sorted(ATTRIBUTES)), st.booleans(), st.text())


def user(username: str = "ana", status: str = "CONFIRMED", enabled: bool = True, **attributes: str) -> Any:
    listed = [{"Name": name, "Value": value} for name, value in attributes.items()]
    return {"Username": username, "UserStatus": status, "Enabled": enabled, "Attributes": listed}


@given(FILTERS)
def test_what_is_written_is_read_back(condition: Filter) -> None:
    assert parse(str(condition)) == condition


@given(st.text(max_size=60))
def test_any_text_is_a_filter_or_refused_as_cognito_does(text: str) -> None:
    try:
        condition = parse(text)
    except CognitoError as error:
        assert error.code == "InvalidParameterException"  # noqa: PT017
    else:
        assert parse(str(condition)) == condition


@given(FILTERS, st.text(alphabet="=^!<>&|,;xz", min_size=1, max_size=3))
def test_nothing_may_follow_the_value(condition: Filter, rest: str) -> None:
    with pytest.raises(CognitoError, match="Error while parsing filter"):
        parse(f"{condition} {rest}")


@given(st.text(min_size=1), st.text())
def test_starts_with(start: str, rest: str) -> None:
    assert Filter("name", True, start).matches(user(name=start + rest))
    assert Filter("name", False, start).matches(user(name=start))


@pytest.mark.parametrize("spacing", ['sub="0"', 'sub = "0"', ' sub  =  "0" ', '"sub" = "0"', 'sub\t="0"'])
def test_spaces_and_quoted_names(spacing: str) -> None:
    assert parse(spacing) == Filter("sub", False, "0")


def test_words_of_the_refusals() -> None:
    with pytest.raises(CognitoError) as malformed:
        parse("email = a@example.com")
    with pytest.raises(CognitoError) as unknown:
        parse('custom:plan = "x"')
    assert malformed.value.message == "Error while parsing filter."
    assert unknown.value.message == "Invalid search attribute: custom:plan"


@pytest.mark.parametrize(
    ("condition", "matches"),
    [
        ('username = "ana"', True),
        ('username = "Ana"', False),
        ('email = "A@example.com"', True),
        ('cognito:user_status = "confirmed"', True),
        ('status = "Enabled"', True),
        ('status = "enabled"', False),
        ('status = "Disabled"', False),
        ('sub ^= "0f"', True),
        ('sub ^= ""', True),
        ('name = ""', True),
        ('name ^= "A"', False),
    ],
)
def test_what_matches(condition: str, matches: bool) -> None:
    assert parse(condition).matches(user(email="a@example.com", sub="0f00")) is matches
