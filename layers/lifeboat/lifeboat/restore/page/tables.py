"""Tables of the report's page: complete without scripts; `report.js` adds search, sorting and portions.

No value of the report is ever written into an attribute: what the page is made of never depends on one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from lifeboat.restore.page.words import plural

MOST_ROWS = 10_000
"""A longer table is cut: the JSON report has every row."""

NAME, CODE, WORD, NUMBER, TEXT = "name", "code", "word", "n", ""
"""The classes of columns: usernames are hidden until they are switched on."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its title, and what it holds."""

    title: str
    holds: str = TEXT


@dataclass(frozen=True, slots=True)
class Table:
    """A table of texts. `caption` says what a row is, `row` names one: "user".

    Of `total` rows the first MOST_ROWS at least are in `rows`; all of them, where no total is given.
    """

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    row: str = "row"
    total: int | None = None

    def html(self) -> str:
        """The table, its tools (which work by scripts only, and are hidden without), and what was cut."""
        head = "".join(f'<th scope="col"{_class(each)}>{escape(each.title)}</th>' for each in self.columns)
        body = "".join(self._row(row) for row in self.rows[:MOST_ROWS])
        total = len(self.rows) if self.total is None else self.total
        cut = total - MOST_ROWS
        more = f'<p class="dim">{cut:,} more are in the JSON report.</p>' if cut > 0 else ""
        return (
            f'<div class="list" data-rows="{self.row}">'
            '<div class="tools" hidden><label>Search <input type="search" autocomplete="off"></label> '
            "<output></output></div>"
            f"<table><caption>{escape(self.caption)} "
            f'<span class="dim">({plural(total, self.row)})</span></caption>'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
            '<p class="more" hidden><button type="button">Show more</button> '
            '<button type="button">Show all</button></p>'
            f"{more}</div>"
        )

    def _row(self, row: Sequence[str]) -> str:
        cells = (
            f"<td{_class(column)}>{_cell(column, cell)}</td>"
            for column, cell in zip(self.columns, row, strict=True)
        )
        return f"<tr>{''.join(cells)}</tr>"


def _class(column: Column) -> str:
    return f' class="{column.holds}"' if column.holds else ""


def _cell(column: Column, text: str) -> str:
    return f"<code>{escape(text)}</code>" if column.holds == CODE else escape(text)
