"""The ImportWorkflow's paths, run by moto's interpreter: states, calls and what travels between them."""

from __future__ import annotations

import json
import threading

import pytest

from lifeboat.errors import ImportStalled
from lifeboat.model import instant
from lifeboat.restore.tasks import (
    GroupsTask,
    JobTask,
    ListingTask,
    Progress,
    ScanTask,
    Verified,
    VerifyTask,
)
from tests.statemachines import answers
from tests.statemachines.answers import CREATED_POOL_ID, IMPORT_ID, import_answers, progress
from tests.statemachines.engine import PATIENCE, Engine, fails, in_turn


def test_import_runs_to_its_end(engine: Engine) -> None:
    run = engine.run("import", import_answers())

    assert run.status == "SUCCEEDED"
    assert run.output["Complete"] is True
    assert run.output["Users"] == {"in_backup": 200, "restored": 200, "failed": 0}
    assert run.count("fail_import") == 0
    assert run.waits == []
    assert run.count("enqueue_users") == 2
    assert run.count("run_import_job") == 1
    assert run.path == [
        "Begin Import",
        "Creates Pool?",
        "Prepare Groups",
        "Create Groups",
        "Groups Finished?",
        "Restore Users",
        "List New Pool",
        "Verify New Pool",
        "Complete Import",
        "Everything Restored?",
        "Finish Import",
    ]


def test_begin_is_told_which_execution_it_is(engine: Engine) -> None:
    given = {"Resume": IMPORT_ID}
    run = engine.run("import", import_answers(), json.dumps(given))

    [task] = run.payloads("begin_import")
    assert task["ExecutionId"] == run.arn
    assert instant(task["StartedAt"]) == run.started_at
    assert task["Input"] == given


@pytest.mark.parametrize(
    ("given", "cause"),
    [
        ("{}", "NewUserPoolId: missing"),
        ('{"NewUserPoolId": 7}', "NewUserPoolId: expected the id of an empty user pool"),
        ('{"UserPoolId": "eu-west-1_AbCdEf123"}', "UserPoolId: unknown key"),
        ('{"Resume": null, "NewUserPoolId": null}', "NewUserPoolId: missing"),
        ('{"CreateUserPool": {}}', "CreateUserPool: "),
        ('{"NewUserPoolId": "eu-west-1_AbCdEf123", "UserLane": "fast"}', 'UserLane: expected "auto"'),
        ("[1, 2]", "the execution input must be a JSON object"),
        ("null", "the execution input must be a JSON object"),
    ],
)
def test_import_with_wrong_input_says_what_is_wrong(engine: Engine, given: str, cause: str) -> None:
    run = engine.run("import", import_answers(), given)

    assert (run.status, run.error) == ("FAILED", "InvalidInput")
    assert run.cause.startswith(cause)
    assert [name for name, _ in run.calls] == ["begin_import", "fail_import"]


def test_every_portion_is_told_of_the_run(engine: Engine) -> None:
    run = engine.run("import", import_answers())

    [begun] = [task["Run"] for task in run.payloads("create_groups")]
    assert begun["UserPoolId"] == "eu-west-1_AbCdEf123"
    others = [task["Run"] for name, task in run.calls if name not in ("begin_import", "create_groups")]
    assert len(others) == 8
    assert all(each == begun for each in others)


def test_the_pool_is_created_until_all_of_it_is_there(engine: Engine) -> None:
    run = engine.run("import", import_answers(), '{"CreateUserPool": {"PoolName": "people"}}')

    assert run.status == "SUCCEEDED"
    first, second = run.payloads("create_user_pool")
    assert (first["Run"]["UserPoolId"], second["Run"]["UserPoolId"]) == ("", CREATED_POOL_ID)
    assert first["PoolName"] == second["PoolName"] == "people"
    assert run.path[1:8] == [
        "Creates Pool?",
        "Prepare Pool",
        "Create User Pool",
        "Pool Finished?",
        "Create User Pool",
        "Pool Finished?",
        "Use Created Pool",
    ]
    assert run.path[8] == "Attach Triggers", "which does nothing that is not asked for"
    # Whatever comes after it works on the pool that was created.
    after = [task for name, task in run.calls if name not in ("begin_import", "create_user_pool")]
    assert {task["Run"]["UserPoolId"] for task in after} == {CREATED_POOL_ID}


def test_groups_are_created_until_all_are_there(engine: Engine) -> None:
    def fifteen_groups(task: GroupsTask) -> GroupsTask:
        position = min(task["Next"] + 15, 40)
        return {"Run": task["Run"], "Next": position, "Finished": position == 40}

    run = engine.run("import", {**import_answers(), "create_groups": fifteen_groups})

    assert run.status == "SUCCEEDED"
    assert [task["Next"] for task in run.payloads("create_groups")] == [0, 15, 30]


def test_shards_are_scanned_until_all_are_enqueued(engine: Engine) -> None:
    def one_shard(task: ScanTask) -> ScanTask:
        _, *others = task["Shards"]
        return {
            "Run": task["Run"],
            "Portion": task["Portion"],
            "HeadStart": task["HeadStart"] - 3,
            "Shards": others,
            "Enqueued": task.get("Enqueued", 0) + 10,
            "Expected": task.get("Expected", 0) + 30,
            "Finished": not others,
        }

    run = engine.run("import", {**import_answers(), "enqueue_users": one_shard})

    assert run.status == "SUCCEEDED"
    shards = sorted(task["Shards"] for task in run.payloads("enqueue_users"))
    assert shards == [["00", "02"], ["01", "03"], ["02"], ["03"]]
    assert sorted((task["Portion"], task["HeadStart"]) for task in run.payloads("enqueue_users")) == [
        (0, 4),
        (0, 7),
        (1, 4),
        (1, 7),
    ]


def test_the_new_pool_is_listed_until_every_part_is_finished(engine: Engine) -> None:
    def in_two_steps(task: ListingTask) -> ListingTask:
        finished = "Finished" in task
        return {"Run": task["Run"], "Parts": [] if finished else task["Parts"], "Finished": finished}

    run = engine.run("import", {**import_answers(), "list_restored": in_two_steps})

    assert run.status == "SUCCEEDED"
    assert run.count("list_restored") == 4
    # What the listing answers is not kept, the plan of the verification is.
    assert sorted(task["Bucket"] for task in run.payloads("verify_users")) == [0, 1]


def test_import_jobs_are_run_until_every_user_has_an_outcome(engine: Engine) -> None:
    looks = in_turn(
        lambda _: progress(settled=0, waiting=200, drained=False),
        lambda _: progress(settled=150, waiting=50, drained=False),
        answers.run_import_job,
    )
    run = engine.run("import", {**import_answers(), "run_import_job": looks})

    assert run.status == "SUCCEEDED"
    # The function itself does the waiting.
    assert run.waits == []
    first, second, third = run.payloads("run_import_job")
    assert "Progress" not in first
    assert second["Progress"] == progress(settled=0, waiting=200, drained=False)
    assert third["Progress"] == progress(settled=150, waiting=50, drained=False)


def test_import_jobs_are_run_while_the_backup_is_still_scanned(engine: Engine) -> None:
    running = threading.Event()

    def scan(task: ScanTask) -> ScanTask:
        assert running.wait(PATIENCE)
        return answers.enqueue_users(task)

    def job(task: JobTask) -> Progress:
        running.set()
        return answers.run_import_job(task)

    run = engine.run("import", {**import_answers(), "enqueue_users": scan, "run_import_job": job})

    assert run.status == "SUCCEEDED"


def test_a_stalled_import_fails_and_names_the_queue(engine: Engine) -> None:
    message = "nothing has moved for 30 minutes; NewUsersQueue holds about 50 messages"
    looks = in_turn(
        lambda _: progress(settled=0, waiting=200, drained=False),
        lambda _: progress(settled=150, waiting=50, drained=False),
        fails(ImportStalled(message)),
    )
    run = engine.run("import", {**import_answers(), "run_import_job": looks})

    assert (run.status, run.error, run.cause) == ("FAILED", "ImportStalled", message)
    assert run.count("run_import_job") == 3
    assert run.count("fail_import") == 1
    assert run.count("verify_users") == 0


def test_an_import_that_lost_a_user_fails_with_its_counts(engine: Engine) -> None:
    def one_missing(task: VerifyTask) -> Verified:
        result = answers.verify_users(task)
        result["Missing"] = int(task["Bucket"] == 1)
        return result

    run = engine.run("import", {**import_answers(), "verify_users": one_missing})

    assert (run.status, run.error, run.cause) == ("FAILED", "ImportIncomplete", "1 users are missing")
    [task] = run.payloads("complete_import")
    assert [part["Missing"] for part in task["Verified"]] == [0, 1]
    # Complete Import has closed the ledger entry and given the lock back already.
    assert run.count("fail_import") == 0
    assert run.path[-2:] == ["Everything Restored?", "Import Failed"]


@pytest.mark.parametrize("given", [{"OnDemand": True}, {"Memberships": "ON_SIGN_IN"}])
def test_triggers_are_attached_before_anything_is_restored_and_detached_at_the_end(
    engine: Engine, given: dict[str, object]
) -> None:
    run = engine.run(
        "import", import_answers(), json.dumps({"NewUserPoolId": "eu-west-1_AbCdEf123", **given})
    )

    assert run.status == "SUCCEEDED"
    assert run.path[1:4] == ["Creates Pool?", "Attach Triggers", "Prepare Groups"]
    assert run.path[-3:] == ["Everything Restored?", "Detach Triggers", "Finish Import"]
    [attached], [detached] = run.payloads("attach_triggers"), run.payloads("detach_triggers")
    assert attached["Run"]["UserPoolId"] == detached["UserPoolId"] == "eu-west-1_AbCdEf123"
    assert attached["Functions"].keys() == {"UserMigration", "PreTokenGeneration"}


def test_triggers_stay_while_somebody_is_missing(engine: Engine) -> None:
    def one_missing(task: VerifyTask) -> Verified:
        return {**answers.verify_users(task), "Missing": 1}

    given = {"CreateUserPool": {"PoolName": "people"}, "OnDemand": True}
    run = engine.run("import", {**import_answers(), "verify_users": one_missing}, json.dumps(given))

    assert (run.status, run.error) == ("FAILED", "ImportIncomplete")
    [attached] = run.payloads("attach_triggers")
    assert run.count("detach_triggers") == 0
    assert attached["Run"]["UserPoolId"] == CREATED_POOL_ID
