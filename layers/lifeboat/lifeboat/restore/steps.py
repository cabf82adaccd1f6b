"""How far an import is in the steps before and after the users: groups, listing, comparison."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from lifeboat.errors import LifeboatError
from lifeboat.model import now, seconds_between
from lifeboat.restore.course import take_sample, with_phase
from lifeboat.restore.progress import LONGEST_LOOK, moment_in, rate_of, repeated, seconds_left
from lifeboat.restore.tasks import Run
from lifeboat.store.ledger import Ledger
from lifeboat.store.tally import COMPARED, GROUPS_CREATED, LISTED
from lifeboat.telemetry import publish


@dataclass(frozen=True, slots=True)
class Step:
    """A step of an import: its name in the progress, and the sum and the metric that count what is done.

    What there is to do is the sum of the ledger entry's numbers of `things`.
    """

    phase: str
    counter: str
    metric: str
    things: tuple[str, ...]


CREATING_GROUPS = Step("GROUPS", GROUPS_CREATED, "ImportGroupsCreated", ("groups",))
LISTING = Step("LISTING", LISTED, "ImportItemsListed", ("users", "memberships"))
COMPARISON = Step("COMPARISON", COMPARED, "ImportUsersCompared", ("users",))


@dataclass(slots=True)
class StepProgress:
    """Counts what a worker does, and shows in the ledger and as metrics how far all its workers are.

    A worker that is repeated counts again, so the sum is for showing only. Safe for threads.
    """

    run: Run
    ledger: Ledger
    stack_name: str
    step: Step
    _done: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, done: int = 1) -> None:
        """Take note of what was done."""
        with self._lock:
            self._done += done

    @contextmanager
    def shown(self, seconds: float = LONGEST_LOOK) -> Iterator[None]:
        """Show the progress now, every so many seconds, and when the work is over or has failed."""
        with suppress(LifeboatError):  # the work counts, not what is shown of it
            self._show()
        try:
            with repeated(self._show, seconds):
                yield
        finally:
            with suppress(LifeboatError):
                self._show()

    def _show(self) -> None:
        with self._lock:
            done, self._done = self._done, 0
        if done:
            self.ledger.add(self.run["ImportId"], {self.step.counter: done})
        entry = self.ledger.get(self.run["ImportId"]) or {}
        moment = now()
        before: Mapping[str, Any] = entry.get("progress") or {}
        total = sum(int(entry.get(thing, 0)) for thing in self.step.things)
        reached = min(int(entry.get(self.step.counter, 0)), total)
        since = str(before["phase_since"]) if before.get("phase") == self.step.phase else moment
        seconds = seconds_between(since, moment)
        left = seconds_left(total - reached, reached, seconds)
        self.ledger.update(
            self.run["ImportId"],
            {
                "progress": {
                    **before,
                    "phase": self.step.phase,
                    "done": reached,
                    "total": total,
                    "per_second": Decimal(str(rate_of(reached, seconds))),
                    "expected_end": "" if left is None else moment_in(moment, left),
                    "at": moment,
                    "phase_since": since,
                },
                **with_phase(entry, self.step.phase, moment),
            },
        )
        take_sample(
            self.ledger,
            self.run["ImportId"],
            entry,
            {"at": moment, "phase": self.step.phase, "done": reached},
        )
        metrics: dict[str, float] = {self.step.metric: reached}
        if left is not None:
            metrics["ImportSecondsLeft"] = round(left)
        publish(self.stack_name, metrics)
