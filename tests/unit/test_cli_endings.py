"""What is told of a run that has ended."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import pytest
from rich.console import Console

from cli.runs.endings import Ending, ending_of, problems_of
from cli.runs.executions import Look, Run
from lifeboat.errors import PreflightFailed

AT = "2026-11-21T10:00:00.000Z"
ID = "2026-11-21T09:25:21.878Z-86b993c5"
TOTALS = {
    "users": {"in_backup": 10, "restored": 7, "different": 1, "failed": 2, "unexpected": 0},
    "memberships": {"restored": 5, "at_sign_in": 0},
    "groups": {"in_backup": 2, "different": 0},
}
COUNTS = {"users": {"listed": 10, "added": 1, "changed": 2, "unchanged": 7, "retired": 0}}


def run(workflow: str) -> Run:
    arn = f"arn:aws:states:eu-west-1:123456789012:execution:{workflow}:abc"
    return Run(workflow, arn, datetime(2026, 11, 21, 9, 25, tzinfo=UTC))


def ending(workflow: str, status: str, entry: dict[str, Any], error: str = "", cause: str = "") -> Ending:
    return ending_of(run(workflow), ID if entry else "", Look(AT, status, entry, "", error, cause))


def drawn(found: Ending) -> str:
    console = Console(file=io.StringIO(), width=100)
    found.draw(console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_complete_import_says_where_its_report_is_and_whom_to_tell() -> None:
    entry = {
        "status": "SUCCEEDED",
        "totals": TOTALS,
        "report": "s3://b/report.json",
        "user_pool_id": "eu-west-1_New",
        "duration_seconds": "125.0",
    }

    found = ending("import", "SUCCEEDED", entry)

    assert found.good
    shown = drawn(found)
    for expected in (
        "SUCCEEDED after 2 min 5 s",
        "s3://b/report.json",
        "eu-west-1_New",
        f"lifeboat report {ID}",
    ):
        assert expected in shown
    assert "#tell-the-users" in shown
    assert found.document()["counts"] == TOTALS


def test_an_incomplete_import_leads_to_the_failed_users_and_back() -> None:
    found = ending("import", "FAILED", {"status": "INCOMPLETE", "totals": TOTALS, "reason": "of 10 users …"})

    assert not found.good
    assert found.status == "INCOMPLETE"
    assert f"lifeboat failed {ID}" in drawn(found)
    assert f"lifeboat import --resume {ID} --wait" in drawn(found)


def test_a_failed_import_is_resumed() -> None:
    found = ending("import", "FAILED", {"status": "FAILED", "reason": "ImportStalled: nothing has moved"})

    assert "ImportStalled" in drawn(found)
    assert f"lifeboat import --resume {ID} --wait" in drawn(found)


def test_the_problems_of_a_preflight_are_a_list() -> None:
    cause = str(
        PreflightFailed(["the pool is not empty; give another", "the queue holds (about) 3 messages"])
    )

    found = ending("import", "FAILED", {}, "PreflightFailed", cause)

    assert found.problems == ["the pool is not empty; give another", "the queue holds (about) 3 messages"]
    assert "  1. the pool is not empty" in drawn(found)
    assert "lifeboat preflight" in drawn(found)
    assert "--resume" not in drawn(found)
    assert problems_of(f"PreflightFailed: {cause}") == found.problems
    assert problems_of("something else") == []


@pytest.mark.parametrize(("status", "why"), [("ABORTED", "somebody stopped"), ("TIMED_OUT", "took longer")])
def test_a_run_that_could_not_write_its_end_is_told_by_its_execution(status: str, why: str) -> None:
    found = ending("import", status, {"status": "RUNNING"})

    assert found.status == status
    assert why in drawn(found)
    assert "--resume" in drawn(found)


def test_exports_end_well_guarded_or_not_at_all() -> None:
    good = ending("export", "SUCCEEDED", {"status": "COMPLETED", "counts": COUNTS})
    guarded = ending(
        "export", "SUCCEEDED", {"status": "COMPLETED_WITHOUT_CLEANUP", "reason": "12 % would go"}
    )
    failed = ending("export", "FAILED", {"status": "FAILED", "reason": "CognitoUnavailable: x"})

    assert good.good
    assert not good.next_steps
    assert "listed" in drawn(good)
    assert not guarded.good
    assert "12 % would go" in drawn(guarded)
    assert "--allow-mass-retirement" in drawn(guarded)
    assert "lifeboat export --wait" in drawn(failed)


def test_a_drill_tells_how_long_a_restore_takes() -> None:
    entry = {"status": "SUCCEEDED", "rto_seconds": "372.5", "users": 20, "sample_percent": 10}
    good = ending("drill", "SUCCEEDED", entry)
    failed = ending("drill", "FAILED", {"status": "FAILED", "reason": "x"})

    assert "6 min 12 s" in drawn(good)
    assert "20 users restored as they should be, a sample of 10 %" in drawn(good)
    assert good.document()["rto_seconds"] == 372.5
    assert failed.document()["rto_seconds"] is None
    assert "lifeboat drill --wait" in drawn(failed)


def test_what_others_wrote_is_printed_as_it_is() -> None:
    found = ending("import", "FAILED", {"status": "FAILED", "reason": "[red]not markup[/]"})

    assert "[red]not markup[/]" in drawn(found)


def test_a_failed_function_is_told_without_its_stack() -> None:
    cause = '{"errorMessage": "S3: SlowDown", "errorType": "StoreUnavailable", "stackTrace": ["app.py"]}'
    found = ending("drill", "FAILED", {"status": "RUNNING"}, "StoreUnavailable", cause)

    assert found.reason == "StoreUnavailable: S3: SlowDown"
    assert ending("export", "FAILED", {}, "States.Timeout").reason == "States.Timeout"
