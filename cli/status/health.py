"""Whether the backup is good: what was seen, judged as green, amber or red, with the reasons in words.

Red: the backup is missing, old or cannot be restored from, or something waits for a person. Amber: look at it
today; a restore would work. Every reason comes with what to do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Final

from cli.entries import text
from cli.status.schedule import next_due
from cli.status.sight import AlarmSeen, QueueSeen, Sight, names_of
from cli.terminal.wording import ago, day, rough
from lifeboat.model import seconds_between
from lifeboat.store.ledger import COMPLETED_WITHOUT_CLEANUP

GRACE: Final = timedelta(hours=1)
"""For so long a due export may be underway, or be late, before anybody is told."""

REPLICA_SECONDS: Final = 60
REPLICA_LOST_SECONDS: Final = 900
"""A replica is usually a second behind: after a minute it is amber, after a quarter of an hour red."""

CAPTURES_WAITING: Final = 1_000
"""Captured changes that wait: at the default share of the quotas these are minutes."""


class Level(IntEnum):
    """How bad it is."""

    GREEN = 0
    AMBER = 1
    RED = 2

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that is not as it should be, and what to do about it."""

    level: Level
    text: str
    remedy: str

    def document(self) -> dict[str, str]:
        """The reason for a program."""
        return {"level": str(self.level), "reason": self.text, "remedy": self.remedy}


def reasons(sight: Sight) -> list[Reason]:
    """Everything that is not as it should be, the worst first."""
    found = [reason for judge in _JUDGES for reason in judge(sight)]
    return sorted(found, key=lambda reason: -reason.level)


def verdict(found: list[Reason]) -> Level:
    """The worst of them."""
    return max((reason.level for reason in found), default=Level.GREEN)


def due(sight: Sight) -> datetime | None:
    """When the next export after the last completed one is due; None where nobody can say."""
    latest, schedule = sight.latest, sight.parameters.get("ExportSchedule", "")
    if latest is None or not schedule:
        return None
    return next_due(schedule, datetime.fromisoformat(str(latest["started_at"])))


# -- what is judged ---------------------------------------------------------------------------------------


def _regions(sight: Sight) -> Iterator[Reason]:
    if "backup" in sight.unreachable:
        yield Reason(
            Level.RED,
            f"nowhere to fail over to, the backup stack cannot be reached: {sight.unreachable['backup']}",
            "Deploy it, or wait until its Region answers.",
        )
    if "primary" in sight.unreachable:
        yield Reason(
            Level.AMBER,
            f"the primary stack cannot be reached: {sight.unreachable['primary']}",
            "If its Region is lost, fail over: `lifeboat import --create-pool NAME --wait` "
            "(docs/runbook.md#fail-over).",
        )
    if sight.pool_gone:
        yield Reason(
            Level.RED,
            f"the pool that is backed up is gone: {sight.pool_problem}",
            "If it was deleted, restore it: `lifeboat import --create-pool NAME --wait` "
            "(docs/runbook.md#go-back-in-time).",
        )
    elif sight.pool_problem:
        yield Reason(
            Level.AMBER,
            f"the pool cannot be reached: {sight.pool_problem}",
            "If its Region is lost, fail over: `lifeboat import --create-pool NAME --wait` "
            "(docs/runbook.md#fail-over).",
        )
    for unread in sight.unread:
        yield Reason(Level.AMBER, f"could not be read: {unread}", "Run `lifeboat status` again.")


def _backup(sight: Sight) -> Iterator[Reason]:
    latest = sight.latest
    if latest is None:
        table_unread = any("backup table" in unread for unread in sight.unread)
        yield Reason(
            Level.RED,
            "whether there is a backup could not be read" if table_unread else "there is no completed export",
            "Look at the Region's tables in the console."
            if table_unread
            else "Run `lifeboat export --wait` (docs/runbook.md#no-export).",
        )
        return
    age = seconds_between(str(latest["started_at"]), sight.at)
    limit = float(sight.parameters.get("MaxExportAgeHours") or 0)
    expected = due(sight)
    moment = datetime.fromisoformat(sight.at)
    if limit and age > limit * 3_600:
        yield Reason(
            Level.RED,
            f"the last good export is {rough(age)} old, more than MaxExportAgeHours ({limit:g})",
            "See why the last ones failed below, then `lifeboat export --wait` (docs/runbook.md#no-export).",
        )
    elif expected is not None and moment > expected + GRACE and not _exporting(sight):
        late = ago(expected.astimezone(UTC).isoformat(), sight.at)
        yield Reason(
            Level.AMBER,
            f"an export was due {late} and has not been completed",
            "Run `lifeboat export --wait`; see whether the schedule is on (docs/runbook.md#no-export).",
        )


def _exports(sight: Sight) -> Iterator[Reason]:
    if not sight.exports:
        return
    last = sight.exports[0]
    status = text(last, "status")
    if status == "FAILED":
        yield Reason(
            Level.AMBER,
            f"the last export, of {day(str(last['started_at']))}, failed: {text(last, 'reason')}",
            "Mend the cause, then `lifeboat export --wait` (docs/runbook.md#an-export-failed).",
        )
    latest = sight.latest
    if latest is not None and text(latest, "status") == COMPLETED_WITHOUT_CLEANUP:
        yield Reason(
            Level.AMBER,
            f"the last good export retired nothing: {text(latest, 'reason')}",
            "See whether the pool has lost users: docs/runbook.md#suspicious-guard. If it is as it should "
            "be: `lifeboat export --allow-mass-retirement --wait`.",
        )


def _replica(sight: Sight) -> Iterator[Reason]:
    if len(sight.stacks) < 2:
        return
    here, there = sight.stacks["primary"].latest, sight.stacks["backup"].latest
    if here is None or text(here, "run_id") == text(there or {}, "run_id"):
        return
    behind = seconds_between(str(here.get("ended_at") or here["started_at"]), sight.at)
    if behind < REPLICA_SECONDS:
        return
    region = sight.stacks["backup"].region
    yield Reason(
        Level.RED if behind >= REPLICA_LOST_SECONDS else Level.AMBER,
        f"the table's replica in {region} has not got the last export, completed {rough(behind)} ago",
        "See the table's global table tab in the DynamoDB console, and whether the replica is ACTIVE.",
    )


def _alarms(sight: Sight) -> Iterator[Reason]:
    for alarm in sight.alarms:
        if alarm.state == "ALARM":
            yield Reason(
                Level.RED,
                f"alarm {alarm.name} in {alarm.region}: {alarm.description or 'it has no description'}",
                _remedy(alarm, sight),
            )


_COMMANDS: Final[Mapping[str, str]] = {
    "ExportOverdue": "`lifeboat export --wait`",
    "ImportFailed": "`lifeboat failed`, then `lifeboat import --resume ID --wait`",
    "ImportTimedOut": "`lifeboat import --resume ID --wait`",
    "ImportAborted": "`lifeboat import --resume ID --wait`",
    "DrillOverdue": "`lifeboat drill --wait`",
}
"""What helps against an alarm by itself; the alarm's description names the place in the runbook."""


def _remedy(alarm: AlarmSeen, sight: Sight) -> str:
    command = _COMMANDS.get(alarm.name) or ("`lifeboat failed`" if "DeadLetters" in alarm.name else "")
    if "ID" in command:
        resumable = _resumable(sight)
        command = command.replace("ID", resumable) if resumable else "`lifeboat watch` tells how it ended"
    named = "docs/runbook.md" in alarm.description
    place = "" if named else "docs/runbook.md says what to do."
    return ". ".join(part for part in (command, place) if part) or "Do what the runbook says there."


def _resumable(sight: Sight) -> str:
    """The import to go on with, "" if the last one has succeeded or is not known."""
    last = sight.restore
    return text(last, "run_id") if last is not None and text(last, "status") != "SUCCEEDED" else ""


def _queues(sight: Sight) -> Iterator[Reason]:
    dead = [queue for queue in sight.queues if queue.dead and queue.depth]
    if dead:
        yield Reason(
            Level.RED,
            f"messages that could not be handled: {names_of(dead)}",
            "`lifeboat failed` shows them with their reasons, `lifeboat failed --redrive` tries them again "
            "(docs/runbook.md#dead-letters).",
        )
    importing = {run.region for run in sight.running if run.workflow in ("import", "drill")}
    left = [queue for queue in sight.queues if _left_over(queue) and queue.region not in importing]
    if left:
        yield Reason(
            Level.AMBER,
            f"messages of an import wait, and none is running: {names_of(left)}",
            f"Go on with that import: `lifeboat import --resume {_resumable(sight) or 'ID'} --wait`. Another "
            "one cannot begin before.",
        )
    waiting = [
        queue
        for queue in sight.queues
        if queue.name.startswith("Capture") and not queue.dead and queue.depth > CAPTURES_WAITING
    ]
    if waiting:
        yield Reason(
            Level.AMBER,
            f"captured changes wait: {names_of(waiting)}",
            "The next export brings what is missing; docs/runbook.md#live-capture-behind.",
        )


def _left_over(queue: QueueSeen) -> bool:
    return queue.of_imports and not queue.dead and queue.depth > 0


def _drills(sight: Sight) -> Iterator[Reason]:
    drill = sight.drill
    most = float(sight.parameters.get("DrillMaxAgeDays") or 0)
    asked = sight.parameters.get("DrillSchedule", "OFF") not in ("", "OFF")
    if drill is not None and text(drill, "status") == "FAILED":
        yield Reason(
            Level.AMBER,
            f"the last drill, of {day(str(drill['started_at']))}, failed: {text(drill, 'reason')}",
            "Mend the cause, then `lifeboat drill --wait` (docs/runbook.md#drill-failed).",
        )
    elif (
        asked
        and most
        and (drill is None or seconds_between(str(drill["started_at"]), sight.at) > most * 86_400)
    ):
        last = (
            "there was none" if drill is None else f"the last was {ago(str(drill['started_at']), sight.at)}"
        )
        yield Reason(
            Level.AMBER,
            f"no drill for more than DrillMaxAgeDays ({most:g}): {last}",
            "`lifeboat drill --wait` (docs/runbook.md#drill-overdue).",
        )


def _exporting(sight: Sight) -> bool:
    return any(run.workflow == "export" for run in sight.running)


_JUDGES: Final[tuple[Callable[[Sight], Iterator[Reason]], ...]] = (
    _backup,
    _regions,
    _replica,
    _alarms,
    _exports,
    _queues,
    _drills,
)
