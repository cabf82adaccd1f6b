"""The table in short, for the README: read from the page, so that it says the same.

Each line sums up some of the page's rows over every kind of pool. `make fidelity` writes it between its two
marks; a test computes it again from the page.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from local.fidelity.limits import LIMITS
from local.fidelity.rows import ROWS
from local.fidelity.table import NOWHERE, SIGNS, name_of, rows_of

BEGIN: Final = "<!-- what comes back: written by `make fidelity` -->"
END: Final = "<!-- end of what comes back -->"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the short table: its title, and patterns of the keys of the rows that it sums up."""

    title: str
    rows: tuple[str, ...]

    def __init__(self, title: str, *rows: str) -> None:
        object.__setattr__(self, "title", title)
        object.__setattr__(self, "rows", rows)


SHORT: Final = (
    Line("Users, each of them once", "present"),
    Line("Usernames", "username"),
    Line("`sub`", "sub"),
    Line("Old `sub` in an attribute, and in a map", "source-sub", "map"),
    Line("Attributes, standard and custom, and whether they are verified", "attributes*"),
    Line("Sign-in by email, phone number, preferred username", "alias:*"),
    Line("Disabled users", "enabled"),
    Line("CONFIRMED users", "status:CONFIRMED", "forgot:CONFIRMED"),
    Line("RESET_REQUIRED users", "status:RESET_REQUIRED", "forgot:RESET_REQUIRED"),
    Line("FORCE_CHANGE_PASSWORD users", "status:FORCE_CHANGE_PASSWORD*", "forgot:FORCE_CHANGE_PASSWORD*"),
    Line("UNCONFIRMED users", "status:UNCONFIRMED", "forgot:UNCONFIRMED"),
    Line("Users without a verified address: a way in", "way-in"),
    Line("Passwords", "password"),
    Line("Creation and modification dates", "dates"),
    Line("Second factors: SMS, email", "factor:SMS_MFA", "factor:EMAIL_OTP"),
    Line("Second factor: authenticator app", "factor:SOFTWARE_TOKEN_MFA"),
    Line("Preferred second factor", "preferred"),
    Line("Groups, with precedence, description, role; empty ones", "group:*"),
    Line("Memberships", "memberships*"),
    Line("Linked identities, and sign-in by them", "identities", "linked-sign-in"),
    Line("Federated users", "profile", "profile-disabled"),
    Line("Groups of federated users", "profile-groups"),
    Line("App clients and their secrets, sign-in of machines by them", "pool:client*", "pool:machine"),
    Line("Everything else of the pool, if the import makes it", "pool:*"),
)
"""The lines; a row belongs to the first that has a pattern for its key."""


def short(page: str) -> str:
    """Return the short table in Markdown, computed from the text of the page."""
    table = rows_of(page)
    lines = ["| | | what is different |", "|---|---|---|"]
    lines += [f"| {line.title} | {' '.join(_told(_cells(line, table)))} |" for line in SHORT]
    return "\n".join(lines)


def line_of(key: str) -> Line:
    """Return the line which sums up the row with this key. Raises LookupError if there is none."""
    for line in SHORT:
        if any(fnmatchcase(key, pattern) for pattern in line.rows):
            return line
    raise LookupError(f"no line of the short table is about {key}")


def within(readme: str, table: str) -> str:
    """Put the table between its marks. Raises ValueError if they are not there, once each, in order."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end) or BEGIN in rest or END in after:
        raise ValueError(f"expected the lines {BEGIN} and {END}, once each")
    return f"{before}{BEGIN}\n\n{table}\n\n{END}{after}"


def _cells(line: Line, table: Mapping[str, Sequence[str]]) -> list[str]:
    rows = [name_of(row) for row in ROWS if line_of(row.key) is line]
    return [cell for name in rows for cell in table[name] if cell != NOWHERE]


def _told(cells: Sequence[str]) -> Iterator[str]:
    """Yield the signs that there are, and after them what the numbers beside them stand for."""
    found = [sign for sign in SIGNS.values() if any(cell.startswith(sign) for cell in cells)]
    yield f"{' '.join(found)} |"
    limits = [
        LIMITS[number - 1] for number in sorted({int(n) for cell in cells for n in re.findall(r"\d+", cell)})
    ]
    apart = len({limit.verdict for limit in limits}) > 1
    yield "; ".join(f"{SIGNS[limit.verdict]} {limit.what}" if apart else limit.what for limit in limits)
