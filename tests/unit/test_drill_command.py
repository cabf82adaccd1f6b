"""`lifeboat drill` starts the DrillWorkflow where it should, with the sample asked for."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from cli.app import main
from cli.connection import Connection, Stack
from cli.problems import Problem

ARN = "arn:aws:states:eu-west-1:111122223333:execution:lifeboat-DrillWorkflow:one"
STACK = Stack("lifeboat", "eu-west-1", "backup", {"DrillWorkflowArn": "machine"}, {})


class States:
    """Step Functions, which notes what a DrillWorkflow was started with."""

    def __init__(self) -> None:
        self.running: list[dict[str, Any]] = []
        self.given: Any = None

    def list_executions(self, **_: Any) -> dict[str, Any]:
        return {"executions": self.running}

    def start_execution(self, **request: str) -> dict[str, Any]:
        assert request["stateMachineArn"] == "machine"
        self.given = json.loads(request["input"])
        return {"executionArn": ARN, "startDate": datetime(2026, 3, 1, 4, tzinfo=UTC)}


@pytest.fixture
def states(monkeypatch: pytest.MonkeyPatch) -> States:
    """Step Functions as the command finds it, beside a backup stack."""
    made = States()
    monkeypatch.setattr(Connection, "backup", lambda _: STACK)
    monkeypatch.setattr(Connection, "client", lambda *_: made)
    return made


def test_a_drill_is_started_with_the_sample_asked_for(
    states: States, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["drill", "--sample", "10", "--json"]) == 0
    assert states.given == {"SamplePercent": 10}
    assert json.loads(capsys.readouterr().out)["execution_arn"] == ARN
    assert main(["drill"]) == 0
    assert states.given == {}
    assert "lifeboat watch one" in capsys.readouterr().out


def test_a_drill_beside_another_one_is_not_started(
    states: States, capsys: pytest.CaptureFixture[str]
) -> None:
    states.running = [{"executionArn": ARN, "startDate": datetime(2026, 3, 1, 4, tzinfo=UTC)}]
    assert main(["drill"]) == 1
    assert states.given is None
    assert "a drill is running in eu-west-1" in capsys.readouterr().err


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
