"""Drills from end to end against moto: what they prove, what they leave, one at a time."""

from __future__ import annotations

import json

import pytest

from lifeboat.aws import clients
from lifeboat.cognito.scratch_pools import DRILL_TAG, STACK_TAG
from lifeboat.drill import assembly as drilling
from lifeboat.errors import AlreadyRunning, DrillEnded
from lifeboat.restore import assembly as restoring
from lifeboat.store.ledger import Ledger
from tests.adapters.drilling import LATER, STARTED, Drilled, bodies_waiting, held, notified, pools
from tests.adapters.people import RESTORED
from tests.adapters.pools import Pool
from tests.adapters.stack import Stack, bodies, dead_letters, execution, hand_over, new_process
from tests.unit.examples import OVER, PLENTY


def test_a_drill_restores_verifies_measures_and_leaves_nothing(
    drill: Drilled, capsys: pytest.CaptureFixture[str]
) -> None:
    before = pools()
    drill.begin()
    restored = drill.restore()
    made = set(pools()) - set(before)
    assert drill.clear() == list(made)
    capsys.readouterr()

    ended = drill.complete()

    assert restored["Complete"]
    assert ended["Passed"]
    assert ended["Users"] == RESTORED
    assert ended["RtoSeconds"] > 0
    assert pools() == before
    assert [held(drill, "drill"), held(drill, "import")] == [None, None]
    entry = drill.entry()
    assert (entry["status"], entry["sample_percent"], entry["users"]) == ("SUCCEEDED", 100, RESTORED)
    assert [entry["pool_id"]] == list(made)
    assert Ledger(drill.stack.table, "drill").latest() is not None
    written = json.loads(capsys.readouterr().out.splitlines()[0])
    assert (written["DrillSucceeded"], written["DrillAgeDays"]) == ([1.0], [0.0])
    assert written["DrillRtoSeconds"] == [ended["RtoSeconds"]]


def test_the_scratch_pool_is_told_from_others_by_its_tags_and_lets_nobody_in(drill: Drilled) -> None:
    drill.begin()
    run = drill.import_begun()
    pool = clients.cognito().describe_user_pool(UserPoolId=run.of["UserPoolId"])["UserPool"]
    assert pool["UserPoolTags"][DRILL_TAG] == drill.drill_id
    assert pool["UserPoolTags"][STACK_TAG] == "lifeboat"
    assert pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is True
    assert drill.entry()["pool_id"] == pool["Id"]


def test_a_drill_says_its_result_once_and_its_import_says_nothing(drill: Drilled) -> None:
    drill.begin()
    drill.restore()
    drill.clear()
    drill.complete()
    assert notified(drill.stack)[-1] == "lifeboat: drill succeeded"
    assert not [subject for subject in notified(drill.stack) if "import" in subject]


def test_a_sample_restores_the_users_of_its_shards_only(drill: Drilled) -> None:
    drill.typed = {"SamplePercent": 1}
    drill.begin()
    begun = drill.imported().begin()
    assert sum(len(portion["Shards"]) for portion in begun["Scans"]) == 3
    entry = Ledger(drill.stack.table, "import").get(begun["Run"]["ImportId"])
    assert entry is not None
    assert entry["users"] == 1  # of nine, about


def test_what_does_not_come_back_fails_the_drill(drill: Drilled) -> None:
    drill.begin()
    run = drill.import_begun()
    run.scan()
    bodies(drill.stack.api_users)  # and are lost
    run.deliver()
    run.end()
    drill.known.running.discard(run.arn)
    drill.clear()

    ended = drill.complete()

    assert (ended["Passed"], ended["Error"]) == (False, "DrillFailed")
    assert "ended as INCOMPLETE" in ended["Cause"]
    assert drill.entry()["status"] == "FAILED"
    assert Ledger(drill.stack.table, "drill").latest() is None
    assert notified(drill.stack)[-1] == "lifeboat: drill failed"


def test_a_step_that_fails_leaves_neither_pool_nor_messages_nor_locks(drill: Drilled) -> None:
    before = pools()
    drill.begin()
    run = drill.import_begun()
    run.scan()
    assert bodies_waiting(drill.stack)

    failure = drill.fail()

    assert failure["Error"] == "CognitoRefused"
    assert drill.known.stopped == [run.arn]
    assert pools() == before
    assert not bodies_waiting(drill.stack)
    assert [held(drill, "drill"), held(drill, "import")] == [None, None]
    imported = Ledger(drill.stack.table, "import").get(run.of["ImportId"])
    assert imported is not None
    assert imported["status"] == drill.entry()["status"] == "FAILED"
    assert drill.entry()["reason"] == "CognitoRefused: no"
    # And whatever is repeated changes nothing
    assert drill.fail()["Error"] == "CognitoRefused"


def test_functions_of_a_drill_that_is_over_stop_working(drill: Drilled) -> None:
    before = pools()
    drill.begin()
    run = drill.imported()
    begun = run.begin()
    drill.fail()
    with pytest.raises(DrillEnded):
        restoring.pool_creation(begun["Run"]).create(
            {"Run": begun["Run"], "PoolName": begun["PoolName"]}, PLENTY
        )
    with pytest.raises(DrillEnded):
        drill.imported().begin()
    assert pools() == before


def test_a_scan_that_goes_on_after_the_end_sends_nothing_more(drill: Drilled) -> None:
    drill.begin()
    run = drill.import_begun()
    Ledger(drill.stack.table, "drill").update(drill.drill_id, {"closing": True})
    with pytest.raises(DrillEnded):
        run.scan()
    assert not bodies_waiting(drill.stack)


# -- one at a time, and again -----------------------------------------------------------------------------


def test_of_two_drills_one_runs(drill: Drilled) -> None:
    drill.begin()
    other = Drilled(drill.stack, drill.known, started_at=LATER)
    with pytest.raises(AlreadyRunning):
        other.begin()
    other_failure = drilling.drill_end().fail(
        {"ExecutionId": other.arn, "StartedAt": LATER, "Error": "AlreadyRunning", "Cause": "no"},
        drilling.scratch(),
    )
    assert other_failure["Error"] == "AlreadyRunning"
    assert held(drill, "drill") == drill.arn
    assert drill.entry()["status"] == "RUNNING"


def test_beginning_again_starts_one_import(drill: Drilled) -> None:
    first = drill.begin()
    assert drill.begin() == first
    assert {arn for arn, _ in drill.known.started} == {first["Drill"]["ImportExecution"]}


def test_the_watch_ends_with_the_import_or_with_its_time(drill: Drilled) -> None:
    drill.begin()
    watch = drilling.drill_watch()
    assert not watch.watch({"Drill": drill.begun["Drill"]}, OVER)["Ended"]
    drill.known.running.clear()
    assert watch.watch({"Drill": drill.begun["Drill"]}, PLENTY)["Ended"]


def test_a_consumer_drops_what_an_ended_drill_has_left(drill: Drilled) -> None:
    drill.begin()
    run = drill.import_begun()
    run.scan()
    left = bodies(drill.stack.api_users)
    drill.fail()
    drill.stack.api_users.send(json.loads(body) for body in left)
    with new_process():
        hand_over(drill.stack.api_users, restoring.new_user_consumer())
    assert not dead_letters(drill.stack.api_users_dead)


# -- measurements -----------------------------------------------------------------------------------------


def test_measuring_publishes_the_ages(drill: Drilled) -> None:
    untried = drilling.measurement().measure()["Metrics"]
    assert untried["BackupUsers"] == RESTORED + 1
    assert untried["DrillAgeDays"] == pytest.approx(untried["BackupAgeHours"] / 24)
    assert "DrillRtoSeconds" not in untried
    drill.begin()
    drill.restore()
    drill.clear()
    ended = drill.complete()
    tried = drilling.measurement().measure()["Metrics"]
    assert tried["DrillAgeDays"] < 0.1
    assert tried["DrillRtoSeconds"] == ended["RtoSeconds"]
    assert tried["ExportSeconds"] > 0
    assert tried["DrillFloorSeconds"] > 0


def test_there_is_nothing_to_measure_before_the_first_export(stack: Stack) -> None:
    assert drilling.measurement().measure() == {"Metrics": {}}


def test_the_pool_that_is_backed_up_is_as_it_was(drill: Drilled, pool: Pool) -> None:
    before = sorted(pool.inside.users)
    drill.begin()
    drill.restore()
    drill.clear()
    drill.complete()
    assert sorted(pool.inside.users) == before
    assert execution("DrillWorkflow", STARTED) == drill.arn
