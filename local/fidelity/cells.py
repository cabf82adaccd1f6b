"""The cells of the table: for each row and kind of pool, what its judgements come to."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from local.fidelity.judging import Judgement
from local.fidelity.limits import LIMITS, Limit, Verdict

WORST_FIRST: Final = (Verdict.UNEXPLAINED, Verdict.IMPOSSIBLE, Verdict.CHANGED, Verdict.RESTORED)


@dataclass(frozen=True, slots=True)
class Cell:
    """The worst verdict of a row's judgements in one kind of pool, and every limit that one of them met."""

    verdict: Verdict
    limits: tuple[Limit, ...]


Cells = Mapping[tuple[str, str], Cell]
"""(row key, pool key) → cell; where nothing can exist there is none."""


def cells_of(judgements: Mapping[str, Iterable[Judgement]]) -> dict[tuple[str, str], Cell]:
    """Sum up the judgements of each kind of pool."""
    gathered: dict[tuple[str, str], list[Judgement]] = {}
    for pool, all_of_it in judgements.items():
        for judgement in all_of_it:
            gathered.setdefault((judgement.row, pool), []).append(judgement)
    return {place: _cell(found) for place, found in gathered.items()}


def _cell(judgements: Iterable[Judgement]) -> Cell:
    verdicts = {judgement.verdict for judgement in judgements}
    met = {judgement.limit for judgement in judgements if judgement.limit and not judgement.same}
    return Cell(
        next(verdict for verdict in WORST_FIRST if verdict in verdicts),
        tuple(limit for limit in LIMITS if limit in met),
    )


def document(cells: Cells, messages: int) -> dict[str, Any]:
    """Return the content of fidelity.json: how many cells there are, of each verdict, and messages sent."""
    counts = Counter(cell.verdict for cell in cells.values())
    return {
        "cells": len(cells),
        "restored": counts[Verdict.RESTORED],
        "changed": counts[Verdict.CHANGED],
        "impossible": counts[Verdict.IMPOSSIBLE],
        "unexplained": counts[Verdict.UNEXPLAINED],
        "messages_sent": messages,
    }
