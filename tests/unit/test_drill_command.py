"""`lifeboat drill` says what a drill is at, and how it ended, however it ended."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from cli.app import main
from cli.connection import Connection, Stack
from cli.drills import Following, Started
from cli.problems import Problem

ARN = "arn:aws:states:eu-west-1:111122223333:execution:lifeboat-DrillWorkflow:one"
STACK = Stack("lifeboat", "eu-west-1", "backup", {"DrillWorkflowArn": "machine"}, {})
RUNNING = {"status": "RUNNING", "import_id": "", "sample_percent": 100}
PASSED = {
    "status": "SUCCEEDED",
    "sample_percent": 10,
    "users": 20,
    "rto_seconds": "61.500",
    "duration_seconds": "80.250",
    "import_id": "an-import",
    "pool_id": "eu-west-1_Scratch12",
    "reason": "",
}


class Entries:
    """A ledger that holds one entry at most."""

    def __init__(self, entry: Mapping[str, Any] | None) -> None:
        self.entry = entry

    def get(self, _: str) -> Mapping[str, Any] | None:
        return self.entry


class States:
    """Step Functions, with one execution. `given` is what it was started with."""

    def __init__(self, **described: Any) -> None:
        self.described = {"status": "RUNNING", "startDate": datetime(2026, 3, 1, 4, tzinfo=UTC), **described}
        self.given: Any = None

    def start_execution(self, **request: str) -> dict[str, str]:
        self.given = json.loads(request["input"])
        return {"executionArn": ARN}

    def describe_execution(self, **_: str) -> dict[str, Any]:
        return self.described


def following(
    drill: Mapping[str, Any] | None, imported: Mapping[str, Any] | None = None, **described: Any
) -> Following:
    found = Following(cast(Any, None), Started("a-drill", ARN, STACK), States(**described))
    found._drills, found._imports = cast(Any, Entries(drill)), cast(Any, Entries(imported))
    return found


USERS = {"phase": "USERS", "settled": 5, "expected": 20}
GROUPS = {"phase": "GROUPS", "done": 1, "total": 3}


@pytest.mark.parametrize(
    ("drill", "imported", "step"),
    [
        (None, None, "beginning"),
        (RUNNING, None, "starting the import"),
        ({**RUNNING, "import_id": "i"}, {"status": "RUNNING"}, "creating the scratch pool"),
        ({**RUNNING, "import_id": "i"}, {"status": "RUNNING", "progress": GROUPS}, "groups: 1 of 3"),
        ({**RUNNING, "import_id": "i"}, {"status": "RUNNING", "progress": USERS}, "users: 5 of 20"),
        ({**RUNNING, "import_id": "i"}, {"status": "SUCCEEDED"}, "import ended"),
        ({**RUNNING, "closing": True}, None, "deleting the scratch pool"),
    ],
)
def test_what_a_drill_is_at(drill: Any, imported: Any, step: str) -> None:
    progress = following(drill, imported).look()
    assert (progress.step, progress.over) == (step, False)


@pytest.mark.parametrize(
    ("drill", "described", "reason"),
    [
        (
            None,
            {"status": "FAILED", "error": "AlreadyRunning", "cause": "it runs"},
            "AlreadyRunning: it runs",
        ),
        (RUNNING, {"status": "ABORTED"}, "its execution ABORTED"),
        ({**PASSED, "status": "FAILED", "reason": "2 users failed"}, {"status": "FAILED"}, "2 users failed"),
    ],
)
def test_a_drill_that_failed_has_a_reason(drill: Any, described: dict[str, Any], reason: str) -> None:
    progress = following(drill, **described).look()
    assert progress.over
    assert (progress.entry["status"], progress.entry["reason"]) == ("FAILED", reason)


@pytest.fixture
def states(monkeypatch: pytest.MonkeyPatch) -> States:
    """Step Functions as the command finds it, beside a backup stack."""
    made = States(status="SUCCEEDED")
    monkeypatch.setattr(Connection, "backup", lambda _: STACK)
    monkeypatch.setattr(Connection, "client", lambda *_: made)
    monkeypatch.setattr(Connection, "table", lambda *_: None)
    return made


def ends_as(monkeypatch: pytest.MonkeyPatch, entry: Mapping[str, Any]) -> None:
    monkeypatch.setattr("cli.drills.Ledger", lambda *_: Entries(entry))


def test_a_drill_is_started_with_the_sample_asked_for(
    states: States, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["drill", "--sample", "10", "--json"]) == 0
    assert states.given == {"SamplePercent": 10}
    assert json.loads(capsys.readouterr().out)["execution_arn"] == ARN
    assert main(["drill"]) == 0
    assert states.given == {}


@pytest.mark.parametrize(("entry", "exit_status"), [(PASSED, 0), ({**PASSED, "status": "FAILED"}, 1)])
def test_waiting_tells_by_the_exit_status(
    states: States,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    entry: Mapping[str, Any],
    exit_status: int,
) -> None:
    ends_as(monkeypatch, entry)
    assert main(["drill", "--wait", "--json"]) == exit_status
    told = json.loads(capsys.readouterr().out)
    assert (told["status"], told["rto_seconds"], told["users"]) == (entry["status"], 61.5, 20)


def test_a_person_is_told_in_words(
    states: States, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ends_as(monkeypatch, PASSED)
    assert main(["drill", "--wait"]) == 0
    assert "The drill succeeded" in capsys.readouterr().out
    ends_as(monkeypatch, {**PASSED, "status": "FAILED", "reason": "2 users [failed]"})
    assert main(["drill", "--wait"]) == 1
    told = capsys.readouterr().out
    assert "2 users [failed]" in told
    assert "docs/runbook.md#drill-failed" in told


@pytest.mark.parametrize("sample", ["0", "101", "half"])
def test_a_sample_that_makes_no_sense_is_a_wrong_use(sample: str) -> None:
    assert main(["drill", "--sample", sample]) == 2


def test_without_a_backup_stack_it_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def unreachable(_: Connection) -> Stack:
        raise Problem("the backup stack cannot be reached", "Deploy it.")

    monkeypatch.setattr(Connection, "backup", unreachable)
    assert main(["drill"]) == 1
    assert "cannot be reached" in capsys.readouterr().err
