"""The words and numbers of the report's page. What is returned is plain text, to be escaped."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

PHASES: Mapping[str, str] = {
    "PREFLIGHT": "Checks",
    "POOL": "New pool",
    "GROUPS": "Groups",
    "USERS": "Users and memberships",
    "LISTING": "Listing of the new pool",
    "COMPARISON": "Comparison with the backup",
    "REPORT": "Report",
}
"""The phases of an import, in the words of the page."""

THINGS: Mapping[str, str] = {
    "GROUPS": "groups",
    "USERS": "users",
    "LISTING": "users and memberships",
    "COMPARISON": "users",
}
"""What a phase counts."""

_INSTANT = re.compile(r"(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(?:\.\d+)?Z")


def number(value: float) -> str:
    """A count with its thousands, or a rate with its tenths."""
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"


def plural(count: int, one: str, many: str = "") -> str:
    """A count with its noun."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def duration(seconds: float) -> str:
    """Seconds as hours, minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    words = [(hours, "h"), (minutes, "min"), (rest, "s")]
    return " ".join(f"{value} {unit}" for value, unit in words if value) or "0 s"


def moment(text: str) -> str:
    """An `instant` to the second, with its zone; any other text as it is."""
    found = _INSTANT.fullmatch(text)
    return f"{found[1]} {found[2]} UTC" if found else text


def clock(text: str) -> str:
    """The time of day of an `instant`."""
    found = _INSTANT.fullmatch(text)
    return found[2] if found else text


def seconds_since(begin: str, moments: list[str]) -> list[float] | None:
    """Seconds from one `instant` to others; None if any of them is none."""
    if not all(_INSTANT.fullmatch(each) for each in (begin, *moments)):
        return None
    try:
        first = datetime.fromisoformat(begin)
        return [(datetime.fromisoformat(each) - first).total_seconds() for each in moments]
    except ValueError:
        return None
