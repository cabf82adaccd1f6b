"""A batch is handled side by side: what waits or fails delays and harms nothing else."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from lifeboat.errors import CognitoUnavailable, StoreUnavailable
from lifeboat.restore.messages import NewUser, read_new_user
from lifeboat.restore.users.batch import THREADS, consume
from lifeboat.restore.users.consumer import Consumer
from tests.unit.examples import new_user_body
from tests.unit.fakes import MemoryQueue

PATIENCE = 10.0
PASSING = CognitoUnavailable("AdminAddUserToGroup", "InternalErrorException")


def event(subs: list[str]) -> dict[str, Any]:
    """What Lambda hands over: one record for each user."""
    return {
        "Records": [
            {
                "messageId": f"message-of-{sub}",
                "receiptHandle": f"handle-of-{sub}",
                "body": json.dumps({**new_user_body(), "sub": sub}) if sub else "{not json",
                "attributes": {"ApproximateReceiveCount": "1"},
                "eventSource": "aws:sqs",
            }
            for sub in subs
        ]
    }


def handed(
    subs: list[str], handle: Callable[[NewUser], None], finish: Callable[[], None] = lambda: None
) -> list[str]:
    """The ids that a batch's answer names."""
    consumer = Consumer(MemoryQueue(), MemoryQueue("dead"), 5, read_new_user, handle, lambda *_: None, finish)
    answer = consume(consumer, event(subs), cast(Any, SimpleNamespace()))
    return [str(each["itemIdentifier"]) for each in answer["batchItemFailures"]]


def test_all_messages_of_a_batch_are_underway_at_once() -> None:
    together = threading.Barrier(THREADS, timeout=PATIENCE)
    assert handed([f"sub-{n}" for n in range(THREADS)], lambda _: _ignored(together.wait())) == []


def test_only_what_failed_is_delivered_again() -> None:
    handled: list[str] = []

    def handle(message: NewUser) -> None:
        handled.append(message.sub)
        if message.sub in ("b", "d"):
            raise PASSING

    assert sorted(handed(list("abcde"), handle)) == ["message-of-b", "message-of-d"]
    assert sorted(handled) == list("abcde")


def test_a_batch_of_which_everything_fails_is_no_failed_invocation() -> None:
    def handle(_: NewUser) -> None:
        raise PASSING

    assert len(handed(list("abc"), handle)) == 3


def test_a_poison_message_fails_nothing_else() -> None:
    handled: list[str] = []
    assert handed(["a", "", "c"], lambda message: handled.append(message.sub)) == []
    assert sorted(handled) == ["a", "c"]


def test_what_was_done_is_counted_once_at_the_end() -> None:
    order: list[str] = []
    handed(list("abc"), lambda _: order.append("handled"), lambda: order.append("counted"))
    assert order == ["handled"] * 3 + ["counted"]


def test_what_could_not_be_counted_is_not_handled_again(caplog: pytest.LogCaptureFixture) -> None:
    def unable() -> None:
        raise StoreUnavailable("DynamoDB: UpdateItem: InternalServerError")

    assert handed(["a"], lambda _: None, unable) == []


def _ignored(_: object) -> None:
    return None
