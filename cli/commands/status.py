"""`lifeboat status`: is the backup good, how old is it, and what needs somebody's attention."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import typer
from rich.console import Console
from rich.panel import Panel

from cli.cockpit import Cockpit
from cli.connection import ROLES
from cli.entries import GOOD, number, text
from cli.status.health import Level, Reason, due, reasons, verdict
from cli.status.sight import Sight, look_around
from cli.terminal.output import duration, escaped, table
from cli.terminal.wording import ago, day, plural, spark
from lifeboat.model import instant
from lifeboat.store.ledger import COMPLETED_WITHOUT_CLEANUP

_COLORS: Final = {Level.GREEN: "green", Level.AMBER: "yellow", Level.RED: "red"}
_MARKS: Final = {Level.GREEN: "✓", Level.AMBER: "!", Level.RED: "✗"}
_SHORT: Final = {COMPLETED_WITHOUT_CLEANUP: "GUARD TRIPPED"}

KINDS: Final = ("users", "groups", "memberships")


def status(ctx: typer.Context) -> None:
    """Tell whether the backup is good: green, amber or red, with the reasons and what to do about them.

    The exit status is 1 when it is red. It works from the backup Region alone: name it with --region.
    """
    cockpit: Cockpit = ctx.obj
    sight = look_around(cockpit.connection)
    found = reasons(sight)
    level = verdict(found)
    cockpit.output.show(document(sight, found), lambda console: draw(console, sight, found))
    if level is Level.RED:
        raise typer.Exit(1)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "status", epilog="Example: lifeboat status\n\nExample: lifeboat status --region eu-west-1 --json"
    )(status)


# -- for a program ----------------------------------------------------------------------------------------


def document(sight: Sight, found: list[Reason]) -> dict[str, Any]:
    """Everything that was seen, and the verdict."""
    latest, expected = sight.latest, due(sight)
    return {
        "verdict": str(verdict(found)),
        "reasons": [reason.document() for reason in found],
        "at": sight.at,
        "stack": sight.name,
        "regions": {
            **{role: {"region": seen.region, "answers": True} for role, seen in sight.stacks.items()},
            **{role: {"answers": False, "why": why} for role, why in sight.unreachable.items()},
        },
        "last_good_export": None if latest is None else export_line(latest),
        "next_export_due": None if expected is None else instant(expected),
        "max_export_age_hours": sight.parameters.get("MaxExportAgeHours"),
        "export_schedule": sight.parameters.get("ExportSchedule"),
        "replicas": {
            role: None if seen.latest is None else text(seen.latest, "run_id")
            for role, seen in sight.stacks.items()
        },
        "exports": [export_line(entry) for entry in sight.exports],
        "pool_users": sight.pool_users,
        "alarms": [
            {
                "name": alarm.name,
                "region": alarm.region,
                "state": alarm.state,
                "description": alarm.description,
            }
            for alarm in sight.alarms
        ],
        "queues": [
            {"name": queue.name, "region": queue.region, "depth": queue.depth, "dead_letters": queue.dead}
            for queue in sight.queues
        ],
        "running": [
            {
                "workflow": run.workflow,
                "region": run.region,
                "execution_arn": run.execution_arn,
                "began": run.began,
            }
            for run in sight.running
        ],
        "last_import": None if sight.restore is None else import_line(sight.restore),
        "last_drill": None if sight.drill is None else drill_line(sight.drill),
        "unread": list(sight.unread),
    }


def export_line(entry: dict[str, Any]) -> dict[str, Any]:
    """An export in a few words."""
    return {
        "export_id": text(entry, "run_id"),
        "status": text(entry, "status"),
        "started_at": text(entry, "started_at"),
        "duration_seconds": float(entry.get("duration_seconds") or 0),
        "counts": {
            kind: {
                name: number(entry, "counts", kind, name)
                for name in ("listed", "added", "changed", "retired")
            }
            for kind in KINDS
        },
        "reason": text(entry, "reason"),
    }


def import_line(entry: dict[str, Any]) -> dict[str, Any]:
    """An import in a few words."""
    return {
        name: text(entry, name)
        for name in ("run_id", "status", "started_at", "user_pool_id", "reason", "report")
    }


def drill_line(entry: dict[str, Any]) -> dict[str, Any]:
    """A drill in a few words."""
    return {
        "status": text(entry, "status"),
        "started_at": text(entry, "started_at"),
        "users": number(entry, "users"),
        "rto_seconds": float(entry.get("rto_seconds") or 0),
        "reason": text(entry, "reason"),
    }


# -- for a person -----------------------------------------------------------------------------------------


def draw(console: Console, sight: Sight, found: list[Reason]) -> None:
    """The verdict first, then why, then what there is."""
    level = verdict(found)
    console.print(Panel(_headline(sight, level), border_style=_COLORS[level], title=_title(sight, level)))
    for reason in found:
        color = _COLORS[reason.level]
        console.print(f"[{color}]{_MARKS[reason.level]}[/] {escaped(reason.text)}", soft_wrap=True)
        console.print(f"  [dim]→[/] {escaped(reason.remedy)}", soft_wrap=True)
    if found:
        console.print()
    facts = table("", "")
    facts.show_header = False
    for name, value in _facts(sight):
        facts.add_row(f"[bold]{name}[/]", escaped(value))
    console.print(facts)
    if sight.exports:
        console.print()
        _draw_exports(console, sight)


def _title(sight: Sight, level: Level) -> str:
    return f"[bold {_COLORS[level]}]{_MARKS[level]} {str(level).upper()}[/] {escaped(sight.name)}"


def _headline(sight: Sight, level: Level) -> str:
    latest = sight.latest
    if latest is None:
        return "There is no backup that a restore could use."
    counts = ", ".join(
        plural(number(latest, "counts", f"{kind}s", "listed"), kind)
        for kind in ("user", "group", "membership")
    )
    ends = {
        Level.GREEN: "The backup is good.",
        Level.AMBER: "The backup can be restored; something needs a look.",
        Level.RED: "Somebody has to act.",
    }
    began = str(latest["started_at"])
    return f"{ends[level]}\nLast good export [bold]{ago(began, sight.at)}[/] ({day(began)}): {counts}."


def _facts(sight: Sight) -> Iterator[tuple[str, str]]:
    for role, seen in sight.stacks.items():
        yield f"{role} Region", f"{seen.region}, answers"
    for role, why in sight.unreachable.items():
        yield f"{role} Region", f"does not answer: {why}"
    if sight.pool_users is not None:
        yield "pool", f"about {plural(sight.pool_users, 'user')}, as Cognito estimates it now and then"
    expected = due(sight)
    schedule = sight.parameters.get("ExportSchedule", "not known")
    limit = sight.parameters.get("MaxExportAgeHours", "0")
    alarm = f"alarm after {limit} hours" if limit not in ("", "0") else "no alarm on its age"
    when = f", next due {day(instant(expected))}" if expected is not None else ""
    yield "schedule", f"{schedule}{when}; {alarm}"
    yield "replica", _replica(sight)
    yield "alarms", _alarms(sight)
    yield "queues", _queues(sight)
    yield "live capture", _captures(sight)
    running = [f"{run.workflow} {run.name} in {run.region}" for run in sight.running]
    yield "running", "; ".join(running) + (" (`lifeboat watch`)" if running else "nothing")
    yield "last import", _import(sight)
    yield "last drill", _drill(sight)


def _replica(sight: Sight) -> str:
    if len(sight.stacks) < 2:
        return "cannot be compared while one Region does not answer"
    if sight.latest is None:
        return "nothing to replicate yet"
    here, there = (sight.stacks[role].latest or {} for role in ROLES)
    if text(here, "run_id") == text(there, "run_id"):
        return f"{sight.stacks['backup'].region} has the last good export"
    return f"{sight.stacks['backup'].region} has not got the last good export yet"


def _alarms(sight: Sight) -> str:
    ringing = [alarm.name for alarm in sight.alarms if alarm.state == "ALARM"]
    quiet = len(sight.alarms) - len(ringing)
    if not sight.alarms:
        return "none found"
    return f"{', '.join(ringing)} in ALARM, {quiet} quiet" if ringing else f"all {quiet} quiet"


def _queues(sight: Sight) -> str:
    waiting = sum(queue.depth for queue in sight.queues if not queue.dead)
    dead = sum(queue.depth for queue in sight.queues if queue.dead)
    held = [f"{queue.name} {queue.depth:,}" for queue in sight.queues if queue.depth]
    return f"{waiting:,} waiting, {dead:,} dead letters" + (f" ({', '.join(held)})" if held else "")


def _captures(sight: Sight) -> str:
    mode = sight.parameters.get("LiveSync", "OFF") or "OFF"
    if mode == "OFF":
        return "OFF: what happens between two exports is not in the backup"
    drift = (sight.latest or {}).get("drift")
    missed = (
        ""
        if drift is None
        else f"; the last export found {plural(sum(map(int, drift.values())), 'change')} it missed"
    )
    return f"{mode}{missed}"


def _import(sight: Sight) -> str:
    last = sight.restore
    if last is None:
        return "none"
    into = f" into {last['user_pool_id']}" if last.get("user_pool_id") else ""
    return f"{text(last, 'status')} {ago(str(last['started_at']), sight.at)}{into}: {text(last, 'run_id')}"


def _drill(sight: Sight) -> str:
    drill = sight.drill
    if drill is None:
        return "never; `lifeboat drill --wait` proves that a restore works"
    took = f", restored in {duration(float(drill['rto_seconds']))}" if drill.get("rto_seconds") else ""
    users = f", {plural(number(drill, 'users'), 'user')}" if drill.get("users") else ""
    return f"{text(drill, 'status')} {ago(str(drill['started_at']), sight.at)}{users}{took}"


def _draw_exports(console: Console, sight: Sight) -> None:
    oldest_first = [entry for entry in reversed(sight.exports) if entry.get("counts")]
    trend = spark([number(entry, "counts", "users", "listed") for entry in oldest_first])
    numbers = ("took", "users", "added", "changed", "retired", "memberships")
    shown = table("exports (UTC)", "", *numbers, numbers=numbers)
    for entry in sight.exports:
        status = text(entry, "status")
        good = status in GOOD and status not in _SHORT
        color = "green" if good else "yellow" if status in (*_SHORT, "RUNNING") else "red"
        users = [number(entry, "counts", "users", name) for name in ("listed", "added", "changed", "retired")]
        counted = [f"{each:,}" for each in (*users, number(entry, "counts", "memberships", "listed"))]
        took = float(entry.get("duration_seconds") or 0)
        shown.add_row(
            day(str(entry["started_at"])).removesuffix(" UTC"),
            f"[{color}]{_SHORT.get(status, status)}[/]",
            duration(took) if took else "",
            *(counted if entry.get("counts") else [""] * len(counted)),
        )
    console.print(shown)
    if len(oldest_first) > 1:
        console.print(f"[dim]users over these exports, oldest first:[/] {trend}")
