"""How far the scan of the backup is, as its workers write it to the import's ledger entry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from lifeboat.restore.scan import scan_field


@dataclass(frozen=True, slots=True)
class Scanned:
    """`expected` users were counted so far, `complete` of them were so before; `to_come` were not scanned.

    What is to come is about right only: the backup may hold others than the export has listed.
    """

    finished: bool
    expected: int
    complete: int
    to_come: int

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> Self:
        """What a ledger entry says; an entry without a word of a scan is of one that has finished."""
        parts = [entry.get(scan_field(number)) or {} for number in range(int(entry.get("scans", 0)))]
        finished = all(part.get("finished") for part in parts)
        expected = sum(int(part.get("expected", 0)) for part in parts)
        complete = sum(int(part.get("complete", 0)) for part in parts)
        to_come = 0 if finished else max(0, int(entry.get("users", 0)) - expected)
        return cls(finished, expected, complete, to_come)
