"""What becomes of a message: handled, tried again, or given up with its reason."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from lifeboat.errors import (
    AliasExists,
    CognitoRefused,
    CognitoThrottled,
    CognitoUnavailable,
    ResourceNotFound,
    StoreUnavailable,
)
from lifeboat.restore.messages import NewUser, Unusable, read_new_user
from lifeboat.restore.users.consumer import Consumer
from tests.unit.examples import USER, new_user_body, sqs_record
from tests.unit.fakes import MemoryQueue

GOOD = json.dumps(new_user_body())
PASSING = [
    CognitoUnavailable("AdminCreateUser", "InternalErrorException"),
    CognitoThrottled("AdminCreateUser", "TooManyRequestsException"),
    ResourceNotFound("AdminAddUserToGroup", "UserNotFoundException"),
    StoreUnavailable("DynamoDB: UpdateItem: InternalServerError"),
]
LASTING = [
    CognitoRefused("AdminCreateUser", "InvalidParameterException", "no such attribute"),
    AliasExists("AdminCreateUser", "AliasExistsException"),
    Unusable("the user has no email to sign in with"),
]


def record(body: str = GOOD, received: int = 1) -> SQSRecord:
    return sqs_record(body, received)


@dataclass
class World:
    """A consumer and all that it touches."""

    failure: Exception | None = None
    queue: MemoryQueue = field(default_factory=MemoryQueue)
    dead_letters: MemoryQueue = field(default_factory=MemoryQueue)
    handled: list[NewUser] = field(default_factory=list)
    given_up: list[tuple[str, str]] = field(default_factory=list)

    def take(self, message: SQSRecord, give_up: Callable[[NewUser, str], None] | None = None) -> None:
        Consumer(
            self.queue, self.dead_letters, 5, read_new_user, self._handle, give_up or self._give_up
        ).take(message)

    def _handle(self, message: NewUser) -> None:
        self.handled.append(message)
        if self.failure is not None:
            raise self.failure

    def _give_up(self, message: NewUser, reason: str) -> None:
        self.given_up.append((message.sub, reason))


def names(errors: list[Any]) -> list[str]:
    return [type(error).__name__ for error in errors]


def test_a_good_message_is_handled() -> None:
    world = World()
    world.take(record())
    assert [message.sub for message in world.handled] == [USER.sub]
    assert (world.dead_letters.raw, world.queue.put_offs, world.given_up) == ([], [], [])


def test_a_poison_message_goes_to_the_dead_letters_as_it_came() -> None:
    world = World()
    world.take(record("{not json"))
    ((body, reason),) = world.dead_letters.raw
    assert body == "{not json"
    assert reason.startswith("unusable message")
    assert (world.handled, world.given_up) == ([], [])


@pytest.mark.parametrize("failure", LASTING, ids=names(LASTING))
def test_what_repeating_would_not_change_is_given_up_at_once(failure: Exception) -> None:
    world = World(failure)
    world.take(record(received=1))
    assert world.given_up == [(USER.sub, str(failure))]
    assert world.dead_letters.raw == [(GOOD, str(failure))]
    assert world.queue.put_offs == []


@pytest.mark.parametrize("failure", PASSING, ids=names(PASSING))
@pytest.mark.parametrize("received", [1, 4])
def test_a_passing_failure_is_put_off_and_delivered_again(failure: Exception, received: int) -> None:
    world = World(failure)
    with pytest.raises(type(failure)):
        world.take(record(received=received))
    assert world.queue.put_offs == [("handle", received)]
    assert (world.dead_letters.raw, world.given_up) == ([], [])


@pytest.mark.parametrize("failure", PASSING, ids=names(PASSING))
@pytest.mark.parametrize("received", [5, 6])
def test_the_last_delivery_is_given_up_with_its_reason(failure: Exception, received: int) -> None:
    world = World(failure)
    world.take(record(received=received))
    reason = f"given up after {received} deliveries: {failure}"
    assert world.given_up == [(USER.sub, reason)]
    assert world.dead_letters.raw == [(GOOD, reason)]
    assert world.queue.put_offs == []


def test_a_reason_that_cannot_be_written_keeps_the_message_in_its_queue() -> None:
    def unable(_: NewUser, __: str) -> None:
        raise StoreUnavailable("DynamoDB: UpdateItem: InternalServerError")

    world = World(LASTING[0])
    with pytest.raises(StoreUnavailable):
        world.take(record(), unable)
    assert world.dead_letters.raw == []


def test_a_programming_error_is_not_swallowed() -> None:
    world = World(KeyError("sub"))
    with pytest.raises(KeyError):
        world.take(record())
    assert (world.dead_letters.raw, world.given_up) == ([], [])
