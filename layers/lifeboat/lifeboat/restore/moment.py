"""The moment that an import goes back to, and the export whose state it restores.

An export counts as one moment, its beginning: everything it writes is valid from then on, however long it
runs. What failed and running exports wrote is a part of a state only. So a restore as of a moment gives the
state that the last export found which had begun by then and was completed, now or later.

If that export ran while changes were captured, what they brought until the moment is restored as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from lifeboat.errors import InvalidInput
from lifeboat.model import epoch_after, instant, seconds_between
from lifeboat.store.ledger import COMPLETED, COMPLETED_WITHOUT_CLEANUP, Ledger

Export = Mapping[str, Any]
"""An export's ledger entry."""

EXPECTED_MOMENT = (
    'a moment of the past in ISO 8601 with its zone, such as "2026-11-21T08:00:00Z" or '
    '"2026-11-21T09:00:00+01:00"'
)

OLD_BACKUP = timedelta(days=2)
"""A backup older than this is worth a warning: the default schedule exports daily."""

SOON = timedelta(days=2)
"""History that expires within this time is worth a warning: an import may run that long."""

TO_TYPE = timedelta(hours=1)
"""How far the earliest moment is moved on until it is typed."""

DAY = 86_400


def moment_asked(text: str) -> str:
    """The value of AsOf as an `instant`. Raises InvalidInput."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise InvalidInput("AsOf", f"names no zone, and so no moment; expected {EXPECTED_MOMENT}")
        return instant(moment)
    except (ValueError, OverflowError):
        raise InvalidInput("AsOf", f"names no moment; expected {EXPECTED_MOMENT}") from None


def moment_read(export: Export, as_of: str) -> str:
    """The moment that a restore reads: the beginning of the export, or AsOf if captures went on since."""
    return as_of if export.get("live_sync", "OFF") != "OFF" else str(export["started_at"])


@dataclass(frozen=True, slots=True)
class Exports:
    """All exports, in the order in which they began, as an import finds them at the moment `now`.

    `history_days` is for how long those are thought to keep history that do not say so.
    """

    entries: tuple[Export, ...]
    now: str
    history_days: int

    @classmethod
    def of(cls, ledger: Ledger, now: str, history_days: int) -> Exports:
        """Read them from the ledger of the exports."""
        entries = ledger.all(("run_id", "started_at", "status", "history_days", "counts", "live_sync"))
        # One that failed before its entry was opened has written nothing.
        return cls(tuple(each for each in entries if "started_at" in each), now, history_days)

    def at(self, moment: str) -> Export | None:
        """The export whose state held at a moment; None before the first completed one."""
        completed = (export for export in self._completed() if export["started_at"] <= moment)
        return max(completed, key=_began, default=None)

    def named(self, run_id: str) -> Export | None:
        """The export of an id."""
        return next((export for export in self.entries if export["run_id"] == run_id), None)

    def problem(self, moment: str, export: Export | None) -> str:
        """Why the state of an export, the one of the moment, cannot be restored; "" if it can."""
        if moment > self.now:
            return "lies in the future; give a moment of the past, or leave AsOf out to restore the present"
        first = min(self._completed(), key=_began, default=None)
        if first is None:
            return "there is no completed export to go back to"
        if export is None:
            return f"lies before the first completed export; give {first['started_at']} or a later moment"
        if seconds_between(moment, self.now) > self._kept().total_seconds():
            return f"lies more than HistoryDays ({self._kept().days} days) back; {self._remedy()}"
        gone = [each for each in self._later(export) if self._expired(each)]
        if gone:
            until = gone[-1]
            return (
                f"what the export of {until['started_at']} replaced was kept for {self._days(until)} days, "
                f"and is gone; {self._remedy()}"
            )
        return ""

    def warnings(self, moment: str, export: Export) -> Iterator[str]:
        """What is odd about going back to a moment, the state of an export."""
        age = seconds_between(export["started_at"], moment)
        if age > OLD_BACKUP.total_seconds():
            yield f"AsOf: the last completed export before it began {age / DAY:.1f} days earlier"
        expiries = [_seconds_of(each["started_at"], self._days(each)) for each in self._later(export)]
        left = min(expiries, default=None)
        if left is not None and left - _seconds_of(self.now) < SOON.total_seconds():
            hours = (left - _seconds_of(self.now)) / 3600
            yield (
                f"AsOf: history that this import needs expires in {hours:.0f} hours; what it has not read by "
                "then is lost to it"
            )

    def _remedy(self) -> str:
        """The earliest moment that can be gone back to, in words."""
        for export in sorted(self._completed(), key=_began):
            if not any(self._expired(each) for each in self._later(export)):
                return f"give {max(export['started_at'], self._earliest())} or a later moment"
        return "leave AsOf out to restore the present"

    def _earliest(self) -> str:
        return instant(datetime.fromisoformat(self.now) - self._kept() + TO_TYPE)

    def _kept(self) -> timedelta:
        return timedelta(days=self._days(max(self.entries, key=_began)))

    def _completed(self) -> Iterable[Export]:
        return (each for each in self.entries if each["status"] in (COMPLETED, COMPLETED_WITHOUT_CLEANUP))

    def _later(self, export: Export) -> list[Export]:
        """The exports that began later, whatever became of them: all of them may have replaced something."""
        later = (each for each in self.entries if each["started_at"] > export["started_at"])
        return sorted(later, key=_began)

    def _expired(self, export: Export) -> bool:
        """Whether what an export replaced has expired."""
        return _seconds_of(export["started_at"], self._days(export)) <= _seconds_of(self.now)

    def _days(self, export: Export) -> int:
        return int(export.get("history_days", self.history_days))


def _began(export: Export) -> str:
    return str(export["started_at"])


def _seconds_of(moment: str, days: int = 0) -> int:
    return epoch_after(moment, days)
