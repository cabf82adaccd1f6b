"""How far an export is: what its workers have listed so far, as sums in its ledger entry.

For showing only: a worker that is repeated counts again, and one that is soon done shows nothing, so that an
export of an unchanged pool writes next to nothing. What was listed in the end is its `counts`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from lifeboat.errors import LifeboatError
from lifeboat.store.ledger import Ledger

LISTED_USERS, LISTED_MEMBERSHIPS = "tally_users", "tally_memberships"
"""The attributes of the ledger entry."""

SHOW_SECONDS = 10
"""A worker writes its sum so often at most: one write in ten seconds beside hundreds of reads."""


@dataclass(slots=True)
class Progress:
    """Counts what a worker has listed, and adds it to the ledger entry now and then. Safe for threads."""

    ledger: Ledger
    export_id: str
    attribute: str
    clock: Callable[[], float] = time.monotonic
    _waiting: int = 0
    _shown_at: float | None = None
    _shown: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, listed: int) -> None:
        """Take note of what was listed, and show it if that was not done lately."""
        with self._lock:
            moment = self.clock()
            self._shown_at = moment if self._shown_at is None else self._shown_at
            self._waiting += listed
            if moment - self._shown_at < SHOW_SECONDS:
                return
        self._show()

    def end(self) -> None:
        """Add what is left, if anything was shown at all. The listing counts, not what is shown of it."""
        if self._shown:
            self._show()

    def _show(self) -> None:
        with self._lock:
            waiting, self._waiting = self._waiting, 0
            self._shown_at, self._shown = self.clock(), True
        if waiting:
            with suppress(LifeboatError):
                self.ledger.add(self.export_id, {self.attribute: waiting})
