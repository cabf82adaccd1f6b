"""The demonstration's own parts: what it changes, what it concludes, how it tells of it."""

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws
from rich.console import Console

from local.comparison import Group, Snapshot, User, differences, snapshot
from local.demo import _settled, blank_everybody, change_a_few, main
from local.demo_live import LiveOutcome
from local.ending import exit_status
from local.narration import Narrator, Step
from local.outcome import Outcome, Return, tell
from local.people import create_pool, fill, population
from local.processes import EmbeddedAwsError
from local.workflows import Run, WorkflowFailedError

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

POOL = Snapshot(
    {"ann": User({"email": "ann@example.com"}, enabled=True, status="CONFIRMED")},
    {"crew": Group("", 0, "")},
    frozenset({("ann", "crew")}),
)
COUNT = {"listed": 1, "added": 0, "changed": 1, "unchanged": 2, "retired": 3}
EXPORT = Run("SUCCEEDED", "", {"counts": dict.fromkeys(("users", "groups", "memberships"), COUNT)}, 1.5)
IMPORT = Run("SUCCEEDED", "", {}, 2.5)
BACK = Return("2026-03-01T12:00:00.000Z", EXPORT, IMPORT, POOL, messages=0)
LIVE = LiveOutcome(21, 3.5, "newcomer-4", 0.75, IMPORT, POOL, POOL)
WELL = Outcome(POOL, POOL, EXPORT, EXPORT, IMPORT, messages=0, back=BACK, live=LIVE)


@pytest.fixture
def cognito() -> Iterator["CognitoIdentityProviderClient"]:
    with mock_aws():
        yield boto3.client(
            "cognito-idp", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
        )


def told(terminal: bool = False) -> tuple[Narrator, io.StringIO]:
    text = io.StringIO()
    return Narrator(Console(file=text, force_terminal=terminal, width=100)), text


def test_the_numbers_have_exactly_these_keys() -> None:
    ones = {"users": 1, "groups": 1, "memberships": 1}
    assert json.loads(json.dumps(WELL.document())) == {
        "exported": ones,
        "second_export": {"written": 3, "unchanged": 6, "retired": 9},
        "restored": ones,
        "differences": 0,
        "export_seconds": 1.5,
        "import_seconds": 2.5,
    }
    assert WELL.fine


@pytest.mark.parametrize(
    "outcome",
    [
        replace(WELL, restored=replace(POOL, users={})),
        replace(WELL, restored=replace(POOL, memberships=frozenset())),
        replace(WELL, source=replace(POOL, groups={}), restored=replace(POOL, groups={})),
        replace(WELL, imported=replace(IMPORT, status="FAILED")),
        replace(WELL, messages=1),
        replace(WELL, back=replace(BACK, restored=replace(POOL, users={}))),
        replace(WELL, back=replace(BACK, imported=replace(IMPORT, status="FAILED"))),
        replace(WELL, back=replace(BACK, messages=1)),
        replace(WELL, live=replace(LIVE, imported=replace(IMPORT, status="FAILED"))),
        replace(WELL, live=replace(LIVE, restored=replace(POOL, users={}))),
    ],
    ids=[
        "user lost",
        "membership lost",
        "exported what was not there",
        "import failed",
        "message sent",
        "not gone back",
        "second import failed",
        "message sent again",
        "live act failed",
        "user lost in the live act",
    ],
)
def test_anything_amiss_is_a_failure(outcome: Outcome) -> None:
    assert not outcome.fine


def test_the_account_names_what_was_lost() -> None:
    narrator, text = told()
    tell(narrator, replace(WELL, restored=replace(POOL, users={})))
    assert "user 'ann': lost" in text.getvalue()


def test_a_few_changes_touch_every_kind_but_few_items(cognito: "CognitoIdentityProviderClient") -> None:
    pool_id = create_pool(cognito, "people")
    fill(cognito, pool_id, population(40, 5, 60, 1))
    before = snapshot(cognito, pool_id)

    change_a_few(cognito, pool_id, before)

    found = differences(before, snapshot(cognito, pool_id))
    assert any("custom:note" in line for line in found["users"])
    assert any("enabled" in line for line in found["users"])
    assert sum(line.endswith("lost") for line in found["users"]) == 1
    assert {line.rpartition(" ")[2] for line in found["memberships"]} == {"lost", "unexpected"}
    assert sum(line.endswith("lost") for line in found["memberships"]) <= 6


def test_everybody_is_blanked_and_nothing_else(cognito: "CognitoIdentityProviderClient") -> None:
    pool_id = create_pool(cognito, "people")
    fill(cognito, pool_id, population(40, 5, 60, 1))
    before = snapshot(cognito, pool_id)

    blank_everybody(cognito, pool_id, before)

    after = snapshot(cognito, pool_id)
    assert not any(user.attributes.get("family_name") for user in after.users.values())
    found = differences(before, after)
    assert len(found["users"]) == len(before.users)
    assert found["groups"] == found["memberships"] == []


@pytest.mark.parametrize("users", [0, 1, 5])
def test_a_small_pool_is_changed_without_taking_anything_away(
    cognito: "CognitoIdentityProviderClient", users: int
) -> None:
    pool_id = create_pool(cognito, "people")
    fill(cognito, pool_id, population(users, 1, users, 1))
    before = snapshot(cognito, pool_id)

    change_a_few(cognito, pool_id, before)

    assert snapshot(cognito, pool_id).counts() == before.counts()


def test_an_impossible_number_of_memberships_is_refused_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--users", "1", "--groups", "1", "--memberships", "2"]) == 2
    assert "at most 1 memberships, not 2" in capsys.readouterr().out


@pytest.mark.parametrize("terminal", [True, False])
def test_a_step_is_told_of_with_and_without_a_terminal(terminal: bool) -> None:
    narrator, text = told(terminal)
    with narrator.step("Count sheep", 8) as step:
        for _ in range(8):
            step.advance()
        step.note = "8 sheep"
    assert "Count sheep: 8 sheep" in text.getvalue()


def test_without_a_terminal_a_long_step_is_told_of_by_quarters() -> None:
    narrator, text = told()
    with narrator.step("Count sheep", 100) as step:
        for _ in range(100):
            step.advance()
    lines = [line.strip() for line in text.getvalue().splitlines()]
    assert lines[:-1] == ["… Count sheep", *(f"Count sheep: {n} of 100" for n in (25, 50, 75))]


def test_a_failed_step_is_told_of() -> None:
    narrator, text = told()
    with pytest.raises(ZeroDivisionError), narrator.step("Divide"):
        raise ZeroDivisionError
    assert "✗ Divide" in text.getvalue()


def test_a_run_that_failed_is_raised_with_its_cause() -> None:
    failed = Run("FAILED", "AlreadyRunning: another export runs", {}, 1.0)
    with pytest.raises(WorkflowFailedError, match="FAILED: AlreadyRunning: another export runs"):
        failed.succeeded()
    assert IMPORT.succeeded() is IMPORT


@pytest.mark.parametrize(
    ("entry", "done"),
    [
        ({}, 0),
        ({"progress": {"phase": "groups", "done": 1, "total": 2}}, 0),
        ({"progress": {"phase": "users", "settled": 3, "expected": 5}}, 3),
    ],
)
def test_an_import_is_told_by_its_settled_users(entry: dict[str, Any], done: int) -> None:
    step = Step(None, lambda _: None)
    _settled(step, entry)
    assert step.done == done


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (WorkflowFailedError("the import wrote no report"), 1, "the import wrote no report"),
        (EmbeddedAwsError("the front did not start"), 1, "the front did not start"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_a_command_ends_with_a_status_and_says_why(error: BaseException, status: int, said: str) -> None:
    narrator, text = told()

    def work() -> int:
        raise error

    assert exit_status(narrator, work) == status
    assert said in text.getvalue()
    assert exit_status(narrator, lambda: 0) == 0
