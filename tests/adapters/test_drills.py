"""Drills from end to end against moto: what they prove, what they delete, and how they give way."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lifeboat.aws import clients
from lifeboat.cognito.scratch_pools import DRILL_TAG, STACK_TAG
from lifeboat.drill import assembly as drilling
from lifeboat.errors import AlreadyRunning, DrillEnded, InvalidInput, PreflightFailed
from lifeboat.restore import assembly as restoring
from lifeboat.store.ledger import Ledger
from lifeboat.store.lock import Lock
from tests.adapters.drilling import STARTED, Drilled, Known, pools, sweep
from tests.adapters.moto_creation import create_whole_pools
from tests.adapters.people import RESTORED
from tests.adapters.pools import SHARD, Pool
from tests.adapters.stack import (
    CACHES,
    Import,
    MakePool,
    Stack,
    bodies,
    dead_letters,
    execution,
    hand_over,
    new_process,
)
from tests.unit.examples import OVER, PLENTY

LATER = "2026-03-04T00:00:00.000Z"


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> Known:
    create_whole_pools(monkeypatch)
    monkeypatch.setattr("lifeboat.aws.queues.PURGE_SECONDS", 0)
    monkeypatch.setattr("lifeboat.drill.scratch.JOB_LOOK", 0)
    monkeypatch.setattr("lifeboat.restore.scan.SHARDS", (SHARD,))
    return Known()


@pytest.fixture
def drill(backup: Stack, known: Known, monkeypatch: pytest.MonkeyPatch) -> Drilled:
    """A drill of a stack that has a backup, not begun."""
    known.put_in(monkeypatch)
    return Drilled(backup, known)


def held(drill: Drilled, workflow: str) -> str | None:
    holder = Lock(drill.stack.table, drilling._executions(), workflow).holder(drill.arn)
    return None if holder is None else holder[0]


def notified(stack: Stack) -> list[str]:
    topic = clients.sns().meta  # the subjects are read from moto's backend
    from moto.core.models import DEFAULT_ACCOUNT_ID  # noqa: PLC0415
    from moto.sns.models import sns_backends  # noqa: PLC0415

    sent = sns_backends[DEFAULT_ACCOUNT_ID][topic.region_name].topics[stack.topic_arn].sent_notifications
    return [str(each[2]) for each in sent]


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


def bodies_waiting(stack: Stack) -> int:
    return sum(queue.depth() for queue in (stack.new_users, stack.api_users, stack.updates))


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


def test_a_pool_made_after_all_is_found_within_the_hour(drill: Drilled) -> None:
    # Given a drill that was closed while Cognito made its pool, whose answer nobody got
    before = pools()
    drill.begin()
    run = drill.import_begun()
    Ledger(drill.stack.table, "drill").update(drill.drill_id, {"pool_id": ""})
    assert drill.clear() == [run.of["UserPoolId"]]  # found by name and tags
    drill.fail()
    made = clients.cognito().create_user_pool(
        PoolName=drill.entry()["pool_name"],
        UserPoolTags={DRILL_TAG: drill.drill_id, STACK_TAG: "lifeboat"},
    )["UserPool"]["Id"]
    # When the schedule looks, then the pool goes
    assert sweep() == [made]
    assert pools() == before


def test_what_a_stopped_drill_left_is_cleared_away_within_the_hour(drill: Drilled) -> None:
    before = pools()
    drill.begin()
    run = drill.import_begun()
    run.scan()
    # Given an execution that was stopped, which runs no state any more
    drill.known.running.discard(drill.arn)

    assert sweep() == [run.of["UserPoolId"]]

    assert pools() == before
    assert drill.entry()["status"] == "FAILED"
    assert "stopped" in drill.entry()["reason"]
    assert [held(drill, "drill"), held(drill, "import")] == [None, None]
    assert not bodies_waiting(drill.stack)


def test_a_drill_that_runs_is_left_alone_by_the_schedule(drill: Drilled) -> None:
    drill.begin()
    run = drill.import_begun()
    assert sweep() == []
    assert run.of["UserPoolId"] in pools()


@pytest.mark.parametrize(
    "tags",
    [
        {},
        {DRILL_TAG: "2026-03-03T00:00:00.000Z-11111111", STACK_TAG: "lifeboat"},
        {DRILL_TAG: "{drill}"},
        {DRILL_TAG: "{drill}", STACK_TAG: "another"},
    ],
    ids=["no tags", "an unknown drill", "no stack", "another stack"],
)
def test_another_pool_is_never_deleted_whatever_it_is_called(drill: Drilled, tags: dict[str, str]) -> None:
    drill.begin()
    run = drill.import_begun()
    other = clients.cognito().create_user_pool(
        PoolName=drill.entry()["pool_name"],
        UserPoolTags={name: value.format(drill=drill.drill_id) for name, value in tags.items()},
    )["UserPool"]["Id"]
    assert drill.clear() == [run.of["UserPoolId"]]
    drill.fail()
    sweep()
    assert other in pools()
    assert drill.stack.source.pool_id in pools()


def test_a_pool_whose_tags_are_changed_meanwhile_stays(drill: Drilled) -> None:
    """What counts is the moment of deletion, whatever was known of the pool before."""
    drill.begin()
    pool_id = drill.import_begun().of["UserPoolId"]
    del Pool(clients.cognito(), pool_id).inside.extended_config["UserPoolTags"][STACK_TAG]
    assert drill.clear() == []
    assert pool_id in pools()


@pytest.mark.parametrize("setting", ["USER_POOL_ID", "PRIMARY_USER_POOL_ID", "STANDBY_USER_POOL_ID"])
def test_a_pool_that_the_stack_names_is_never_deleted(
    drill: Drilled, setting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    drill.begin()
    pool_id = drill.import_begun().of["UserPoolId"]
    monkeypatch.setenv(setting, pool_id)
    for cached in CACHES:
        cached.cache_clear()
    assert drill.clear() == []
    assert pool_id in pools()


# -- an import that is meant ------------------------------------------------------------------------------


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
