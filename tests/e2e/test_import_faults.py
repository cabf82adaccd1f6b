"""An import in bad weather: nobody is lost, nobody is doubled, and what failed is named."""

import json
import os
import signal
from typing import Any

import pytest

from local.function_processes import function_processes
from tests.e2e.world import BACKUP, World, outcome, restorable, seen, wait_for

SOON = "6"
"""Seconds after which a message of a killed function is delivered again, in place of six minutes."""


DEAD_LETTERS = ("NewUsersDeadLetterQueueUrl", "ApiUsersDeadLetterQueueUrl", "UpdatesDeadLetterQueueUrl")


@pytest.fixture
def impatient(world: World) -> World:
    """A world with a fresh export, whose queues do not wait long for functions that died."""
    assert outcome(world.export({"AllowMassRetirement": True})) == "SUCCEEDED"
    for name in ("NewUsersQueueUrl", "ApiUsersQueueUrl", "UpdatesQueueUrl"):
        world.client("sqs").set_queue_attributes(
            QueueUrl=world.output(name), Attributes={"VisibilityTimeout": SOON}
        )
    return world


def lost_pool(world: World) -> dict[str, dict[str, Any]]:
    return restorable(world.snapshot(world.deployment.user_pool_id))


def import_id(result: dict[str, Any]) -> str:
    return str(json.loads(result["output"])["ImportId"])


def processes(world: World, function: str) -> list[int]:
    return list(function_processes(world.aws.state_dir, BACKUP, function))


def test_a_fifth_of_all_calls_failing_loses_nobody(impatient: World) -> None:
    world = impatient
    pool_id = world.empty_pool()
    with world.faults(
        {"operation": "*", "region": BACKUP, "rate": 0.1, "error": "InternalErrorException", "after": True},
        {"operation": "*", "region": BACKUP, "rate": 0.1, "error": "TooManyRequestsException"},
    ):
        arn = world.start("Import", {"NewUserPoolId": pool_id})
        result = world.result(arn)

    assert outcome(result) == "SUCCEEDED"
    assert seen(world.snapshot(pool_id)) == lost_pool(world)


def test_functions_killed_in_the_middle_of_a_batch_lose_nobody(impatient: World) -> None:
    world = impatient
    pool_id = world.empty_pool()
    mappings = world.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    queues = {world.output(name).rsplit("/", 1)[-1] for name in ("ApiUsersQueueUrl", "UpdatesQueueUrl")}
    names = {
        mapping["FunctionArn"].split(":")[6]
        for mapping in mappings
        if mapping["EventSourceArn"].rsplit(":", 1)[-1] in queues
    }
    assert len(names) == 2
    arn = world.start("Import", {"NewUserPoolId": pool_id, "UserLane": "api"})
    killed: set[int] = set()
    cognito = world.client("cognito-idp")

    def some_users() -> bool:
        return bool(cognito.list_users(UserPoolId=pool_id, Limit=20)["Users"])

    wait_for(some_users, "the first users")
    for name in names:
        for process in wait_for(lambda name=name: processes(world, name), f"a process of {name}"):  # type: ignore[misc]
            os.kill(process, signal.SIGKILL)
            killed.add(process)

    result = world.result(arn)

    assert killed
    assert outcome(result) == "SUCCEEDED"
    assert seen(world.snapshot(pool_id)) == lost_pool(world)


def test_every_message_delivered_twice_changes_nothing(impatient: World) -> None:
    world = impatient
    pool_id = world.empty_pool()
    sqs = world.client("sqs")

    def double(queue: str) -> int:
        url = world.output(queue)
        messages = world.receive_all(url)
        for message in messages:
            for _ in range(2):
                sqs.send_message(QueueUrl=url, MessageBody=message["Body"])
        return len(messages)

    users = len(world.snapshot(world.deployment.user_pool_id))
    with world.consumers_paused():
        arn = world.start("Import", {"NewUserPoolId": pool_id, "UserLane": "api"})
        wait_for(lambda: world.depth(world.output("ApiUsersQueueUrl")) == users, "all users in the queue")
        assert double("ApiUsersQueueUrl") == users
        wait_for(lambda: world.depth(world.output("ApiUsersQueueUrl")) == 2 * users, "all of them twice")

    result = world.result(arn)

    assert outcome(result) == "SUCCEEDED"
    assert seen(world.snapshot(pool_id)) == lost_pool(world)


def test_poison_goes_to_the_dead_letters_with_its_reason_and_blocks_nobody(impatient: World) -> None:
    world = impatient
    for queue in DEAD_LETTERS:
        world.receive_all(world.output(queue))
    pool_id = world.empty_pool()
    sqs = world.client("sqs")
    with world.consumers_paused():
        arn = world.start("Import", {"NewUserPoolId": pool_id, "UserLane": "api"})
        users = len(world.snapshot(world.deployment.user_pool_id))
        wait_for(lambda: world.depth(world.output("ApiUsersQueueUrl")) == users, "all users in the queue")
        for poison in ("not JSON", json.dumps({"sub": 1}), json.dumps([])):
            for queue in ("NewUsersQueueUrl", "ApiUsersQueueUrl", "UpdatesQueueUrl"):
                sqs.send_message(QueueUrl=world.output(queue), MessageBody=poison)

    result = world.result(arn)

    assert outcome(result) == "SUCCEEDED"
    assert seen(world.snapshot(pool_id)) == lost_pool(world)
    for queue in DEAD_LETTERS:
        dead = world.receive_all(world.output(queue))
        assert sorted(message["Body"] for message in dead) == sorted(("not JSON", '{"sub": 1}', "[]"))
        for message in dead:
            assert "unusable message" in message["MessageAttributes"]["Reason"]["StringValue"]


def test_what_failed_is_named_and_a_resumed_import_mends_it(impatient: World) -> None:
    """Somebody signs up under a user's name before that user is restored."""
    world = impatient
    world.receive_all(world.output("ApiUsersDeadLetterQueueUrl"))
    lost = world.snapshot(world.deployment.user_pool_id)
    victim = next(name for name, user in sorted(lost.items()) if user["groups"] and user["enabled"])
    pool_id = world.empty_pool()
    cognito = world.client("cognito-idp")
    with world.consumers_paused():
        arn = world.start("Import", {"NewUserPoolId": pool_id, "UserLane": "api"})
        wait_for(lambda: world.depth(world.output("ApiUsersQueueUrl")) == len(lost), "all users in the queue")
        app = cognito.create_user_pool_client(UserPoolId=pool_id, ClientName="app")["UserPoolClient"]
        cognito.sign_up(ClientId=app["ClientId"], Username=victim, Password="Ahoy-1-impostor!")

    incomplete = world.result(arn)

    assert (incomplete["status"], incomplete["error"]) == ("FAILED", "ImportIncomplete")
    (entry,) = [item for item in world.items("IMPORT") if item["execution_arn"] == arn]
    report = world.report(entry["run_id"])
    failures: list[dict[str, Any]] = report["failed"] + report["different"]
    (failed,) = failures
    assert failed["sub"] == lost[victim]["sub"]
    assert "another user of the new pool already has this username" in failed["reason"]
    assert not world.snapshot(pool_id)[victim]["groups"]
    (dead,) = world.receive_all(world.output("ApiUsersDeadLetterQueueUrl"))
    assert "another user" in dead["MessageAttributes"]["Reason"]["StringValue"]

    cognito.admin_delete_user(UserPoolId=pool_id, Username=victim)
    world.front("DELETE", "calls")
    resumed = world.restore({"Resume": entry["run_id"]})

    assert outcome(resumed) == "SUCCEEDED"
    assert seen(world.snapshot(pool_id)) == lost_pool(world)
    assert world.front("GET", "calls")[BACKUP]["AdminCreateUser"]["calls"] == 1
