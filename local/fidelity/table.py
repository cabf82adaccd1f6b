"""The page `docs/fidelity.md`: the table in Markdown, with its legend. The same cells give the same page."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final

from local.fidelity.cells import Cell, Cells
from local.fidelity.limits import LIMITS, NOT_IN_THE_RUN, Limit, Verdict
from local.fidelity.pool_kinds import PoolKind
from local.fidelity.rows import ROWS, Row
from local.fidelity.user_kinds import USER_KINDS

SIGNS: Final[Mapping[Verdict, str]] = {
    Verdict.RESTORED: "✓",
    Verdict.CHANGED: "~",
    Verdict.IMPOSSIBLE: "✗",
    Verdict.UNEXPLAINED: "‼",
}
NOWHERE: Final = "–"

HEAD: Final = """\
# What comes back

Produced by `make fidelity`, never edited: every kind of user pool × every kind of user that can exist in it,
exported, imported in the other Region on the embedded AWS, and judged from outside. A test runs a part of it
again and compares.

- ✓ restored as it was
- ~ restored with a change; the number says which
- ✗ cannot be restored; the number says why
- – cannot exist in such a pool, or is not the import's to restore there
"""

MADE: Final = """\
† The new pool was made by the import (`{"CreateUserPool": …}`); the others were there, made by the operator.
"""


def page(cells: Cells, kinds: Sequence[PoolKind]) -> str:
    """Return the whole page."""
    parts = [
        HEAD,
        "## Kinds of pool\n",
        *(f"- **{heading(kind)}**: {kind.what}" for kind in kinds),
        "",
        MADE,
        "## The table\n",
        f"{', '.join(_counted(cells))}.\n",
        *_table(cells, kinds),
        "",
        "## The changes, and what cannot be restored\n",
        *(_note(limit) for limit in LIMITS),
        "",
        "Nor do these come back, of which the embedded AWS has nothing to judge:\n",
        *(f"- {what}: {why}." for what, why in NOT_IN_THE_RUN),
        "",
        "## Kinds of user\n",
        *(_of_kind(kind.what, kind.rule) for kind in USER_KINDS),
    ]
    return "\n".join(parts) + "\n"


def _counted(cells: Cells) -> Iterator[str]:
    yield f"{len(cells)} cells"
    for verdict, sign in SIGNS.items():
        yield f"{sum(cell.verdict is verdict for cell in cells.values())} {sign}"


def heading(kind: PoolKind) -> str:
    """Return the heading of the column of a kind of pool."""
    return f"{kind.column}{' †' if kind.made_by_import else ''}"


def _table(cells: Cells, kinds: Sequence[PoolKind]) -> Iterator[str]:
    yield _line(["", *(heading(kind) for kind in kinds)])
    yield _line(["---", *(":-:" for _ in kinds)])
    for section, rows in groupby(ROWS, key=lambda row: row.section):
        yield _line([f"**{section}**", *("" for _ in kinds)])
        for row in rows:
            yield _line([_escaped(row.title), *(_sign(cells.get((row.key, kind.key))) for kind in kinds)])


def _line(columns: Sequence[str]) -> str:
    return f"| {' | '.join(columns)} |"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")


def _sign(cell: Cell | None) -> str:
    if cell is None:
        return NOWHERE
    numbers = " ".join(str(LIMITS.index(limit) + 1) for limit in cell.limits)
    return f"{SIGNS[cell.verdict]} {numbers}".strip()


def _note(limit: Limit) -> str:
    return (
        f"{LIMITS.index(limit) + 1}. {SIGNS[limit.verdict]} {_sentence(limit.what)}. {_sentence(limit.why)}."
    )


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _of_kind(what: str, rule: str) -> str:
    return f"- {_sentence(what)}{f'. Where not: {rule}' if rule else ''}."


def rows_of(text: str) -> dict[str, list[str]]:
    """Read a page's table: the row's title → its cells, in the order of the columns, which "" has."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    table: dict[str, list[str]] = {}
    section = ""
    for line in lines:
        title, *columns = (part.strip() for part in re.split(r"(?<!\\)\|", line)[1:-1])
        if title.startswith("**"):
            section = title.strip("*")
        elif not title.startswith("---"):
            table[f"{section}: {title}" if section else title] = columns
    return table


def name_of(row: Row) -> str:
    """Return a row's name among those that `rows_of` reads."""
    return f"{row.section}: {_escaped(row.title)}"
