"""Messages come twice, late and in any order, and whoever takes them may be killed at any call."""

from __future__ import annotations

import random
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lifeboat.aws import clients
from lifeboat.aws.queues import Queue
from lifeboat.cognito.reader import PoolReader
from lifeboat.restore import assembly
from lifeboat.restore.users.consumer import Consumer
from tests.adapters.people import (
    BY_CSV,
    EXPORTED,
    LANES,
    RESTORED,
    RESUMED,
    into,
    is_restored,
    refusal,
    resend,
)
from tests.adapters.pools import Pool, failing
from tests.adapters.stack import Export, Import, MakePool, Stack, bodies, hand_over, taken
from tests.unit.examples import OVER


@pytest.mark.parametrize("seed", range(3))
def test_every_message_may_come_twice_and_in_any_order(backup: Stack, fresh: Pool, seed: int) -> None:
    run = Import(backup, into(fresh), copies=2)
    run.enqueue()
    run.deliver(random.Random(seed))
    run.deliver(random.Random(seed))
    assert run.progress()["Drained"]
    is_restored(run.end(), backup.source, fresh)


@pytest.mark.parametrize("lane", LANES)
def test_a_message_that_comes_again_when_all_is_done_changes_nothing(
    backup: Stack, fresh: Pool, lane: str
) -> None:
    # Given messages that SQS has kept copies of
    run = Import(backup, into(fresh, UserLane=lane))
    run.enqueue()
    new_users, api_users = bodies(backup.new_users), bodies(backup.api_users)
    assert len(new_users) == (len(BY_CSV) if lane == "auto" else 0)
    resend(backup.new_users, new_users)
    resend(backup.api_users, api_users)
    run.run_jobs()
    hand_over(backup.api_users, assembly.new_user_consumer())
    updates = bodies(backup.updates)
    resend(backup.updates, updates)
    run.deliver()
    passwords = {name: fresh.password_of(name) for name in fresh.users()}
    # When they are delivered once more
    resend(backup.updates, updates)
    resend(backup.api_users, api_users)
    resend(backup.new_users, new_users)
    run.deliver()
    # Then nobody has another password, and everything is as it was
    assert {name: fresh.password_of(name) for name in fresh.users()} == passwords
    is_restored(run.end(), backup.source, fresh)


@pytest.mark.parametrize(
    ("service", "operation", "error"),
    [
        ("cognito", "AdminCreateUser", refusal("InternalErrorException", "AdminCreateUser")),
        ("cognito", "AdminSetUserPassword", refusal("TooManyRequestsException", "AdminSetUserPassword")),
        ("cognito", "AdminAddUserToGroup", refusal("InternalErrorException", "AdminAddUserToGroup")),
        ("cognito", "AdminDisableUser", refusal("InternalErrorException", "AdminDisableUser")),
        ("dynamodb", "UpdateItem", refusal("InternalServerError", "UpdateItem")),
        ("sqs", "SendMessageBatch", refusal("InternalError", "SendMessageBatch")),
    ],
)
def test_a_user_that_is_killed_between_two_calls_is_taken_up_again(
    backup: Stack, fresh: Pool, service: str, operation: str, error: ClientError
) -> None:
    # Given consumers that break off at this call
    run = Import(backup, into(fresh, UserLane="api"))
    run.enqueue()
    client = clients.dynamodb().meta.client if service == "dynamodb" else getattr(clients, service)()
    queues: list[tuple[Queue, Consumer[Any]]] = [
        (backup.api_users, assembly.new_user_consumer()),
        (backup.updates, assembly.update_consumer()),
    ]
    for queue, consumer in queues:
        waiting = bodies(queue)
        assert waiting
        resend(queue, waiting)
        with failing(client, operation, error):
            for body in waiting:
                taken(consumer, body, 1)
        # When what they were given is delivered again
        hand_over(queue, consumer)
    # Then it ends as if nothing had happened
    assert run.progress()["Drained"]
    is_restored(run.end(), backup.source, fresh)


def test_a_user_that_is_there_but_not_listed_yet_is_tried_again(
    backup: Stack, fresh: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given users that were created before their consumer was killed, and that no listing shows yet
    run = Import(backup, into(fresh, UserLane="api"))
    run.enqueue()
    waiting = bodies(backup.api_users)
    assert len(waiting) == RESTORED
    too_fast = refusal("TooManyRequestsException", "AdminSetUserPassword")
    with monkeypatch.context() as patch, failing(clients.cognito(), "AdminSetUserPassword", too_fast):
        patch.setattr(PoolReader, "user_where", lambda *_: None)
        for received in (1, 2):
            for body in waiting:
                taken(assembly.new_user_consumer(), body, received)
    # Then they are restored once they are listed
    assert bodies(backup.api_users_dead) == []
    resend(backup.api_users, waiting)
    run.deliver()
    is_restored(run.end(), backup.source, fresh)


def test_a_user_is_recognised_in_another_case_where_case_does_not_count(
    stack: Stack, make_pool: MakePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a new pool that keeps names in lower case, and a consumer that was killed after creating one
    careless = {"UsernameConfiguration": {"CaseSensitive": False}}
    stack.source = make_pool(**careless)
    monkeypatch.setenv("USER_POOL_ID", stack.source.pool_id)
    stack.source.add("Ann", {"email": "ann@example.com"})
    Export(EXPORTED).run()
    run = Import(stack, into(fresh := make_pool(**careless)))
    run.enqueue()
    fresh.add("ann", {"email": "ann@example.com"}, status="FORCE_CHANGE_PASSWORD")
    exists = refusal("UsernameExistsException", "AdminCreateUser")
    with failing(clients.cognito(), "AdminCreateUser", exists):
        run.deliver()
    ended = run.end()
    assert ended["Complete"], ended["Cause"]


def test_a_user_whose_updates_could_not_be_queued_is_named_with_the_reason(
    backup: Stack, fresh: Pool
) -> None:
    # Given an SQS that takes no updates
    run = Import(backup, into(fresh, UserLane="api"))
    run.enqueue()
    with failing(clients.sqs(), "SendMessageBatch", refusal("InternalError", "SendMessageBatch")):
        run.deliver()
    # Then the users that needed some differ, and the report says why
    assert not run.end()["Complete"]
    differing = run.report()["different"]
    assert len(differing) == 4
    assert all("SendMessageBatch" in entry["reason"] for entry in differing)
    # And resuming the import gives them what they lack
    is_restored(Import(backup, {"Resume": run.of["ImportId"]}, RESUMED).run(), backup.source, fresh)


def test_a_scan_that_is_tried_again_sends_twice_and_ends_the_same(backup: Stack, fresh: Pool) -> None:
    run = Import(backup, into(fresh), deadline=OVER)
    run.enqueue()
    run.scan()
    assert sum(run.expected) == RESTORED
    run.deliver()
    is_restored(run.end(), backup.source, fresh)


def test_the_end_may_be_repeated(backup: Stack, fresh: Pool) -> None:
    run = Import(backup, into(fresh))
    run.enqueue()
    run.deliver()
    assert run.end() == run.end()
