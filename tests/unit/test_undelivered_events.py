"""An event that EventBridge could not deliver: its reason is told, and it goes back as it would have come."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cli.dead_letters import DeadLetterQueue, _move, letter_of
from lifeboat.sync.capture.causes import Cause, cause_of

SAMPLE = Path(__file__).parents[2] / "events/capture_changes.json"
QUEUE = DeadLetterQueue("primary", "us-east-1", "Capture", "dead", "source")
EVENT = next(
    each["body"] for each in json.loads(SAMPLE.read_text("utf-8"))["Records"] if "detail" in each["body"]
)
POOL_ID = json.loads(EVENT)["detail"]["requestParameters"]["userPoolId"]
MESSAGE: dict[str, Any] = {
    "Body": EVENT,
    "ReceiptHandle": "handle",
    "MessageAttributes": {
        name: {"DataType": "String", "StringValue": value}
        for name, value in (
            ("RULE_ARN", "arn:aws:events:us-east-1:111122223333:rule/capture"),
            ("TARGET_ARN", "arn:aws:sqs:us-east-1:111122223333:capture"),
            ("ERROR_CODE", "NO_PERMISSIONS"),
            ("ERROR_MESSAGE", "the key's policy does not admit events.amazonaws.com"),
        )
    },
}


class Sqs:
    """Notes what is asked of it."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def send_message(self, **arguments: Any) -> None:
        self.asked.append(arguments)

    def delete_message(self, **arguments: Any) -> None:
        self.asked.append(arguments)


def test_the_reason_that_eventbridge_gives_is_told() -> None:
    letter = letter_of(MESSAGE)
    assert letter.sub == json.loads(EVENT)["detail"]["additionalEventData"]["sub"]
    assert letter.reason == "NO_PERMISSIONS: the key's policy does not admit events.amazonaws.com"


def test_it_goes_back_as_an_event_and_leaves_its_old_reason_behind() -> None:
    sqs: Any = Sqs()
    _move(sqs, QUEUE, MESSAGE)
    sent, deleted = sqs.asked
    assert (sent["QueueUrl"], deleted["QueueUrl"]) == ("source", "dead")
    assert isinstance(cause_of(sent["MessageBody"], POOL_ID), Cause)
    assert not {"ERROR_CODE", "ERROR_MESSAGE"} & sent["MessageAttributes"].keys()
