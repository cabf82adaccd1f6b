"""Green, amber or red, with the reasons in words."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from rich.console import Console

from cli.commands.status import document, draw
from cli.runs.executions import Run
from cli.status.health import Level, due, reasons, verdict
from cli.status.sight import AlarmSeen, QueueSeen, Sight, StackSeen

AT = "2026-11-21T12:00:00.000Z"
PARAMETERS = {"ExportSchedule": "rate(1 day)", "MaxExportAgeHours": "30"}
COUNTS = {
    "users": {"listed": 1_200, "added": 3, "changed": 5, "retired": 1},
    "groups": {"listed": 1},
    "memberships": {"listed": 700},
}


def export(started_at: str = "2026-11-21T03:00:00.000Z", **more: Any) -> dict[str, Any]:
    entry = {
        "run_id": f"{started_at}-00000000",
        "started_at": started_at,
        "ended_at": started_at.replace("03:00", "03:02"),
        "duration_seconds": "120.0",
        "status": "COMPLETED",
        "counts": COUNTS,
    }
    return entry | more


def sight(latest: dict[str, Any] | None = None, **more: Any) -> Sight:
    newest = latest or export()
    primary = StackSeen("primary", "us-east-1", newest, [newest, export("2026-11-20T03:00:00.000Z")])
    backup = StackSeen("backup", "eu-west-1", newest, [newest])
    seen = Sight(AT, "lifeboat", {"primary": primary, "backup": backup}, {}, PARAMETERS, 1_199)
    return replace(seen, **more)


def with_primary(**more: Any) -> Sight:
    seen = sight()
    return replace(seen, stacks={**seen.stacks, "primary": replace(seen.stacks["primary"], **more)})


def judged(seen: Sight) -> tuple[Level, str]:
    found = reasons(seen)
    return verdict(found), " | ".join(f"{reason.text} → {reason.remedy}" for reason in found)


def shown(seen: Sight) -> str:
    console = Console(file=io.StringIO(), width=100)
    draw(console, seen, reasons(seen))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_good_backup_is_green_and_says_how_old_it_is() -> None:
    assert judged(sight()) == (Level.GREEN, "")
    text = shown(sight())
    for expected in ("GREEN", "9 h ago", "1,200 users, 1 group, 700 memberships", "rate(1 day)", "never;"):
        assert expected in text
    assert "next due 2026-11-22 03:00 UTC" in text


def test_an_old_backup_is_red_and_one_that_is_late_amber() -> None:
    old = sight(export("2026-11-20T03:00:00.000Z"))
    late = replace(old, parameters=PARAMETERS | {"MaxExportAgeHours": "0"})
    asked_more_often = sight(parameters=PARAMETERS | {"ExportSchedule": "rate(6 hours)"})

    assert judged(old)[0] is Level.RED
    assert "more than MaxExportAgeHours (30)" in judged(old)[1]
    assert judged(late)[0] is Level.AMBER
    assert "an export was due 9 h ago" in judged(late)[1]
    assert judged(asked_more_often)[0] is Level.AMBER
    assert due(asked_more_often) == datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def test_a_late_export_that_is_running_is_no_reason_to_worry() -> None:
    arn = "arn:aws:states:us-east-1:123456789012:execution:ExportWorkflow:abc"
    running = Run("export", arn, datetime(2026, 11, 21, 11, 59, tzinfo=UTC))
    seen = replace(
        with_primary(running=[running]), parameters=PARAMETERS | {"ExportSchedule": "rate(6 hours)"}
    )

    assert judged(seen)[0] is Level.GREEN
    assert "export abc in us-east-1" in shown(seen)


def test_without_a_completed_export_it_is_red() -> None:
    empty = {
        "primary": StackSeen("primary", "us-east-1"),
        "backup": StackSeen("backup", "eu-west-1"),
    }
    seen = sight(stacks=empty)

    assert judged(seen)[0] is Level.RED
    assert "there is no completed export" in judged(seen)[1]
    assert "lifeboat export --wait" in judged(seen)[1]
    assert "no backup that a restore could use" in shown(seen)
    assert document(seen, reasons(seen))["last_good_export"] is None
    assert "could not be read" in judged(replace(seen, unread=("the backup table in us-east-1: x",)))[1]


def test_a_failed_export_and_a_guard_are_amber() -> None:
    failed = export("2026-11-21T11:00:00.000Z", status="FAILED", reason="CognitoUnavailable: x", counts=None)
    guarded = export(status="COMPLETED_WITHOUT_CLEANUP", reason="12 % of the users would go")

    assert judged(with_primary(exports=[failed, export()]))[0] is Level.AMBER
    assert "CognitoUnavailable: x" in judged(with_primary(exports=[failed, export()]))[1]
    assert judged(sight(guarded))[0] is Level.AMBER
    assert "12 % of the users would go" in judged(sight(guarded))[1]
    assert "GUARD TRIPPED" in shown(sight(guarded))


def test_a_lost_primary_region_is_amber_and_a_lost_backup_region_red() -> None:
    whole = sight()
    alone = replace(
        whole,
        stacks={"backup": whole.stacks["backup"]},
        unreachable={"primary": "us-east-1: AWS does not answer"},
    )
    no_cognito = replace(whole, pool_users=None, pool_problem="Cognito in us-east-1: AWS does not answer")
    nowhere = replace(
        whole,
        stacks={"primary": whole.stacks["primary"]},
        unreachable={"backup": "eu-west-1: AWS does not answer"},
    )

    for lost in (alone, no_cognito):
        level, text = judged(lost)
        assert level is Level.AMBER
        assert "us-east-1" in text
        assert "lifeboat import --create-pool NAME --wait" in text
    assert "cannot be compared" in shown(alone)
    assert "1,200 users" in shown(alone)
    assert judged(nowhere)[0] is Level.RED
    assert judged(replace(no_cognito, pool_gone=True))[0] is Level.RED


@pytest.mark.parametrize(
    ("ended_at", "level"),
    [
        ("2026-11-21T11:59:30.000Z", Level.GREEN),
        ("2026-11-21T11:50:00.000Z", Level.AMBER),
        ("2026-11-21T11:00:00.000Z", Level.RED),
    ],
)
def test_a_replica_that_lags(ended_at: str, level: Level) -> None:
    newer = export("2026-11-21T10:59:00.000Z", ended_at=ended_at)

    assert judged(with_primary(latest=newer))[0] is level


def test_alarms_and_dead_letters_are_red_with_what_to_do() -> None:
    alarm = AlarmSeen(
        "ImportFailed", "us-east-1", "ALARM", "An import failed (docs/runbook.md#import-failed)."
    )
    quiet = AlarmSeen("ExportFailed", "us-east-1", "INSUFFICIENT_DATA", "")
    ringing = with_primary(alarms=[alarm, quiet])
    dead = with_primary(queues=[QueueSeen("UpdatesDeadLetter", "us-east-1", 3)])

    assert judged(ringing)[0] is Level.RED
    assert "`lifeboat watch` tells how it ended" in judged(ringing)[1]
    left = {"run_id": "x-1", "started_at": "2026-11-21T11:00:00.000Z", "status": "INCOMPLETE"}
    assert "lifeboat import --resume x-1 --wait" in judged(with_primary(alarms=[alarm], imports=[left]))[1]
    assert "INCOMPLETE 1 h ago: x-1" in shown(with_primary(imports=[left]))
    assert "ImportFailed in ALARM, 1 quiet" in shown(ringing)
    assert judged(dead)[0] is Level.RED
    assert "UpdatesDeadLetter in us-east-1 holds 3" in judged(dead)[1]
    assert "lifeboat failed" in judged(dead)[1]
    assert "0 waiting, 3 dead letters" in shown(dead)


def test_what_an_import_left_in_its_queues_is_amber_unless_one_runs() -> None:
    left = with_primary(queues=[QueueSeen("NewUsers", "us-east-1", 5), QueueSeen("Capture", "us-east-1", 7)])
    arn = "arn:aws:states:us-east-1:123456789012:execution:ImportWorkflow:abc"
    running = Run("import", arn, datetime(2026, 11, 21, 11, 59, tzinfo=UTC))
    filling = replace(left.stacks["primary"], running=[running])

    assert judged(left)[0] is Level.AMBER
    assert "NewUsers in us-east-1 holds 5" in judged(left)[1]
    assert judged(replace(left, stacks={**left.stacks, "primary": filling}))[0] is Level.GREEN
    behind = with_primary(queues=[QueueSeen("CaptureRetry", "us-east-1", 5_000)])
    assert "captured changes wait" in judged(behind)[1]


def test_drills_that_failed_or_are_overdue_are_amber() -> None:
    failed = {"started_at": "2026-11-20T03:00:00.000Z", "status": "FAILED", "reason": "ImportIncomplete"}
    good = {
        "started_at": "2026-01-20T03:00:00.000Z",
        "status": "SUCCEEDED",
        "rto_seconds": "300",
        "users": 1_200,
    }
    overdue = PARAMETERS | {"DrillSchedule": "rate(30 days)", "DrillMaxAgeDays": "100"}

    assert "ImportIncomplete" in judged(with_primary(drills=[failed]))[1]
    assert judged(with_primary(drills=[good]))[0] is Level.GREEN
    assert "1,200 users, restored in 5 min" in shown(with_primary(drills=[good]))
    assert (
        "no drill for more than DrillMaxAgeDays (100)"
        in judged(replace(with_primary(drills=[good]), parameters=overdue))[1]
    )
    assert "there was none" in judged(sight(parameters=overdue))[1]


def test_live_capture_shows_what_it_missed() -> None:
    seen = sight(
        export(drift={"users": 2, "memberships": 1}), parameters=PARAMETERS | {"LiveSync": "CAPTURE"}
    )

    assert "CAPTURE; the last export found 3 changes it missed" in shown(seen)


def test_the_document_has_everything() -> None:
    seen = with_primary(queues=[QueueSeen("Updates", "us-east-1", 0)])
    found = document(seen, reasons(seen))

    assert found["verdict"] == "green"
    assert found["replicas"] == dict.fromkeys(("primary", "backup"), "2026-11-21T03:00:00.000Z-00000000")
    assert found["exports"][0]["counts"]["users"] == {"listed": 1_200, "added": 3, "changed": 5, "retired": 1}
    assert found["queues"] == [{"name": "Updates", "region": "us-east-1", "depth": 0, "dead_letters": False}]
    assert found["next_export_due"] == "2026-11-22T03:00:00.000Z"
