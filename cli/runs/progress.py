"""How far a run is, phase by phase, from what a look at it has seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from cli.entries import number, text
from cli.runs.executions import Look
from lifeboat.export.progress import LISTED_MEMBERSHIPS, LISTED_USERS
from lifeboat.model import moment_after, seconds_between
from lifeboat.restore.progress import USERS
from lifeboat.restore.steps import COMPARISON, CREATING_GROUPS, LISTING

SAMPLE_SECONDS: Final = 15
"""A rate that the ledger does not give is taken over at least so many seconds."""


class Stage(StrEnum):
    """Where a phase stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Phase:
    """One phase of a run. `total` is None where nobody knows it yet; `expected_end` is "" where that is so.

    `note` is what else there is to say of it.
    """

    name: str
    stage: Stage
    done: int = 0
    total: int | None = None
    per_second: float = 0.0
    expected_end: str = ""
    note: str = ""


@dataclass(slots=True)
class Pace:
    """Rates of what the ledger only counts, from one look to another."""

    _samples: dict[str, list[tuple[str, int]]] = field(default_factory=dict)

    def of(self, name: str, at: str, done: int) -> float:
        """How many a second are done, over the last looks; 0.0 while that cannot be said."""
        samples = self._samples.setdefault(name, [])
        if not samples or samples[-1][1] != done:
            samples.append((at, done))
        while len(samples) > 2 and seconds_between(samples[1][0], at) >= SAMPLE_SECONDS:
            samples.pop(0)
        seconds = seconds_between(samples[0][0], at)
        return round((done - samples[0][1]) / seconds, 1) if seconds > 0 else 0.0


def phases(workflow: str, look: Look, pace: Pace, before: Mapping[str, Any]) -> list[Phase]:
    """The phases of a run. `before` is the last completed export's entry, by which an export is measured."""
    if workflow == "export":
        return _of_export(look, pace, before)
    if workflow == "drill":
        return _of_import(replace(look, entry=look.entry.get("import") or {}, state=""))
    return _of_import(look)


# -- exports ----------------------------------------------------------------------------------------------

_MEMBERSHIPS: Final = ("Export Membership Portions", "Export Memberships", "Memberships Finished?")
_AFTER: Final = (
    "Plan Cleanup",
    "Anything To Retire?",
    "Retire Portions",
    "Retire Items",
    "Retirement Finished?",
    "Settle Captures",
    "Captures Settled?",
    "Complete Export",
)
"""States of the ExportWorkflow, by which it is seen what is over."""


def _of_export(look: Look, pace: Pace, before: Mapping[str, Any]) -> list[Phase]:
    entry = look.entry
    users, memberships = number(entry, LISTED_USERS), number(entry, LISTED_MEMBERSHIPS)
    cleaning = look.state in _AFTER
    listing_members = cleaning or bool(memberships) or look.state in _MEMBERSHIPS
    over = entry.get("counts") is not None
    estimated = number(entry, "users_estimated") or number(before, "counts", "users", "listed")
    expected = number(before, "counts", "memberships", "listed")
    return [
        _counted("users", look.at, users, estimated, _stage(bool(entry), listing_members or over), pace),
        _counted(
            "memberships", look.at, memberships, expected, _stage(listing_members, cleaning or over), pace
        ),
        Phase("cleanup", _stage(cleaning, over)),
    ]


def _counted(name: str, at: str, done: int, total: int, stage: Stage, pace: Pace) -> Phase:
    if stage is not Stage.RUNNING:
        return Phase(name, stage, done, done if stage is Stage.DONE else total or None)
    rate = pace.of(name, at, done)
    known = max(total, done) if total else None
    end = moment_after(at, (known - done) / rate) if known and rate > 0 else ""
    return Phase(name, stage, done, known, rate, end)


# -- imports ----------------------------------------------------------------------------------------------

_POOL_STATES: Final = ("Create User Pool", "Pool Finished?", "Prepare Pool")
_ORDER: Final = ("pool", CREATING_GROUPS.phase, USERS, LISTING.phase, COMPARISON.phase)
_NAMES: Final = {
    "pool": "new pool",
    CREATING_GROUPS.phase: "groups",
    USERS: "users",
    LISTING.phase: "listing",
    COMPARISON.phase: "comparing",
}


def _of_import(look: Look) -> list[Phase]:
    entry = look.entry
    progress: Mapping[str, Any] = entry.get("progress") or {}
    order = [name for name in _ORDER if name != "pool" or entry.get("pool_name")]
    current = text(progress, "phase")
    if not current and entry:
        current = "pool" if "pool" in order and look.state in ("", *_POOL_STATES) else CREATING_GROUPS.phase
    place = order.index(current) if current in order else -1
    over = entry.get("totals") is not None
    return [
        _step(name, entry, progress, _stage(place >= spot, place > spot or over))
        for spot, name in enumerate(order)
    ]


def _step(name: str, entry: Mapping[str, Any], progress: Mapping[str, Any], stage: Stage) -> Phase:
    shown = _NAMES[name]
    total = _expected(name, entry, progress)
    if stage is Stage.DONE:
        note = _failed(progress) if name == USERS else ""
        return Phase(shown, stage, total or 0, total, note=note)
    if stage is Stage.WAITING:
        return Phase(shown, stage, 0, total)
    end = text(progress, "expected_end")
    if name == USERS:
        updates = float(progress.get("updates_per_second", 0))
        notes = [_failed(progress), f"{updates:g} updates a second" if updates else ""]
        done, rate = number(progress, "settled"), float(progress.get("users_per_second", 0))
        return Phase(shown, stage, done, total, rate, end, ", ".join(note for note in notes if note))
    if progress.get("phase") != name:
        return Phase(shown, stage, 0, total)
    return Phase(shown, stage, number(progress, "done"), total, float(progress.get("per_second", 0)), end)


def _expected(name: str, entry: Mapping[str, Any], progress: Mapping[str, Any]) -> int | None:
    if name == "pool":
        return None
    if name == CREATING_GROUPS.phase:
        return number(entry, "groups")
    if name == LISTING.phase:
        return number(entry, "users") + number(entry, "memberships")
    return number(progress, "expected") or number(entry, "users")


def _failed(progress: Mapping[str, Any]) -> str:
    failed = number(progress, "failed")
    return f"{failed} failed so far" if failed else ""


def _stage(begun: bool, over: bool) -> Stage:
    if over:
        return Stage.DONE
    return Stage.RUNNING if begun else Stage.WAITING
