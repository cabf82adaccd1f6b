"""The dead-letter queues of a stack: what they hold and why, and giving it another try.

Looking does not take a message away: each is received, hidden from others for as long as the looking takes,
and made visible again. Messages that are moved lose nothing but the reason for which they were given up;
consumers handle a message twice without harm.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from cli.connection import Stack
from lifeboat.aws.translation import store_errors
from lifeboat.model import instant
from lifeboat.sync.capture.causes import GROUP_EVENTS

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

DEAD, LIVE, OUTPUT = "DeadLetterQueue", "Queue", "Url"
"""An output FooDeadLetterQueueUrl is of the dead-letter queue of FooQueue (tests/template/test_alarms.py)."""

REASON: Final = "Reason"
"""The attribute in which the product's consumers say why a message was given up."""

EVENTBRIDGE_REASONS: Final = ("ERROR_CODE", "ERROR_MESSAGE")
"""Those of EventBridge Scheduler and of EventBridge's rules
(https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html,
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html)."""

NO_REASON: Final = "its function did not end well in any delivery: see the function's log"
"""What a message without a reason has in common: SQS itself gave it up."""

HIDDEN_SECONDS: Final = 60
MOVERS: Final = 8

HOLDS: Final[Mapping[str, str]] = {
    "NewUsers": "users that import jobs were to create",
    "ApiUsers": "users that the API was to create",
    "Updates": "groups, links, second factors and disabling of restored users",
    "Capture": "changes of the pool that the backup was to learn of",
    "CaptureRetry": "users whose capture had failed before",
    "Standby": "changes that the standby pool was to be given",
    "Schedule": "exports that the schedule could not start",
}
"""What the messages are, by the queue's name in the template without its ending."""

WITHOUT_SOURCE: Final[Mapping[str, str]] = {
    "Standby": "mend the reason, let Check Standby REPAIR (docs/warm-standby.md), then purge the queue",
    "Schedule": "start an export with `lifeboat export --wait`, then purge the queue",
}
"""What to do about messages that have no queue to go back to."""


@dataclass(frozen=True, slots=True)
class DeadLetterQueue:
    """One dead-letter queue, and the queue whose messages it gets; `source_url` is "" if there is none."""

    stack: str
    region: str
    kind: str
    url: str
    source_url: str

    @property
    def name(self) -> str:
        """The queue's name in the template."""
        return self.kind + DEAD

    @property
    def purge(self) -> str:
        """The command that empties the queue for good."""
        return f"aws sqs purge-queue --region {self.region} --queue-url {self.url}"

    @property
    def remedy(self) -> str:
        """What to do about messages that cannot be moved back."""
        return WITHOUT_SOURCE.get(self.kind, "look at the messages, and purge the queue")


@dataclass(frozen=True, slots=True)
class Letter:
    """A message: whom it is about ("" if not a user), why it was given up, and since when it waits."""

    sub: str
    about: str
    import_id: str
    reason: str
    sent_at: str


@dataclass(frozen=True, slots=True)
class Peeked:
    """What a queue holds: how many messages, and those that were looked at."""

    queue: DeadLetterQueue
    depth: int
    letters: list[Letter] = field(default_factory=list)

    def reasons(self) -> list[tuple[str, int]]:
        """Why the messages looked at were given up, the most frequent reason first."""
        return Counter(letter.reason for letter in self.letters).most_common()

    def document(self) -> dict[str, Any]:
        """The queue as JSON has it."""
        return {
            "queue": self.queue.name,
            "region": self.queue.region,
            "url": self.queue.url,
            "depth": self.depth,
            "goes_back": bool(self.queue.source_url),
            "reasons": dict(self.reasons()),
            "messages": [
                {
                    name: value
                    for name in ("sub", "about", "import_id", "reason", "sent_at")
                    if (value := getattr(letter, name))
                }
                for letter in self.letters
            ],
        }


@dataclass(frozen=True, slots=True)
class Redriven:
    """What was done with one dead-letter queue. `goes_back` is whether there is a queue to go back to."""

    name: str
    region: str
    goes_back: bool
    moved: int
    left: int


def queues_of(stack: Stack) -> list[DeadLetterQueue]:
    """The dead-letter queues of a stack, as its outputs name them."""
    ending = DEAD + OUTPUT
    kinds = sorted(name.removesuffix(ending) for name in stack.outputs if name.endswith(ending))
    return [
        DeadLetterQueue(
            stack.name,
            stack.region,
            kind,
            stack.outputs[kind + ending],
            stack.outputs.get(kind + LIVE + OUTPUT, ""),
        )
        for kind in kinds
    ]


def depth(sqs: SQSClient, url: str) -> int:
    """About how many messages a queue holds, those that somebody is looking at too."""
    with store_errors("SQS"):
        answer = sqs.get_queue_attributes(
            QueueUrl=url,
            AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
        )
    return sum(int(value) for value in answer["Attributes"].values())


def peek(sqs: SQSClient, queue: DeadLetterQueue, most: int) -> Peeked:
    """Look at so many messages of a queue at most, and leave them where they are."""
    held = depth(sqs, queue.url)
    letters: list[Letter] = []
    handles: list[str] = []
    try:
        for batch in _batches(sqs, queue.url, min(most, held)):
            letters += [letter_of(message) for message in batch]
            handles += [str(message["ReceiptHandle"]) for message in batch]
    finally:
        _give_back(sqs, queue.url, handles)
    return Peeked(queue, max(held, len(letters)), letters)


def redrive(sqs: SQSClient, queue: DeadLetterQueue) -> Redriven:
    """Move what a dead-letter queue holds back to where it came from; what comes again stays."""
    held = depth(sqs, queue.url)
    moved = 0
    if queue.source_url:
        with ThreadPoolExecutor(MOVERS) as executor:
            for batch in _batches(sqs, queue.url, held):
                moved += sum(executor.map(lambda message: _move(sqs, queue, message), batch))
    return Redriven(
        queue.name, queue.region, bool(queue.source_url), moved, depth(sqs, queue.url) if held else 0
    )


def _batches(sqs: SQSClient, url: str, most: int) -> Iterator[list[Mapping[str, Any]]]:
    """Receive messages, ten at a time, until there are so many or no more; they are hidden from others."""
    left = most
    while left > 0:
        with store_errors("SQS"):
            received: Any = sqs.receive_message(
                QueueUrl=url,
                MaxNumberOfMessages=min(10, left),
                AttributeNames=["SentTimestamp"],
                MessageAttributeNames=["All"],
                VisibilityTimeout=HIDDEN_SECONDS,
                WaitTimeSeconds=1,
            )
        messages = received.get("Messages", [])
        if not messages:
            return
        left -= len(messages)
        yield messages


def _give_back(sqs: SQSClient, url: str, handles: list[str]) -> None:
    """Make messages visible again; one that cannot be is so after HIDDEN_SECONDS."""
    for start in range(0, len(handles), 10):
        with store_errors("SQS"):
            sqs.change_message_visibility_batch(
                QueueUrl=url,
                Entries=[
                    {"Id": str(number), "ReceiptHandle": handle, "VisibilityTimeout": 0}
                    for number, handle in enumerate(handles[start : start + 10])
                ],
            )


def _move(sqs: SQSClient, queue: DeadLetterQueue, message: Mapping[str, Any]) -> int:
    """Send a message to its source, then delete it: one that is sent and not deleted is there twice."""
    carried: Any = {
        name: {key: value for key, value in each.items() if key in ("DataType", "StringValue", "BinaryValue")}
        for name, each in message.get("MessageAttributes", {}).items()
        if name not in (REASON, *EVENTBRIDGE_REASONS)  # why it failed this time is not why it may fail again
    }
    with store_errors("SQS"):
        sqs.send_message(QueueUrl=queue.source_url, MessageBody=message["Body"], MessageAttributes=carried)
        sqs.delete_message(QueueUrl=queue.url, ReceiptHandle=message["ReceiptHandle"])
    return 1


def letter_of(message: Mapping[str, Any]) -> Letter:
    """What a message says, without a username or an attribute's value."""
    body = _body(message)
    detail = _part(body, "detail")
    sub = _text(body, "sub") or _text(_part(detail, "additionalEventData"), "sub")
    about = ""
    if not sub:
        about = _text(detail, "eventName") or ("a group" if _text(body, "group") else "")
        about = "the groups" if about in GROUP_EVENTS else about
    if "DDBStreamBatchInfo" in body:
        about = f"{_part(body, 'DDBStreamBatchInfo').get('batchSize', 'some')} changes of the backup table"
    sent = _part(message, "Attributes").get("SentTimestamp")
    return Letter(
        sub,
        about,
        _text(body, "import_id"),
        _reason(message, body),
        "" if sent is None else instant(datetime.fromtimestamp(int(sent) / 1000, UTC)),
    )


def _reason(message: Mapping[str, Any], body: Mapping[str, Any]) -> str:
    attributes = _part(message, "MessageAttributes")
    names = (REASON,) if REASON in attributes else EVENTBRIDGE_REASONS
    said = [text for name in names if (text := _text(_part(attributes, name), "StringValue"))]
    # What Lambda writes to a stream's on-failure destination
    # (https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html).
    condition = _text(_part(body, "requestContext"), "condition")
    return ": ".join(said) or condition or NO_REASON


def _body(message: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        body = json.loads(message["Body"])
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _part(of: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = of.get(name)
    return part if isinstance(part, dict) else {}


def _text(of: Mapping[str, Any], name: str) -> str:
    value = of.get(name)
    return value if isinstance(value, str) else ""
