"""How far an import is, counted as it goes: sums in its ledger entry, added to once a batch.

The sums are for showing the progress and for choosing when to look closer. A worker that dies between an
outcome and its sum leaves them short, so nothing is ended on their word: `Outcomes.settled` counts anew.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass

from lifeboat.store.ledger import Ledger
from lifeboat.store.table import BackupTable

SETTLED, FAILED, UPDATES = "tally_settled", "tally_failed", "tally_updates"
GROUPS_CREATED, LISTED, COMPARED = "tally_groups", "tally_listed", "tally_compared"
"""The attributes of the ledger entry."""

ZERO: Mapping[str, int] = dict.fromkeys((SETTLED, FAILED, UPDATES, GROUPS_CREATED, LISTED, COMPARED), 0)
"""What an import, or another attempt at it, begins with."""


@dataclass(slots=True)
class Count:
    """Users that are settled, users among them that failed, and requests of the category UserUpdate made."""

    settled: int = 0
    failed: int = 0
    updates: int = 0

    def add(self, other: Count) -> None:
        """Add another count to this one."""
        self.settled += other.settled
        self.failed += other.failed
        self.updates += other.updates

    def __bool__(self) -> bool:
        return bool(self.settled or self.failed or self.updates)


class Tally:
    """Gathers counts of one batch, by import, and adds them to the ledger entries. Safe for threads."""

    def __init__(self, table: BackupTable) -> None:
        self._table = table
        self._lock = threading.Lock()
        self._counts: dict[str, Count] = {}

    def add(self, import_id: str, count: Count) -> None:
        """Take note of what was done."""
        with self._lock:
            self._counts.setdefault(import_id, Count()).add(count)

    def flush(self) -> None:
        """Write what was noted since the last time: one request for each import."""
        with self._lock:
            counts, self._counts = self._counts, {}
        for import_id, count in counts.items():
            if count:
                amounts = {SETTLED: count.settled, FAILED: count.failed, UPDATES: count.updates}
                Ledger(self._table, "import").add(import_id, amounts)
