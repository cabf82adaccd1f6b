"""What live capture is tested with: events, deliveries of its queue, and what the table has of it."""

from __future__ import annotations

import json
from typing import Any

from aws_lambda_powertools.utilities.data_classes import SQSEvent

from lifeboat.model import now
from lifeboat.pacing import Deadline
from lifeboat.store.keys import history_partition
from lifeboat.store.table import BackupTable
from lifeboat.sync.capture import assembly as syncing
from tests.adapters.pools import SHARD, Pool
from tests.adapters.stack import Stack
from tests.unit.examples import PLENTY

ANN = {"email": "ann@example.com", "email_verified": "true", "name": "Ann"}


def event(name: str, sub: str = "", pool_id: str | None = None, **detail: Any) -> str:
    request = {"userPoolId": pool_id} if pool_id else {"clientId": "1example23456789"}
    return json.dumps(
        {
            "detail-type": "AWS API Call via CloudTrail",
            "source": "aws.cognito-idp",
            "detail": {
                "eventName": name,
                "eventTime": now(),
                "requestParameters": request,
                "additionalEventData": {"sub": sub} if sub else {},
                **detail,
            },
        }
    )


def consume(stack: Stack, *messages: str, received: int = 1, deadline: Deadline = PLENTY) -> list[int]:
    """Hand messages to Capture Changes; returns the positions of those to be delivered again."""
    records = [
        {
            "messageId": str(number),
            "receiptHandle": f"handle-{number}",
            "body": body,
            "attributes": {"ApproximateReceiveCount": str(received)},
            "eventSourceARN": f"arn:aws:sqs:eu-west-1:123456789012:{stack.captures.name}",
        }
        for number, body in enumerate(messages)
    ]
    answer = syncing.capture_consumer().consume(SQSEvent({"Records": records}), deadline)
    return sorted(int(str(failure["itemIdentifier"])) for failure in answer["batchItemFailures"])


def confirm(pool: Pool, sub: str, **attributes: str) -> dict[str, Any]:
    return {
        "version": "1",
        "triggerSource": "PostConfirmation_ConfirmSignUp",
        "region": "eu-west-1",
        "userPoolId": pool.pool_id,
        "userName": "ann",
        "callerContext": {},
        "request": {"userAttributes": {"sub": sub, **attributes}},
        "response": {},
    }


def history(table: BackupTable) -> list[tuple[str, str]]:
    found = table.items(history_partition(f"USER#{SHARD}"), consistent=True)
    return [(item["valid_from"], item["valid_to"]) for item in found]


def live_items(table: BackupTable) -> list[Any]:
    return list(table.items(f"USER#{SHARD}", consistent=True))
