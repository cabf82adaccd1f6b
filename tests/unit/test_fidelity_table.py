"""docs/fidelity.md: its rows and columns are those of the definitions, and every cell is explained."""

import pytest

from local.fidelity.__main__ import PAGE, README
from local.fidelity.cells import Cell, cells_of, document
from local.fidelity.judging import Judgement
from local.fidelity.limits import DATES, LIMITS, RESET_BY_JOB, SUB, Verdict
from local.fidelity.pool_kinds import POOL_KINDS, chosen
from local.fidelity.rows import ROWS
from local.fidelity.short import BEGIN, END, SHORT, line_of, short, within
from local.fidelity.table import SIGNS, heading, name_of, page, rows_of

POOLS = chosen("username,email")
JUDGEMENTS = {
    "username": [
        Judgement("sub", "a", False, SUB),
        Judgement("status:CONFIRMED", "a", True),
        Judgement("status:CONFIRMED", "b", False, RESET_BY_JOB),
        Judgement("dates", "a", False, DATES),
        Judgement("enabled", "a", True, SUB),
    ],
    "email": [Judgement("sub", "a", False, None, "no reason")],
}


def test_a_cell_is_the_worst_of_its_judgements() -> None:
    cells = cells_of(JUDGEMENTS)

    assert cells["status:CONFIRMED", "username"] == Cell(Verdict.CHANGED, (RESET_BY_JOB,))
    assert cells["enabled", "username"] == Cell(Verdict.RESTORED, ())
    assert cells["sub", "email"].verdict is Verdict.UNEXPLAINED
    assert document(cells, 3) == {
        "cells": 5,
        "restored": 1,
        "changed": 2,
        "impossible": 1,
        "unexplained": 1,
        "messages_sent": 3,
    }


def test_a_page_is_read_as_it_was_written() -> None:
    rows = rows_of(page(cells_of(JUDGEMENTS), POOLS))

    number = {limit: LIMITS.index(limit) + 1 for limit in LIMITS}
    assert rows[""] == [heading(kind) for kind in POOLS]
    assert rows["Every user: Sub"] == [f"~ {number[SUB]}", "‼"]
    assert rows["Status: CONFIRMED"] == [f"~ {number[RESET_BY_JOB]}", "–"]
    assert rows["Every user: Dates"] == [f"✗ {number[DATES]}", "–"]
    assert page(cells_of(JUDGEMENTS), POOLS) == page(cells_of(JUDGEMENTS), POOLS)


def test_the_page_has_exactly_the_rows_and_columns_there_are() -> None:
    rows = rows_of(PAGE.read_text())

    assert rows.pop("") == [heading(kind) for kind in POOL_KINDS]
    assert list(rows) == [name_of(row) for row in ROWS]


def test_nothing_on_the_page_is_unexplained_and_every_row_says_something() -> None:
    rows = rows_of(PAGE.read_text())
    del rows[""]
    # There for a setting that no other row is about, of which there is none today.
    del rows[next(name_of(row) for row in ROWS if row.key == "pool:rest")]

    assert SIGNS[Verdict.UNEXPLAINED] not in {cell for cells in rows.values() for cell in cells}
    for name, cells in rows.items():
        assert set(cells) != {"–"}, name


def test_every_row_is_in_the_short_table_and_every_line_of_it_has_a_row() -> None:
    assert {line_of(row.key) for row in ROWS} == set(SHORT)
    with pytest.raises(LookupError, match="about nothing"):
        line_of("nothing")


def test_the_readme_has_the_page_in_short() -> None:
    assert within(README.read_text(), short(PAGE.read_text())) == README.read_text()


def test_the_short_table_goes_between_its_marks_and_nowhere_else() -> None:
    assert within(f"a\n{BEGIN}\nold\n{END}\nb", "new") == f"a\n{BEGIN}\n\nnew\n\n{END}\nb"
    for text in ("", BEGIN, END, f"{END}{BEGIN}", f"{BEGIN}{END}{END}", f"{BEGIN}{BEGIN}{END}"):
        with pytest.raises(ValueError, match="once each"):
            within(text, "new")
