"""Drills and an import that is meant: it takes over at once, and neither harms what is the other's."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lifeboat.drill import assembly as drilling
from lifeboat.errors import AlreadyRunning, InvalidInput, PreflightFailed
from lifeboat.restore import assembly as restoring
from tests.adapters.drilling import LATER, STARTED, Drilled, bodies_waiting, held
from tests.adapters.stack import Import, MakePool, bodies, dead_letters, new_process
from tests.unit.examples import PLENTY


@pytest.fixture
def into(make_pool: MakePool) -> dict[str, str]:
    return {"NewUserPoolId": make_pool().pool_id}


def meant(drill: Drilled, typed: dict[str, Any], started_at: str = LATER) -> Import:
    run = Import(drill.stack, typed, started_at)
    drill.known.running.add(run.arn)
    return run


def test_an_import_takes_over_from_a_drill_at_once_and_its_messages_are_safe(
    drill: Drilled, into: dict[str, str]
) -> None:
    # Given a drill in the middle of its users
    drill.begin()
    drills = drill.import_begun()
    drills.scan()
    assert bodies_waiting(drill.stack)
    # When an operator starts an import
    run = meant(drill, into)
    run.enqueue()
    waiting = bodies_waiting(drill.stack)
    # Then the drill notices, and clears away without touching what the import has sent
    watched = drilling.drill_watch().watch({"Drill": drill.begun["Drill"]}, PLENTY)
    assert watched["Ended"]
    assert drill.clear() == [drills.of["UserPoolId"]]
    assert bodies_waiting(drill.stack) == waiting > 0
    assert held(drill, "import") == run.arn
    ended = drill.complete()
    assert not ended["Passed"]
    assert f"gave way to the import {run.of['ImportId']}" in ended["Cause"]
    # And everybody comes back
    run.deliver()
    assert run.end()["Complete"]
    assert not dead_letters(drill.stack.api_users_dead)
    assert not dead_letters(drill.stack.new_users_dead)


def test_messages_of_an_ended_drill_that_come_late_are_dropped(drill: Drilled, into: dict[str, str]) -> None:
    # Given messages that functions of the drill sent after all
    drill.begin()
    drills = drill.import_begun()
    drills.scan()
    new_users, api_users = bodies(drill.stack.new_users), bodies(drill.stack.api_users)
    run = meant(drill, into)
    run.enqueue()
    drill.clear()
    drill.complete()
    for queue, late in ((drill.stack.new_users, new_users), (drill.stack.api_users, api_users)):
        queue.send(json.loads(body) for body in late)
    # When they are delivered beside those of the import
    with new_process():
        run.deliver()
        ended = run.end()
    # Then they are nobody's dead letters, and the import is complete
    assert ended["Complete"]
    assert not dead_letters(drill.stack.api_users_dead)
    assert not dead_letters(drill.stack.new_users_dead)


def test_a_drill_does_not_begin_its_import_while_another_one_runs(
    drill: Drilled, into: dict[str, str]
) -> None:
    run = meant(drill, into)
    run.begin()
    drill.begin()
    drills = drill.imported()
    with pytest.raises(AlreadyRunning):
        drills.begin()
    restoring.import_end().fail(
        {"ExecutionId": drills.arn, "StartedAt": STARTED, "Error": "AlreadyRunning", "Cause": "it runs"}
    )
    drill.known.running.discard(drills.arn)
    drill.clear()
    assert "could not begin: AlreadyRunning: it runs" in drill.complete()["Cause"]
    assert held(drill, "import") == run.arn


def test_the_messages_of_an_import_that_failed_are_left_alone(drill: Drilled, into: dict[str, str]) -> None:
    # Given an import that failed and left its messages for whoever resumes it
    run = meant(drill, into)
    run.enqueue()
    drill.known.running.discard(run.arn)
    restoring.import_end().fail(
        {"ExecutionId": run.arn, "StartedAt": LATER, "Error": "ImportStalled", "Cause": "it stalled"}
    )
    waiting = bodies_waiting(drill.stack)
    # When a drill finds them there
    drill.begin()
    with pytest.raises(PreflightFailed, match="still holds about"):
        drill.imported().begin()
    drill.fail("PreflightFailed", "the queue still holds messages")
    # Then they are still there
    assert bodies_waiting(drill.stack) == waiting > 0


@pytest.mark.parametrize(
    "given",
    [
        {"Drill": "2026-03-03T00:00:00.000Z-11111111"},
        {"Drill": "{drill}"},
        {"Drill": "{drill}", "UserLane": "api"},
        {"Drill": None},
        {"Drill": 7, "NewUserPoolId": "eu-west-1_AbCdEf123"},
    ],
    ids=["no such drill", "another execution", "more than that", "null", "a number"],
)
def test_nobody_but_a_drill_can_start_an_import_as_a_drill(drill: Drilled, given: dict[str, Any]) -> None:
    drill.begin()
    typed = {
        key: value.format(drill=drill.drill_id) if isinstance(value, str) else value
        for key, value in given.items()
    }
    with pytest.raises(InvalidInput, match="Drill: only the DrillWorkflow gives this key"):
        meant(drill, typed).begin()


def test_a_drills_import_is_not_resumed_and_its_pool_not_filled_by_another(drill: Drilled) -> None:
    drill.begin()
    drills = drill.import_begun()
    with pytest.raises(InvalidInput, match="was a drill's"):
        meant(drill, {"Resume": drills.of["ImportId"]}).begin()
    with pytest.raises(PreflightFailed, match="is a drill's pool, which will be deleted"):
        meant(drill, {"NewUserPoolId": drills.of["UserPoolId"]}).begin()
