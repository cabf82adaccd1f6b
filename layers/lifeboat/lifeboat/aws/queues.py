"""SQS queues."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from lifeboat.aws.translation import store_errors
from lifeboat.errors import StoreUnavailable

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import (
        ChangeMessageVisibilityBatchRequestEntryTypeDef,
        DeleteMessageBatchRequestEntryTypeDef,
        SendMessageBatchRequestEntryTypeDef,
    )

BATCH_ENTRIES = 10
BATCH_BYTES = 1_000_000
"""A batch holds at most 10 entries and 1 MiB; a little is left for the envelope."""

_REFUSED = re.compile("[\ud800-\udfff\ufffe\uffff]")
"""Characters that SQS refuses in a body and that JSON leaves as they are
(https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html)."""

LONGEST_BACKOFF = 120

PURGE_SECONDS = 60
"""For so long a purge may go on, and take messages with it that were sent after it
(https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_PurgeQueue.html)."""


@dataclass(frozen=True, slots=True)
class Received:
    """A received message."""

    body: str
    receipt_handle: str


class Queue:
    """One queue."""

    def __init__(self, client: SQSClient, url: str) -> None:
        self._client = client
        self.url = url

    @property
    def name(self) -> str:
        """The queue's name, without account and Region."""
        return self.url.rsplit("/", 1)[-1]

    def send(self, documents: Iterable[Mapping[str, Any]]) -> int:
        """Send each document as one message, in batches; returns how many.

        Raises StoreUnavailable when SQS keeps refusing an entry. What was sent before stays sent.
        """
        sent = 0
        batch: list[SendMessageBatchRequestEntryTypeDef] = []
        size = 0
        for document in documents:
            text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
            body = _REFUSED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
            length = len(body.encode())
            if batch and (len(batch) == BATCH_ENTRIES or size + length > BATCH_BYTES):
                self._send_batch(batch)
                batch, size = [], 0
            batch.append({"Id": str(len(batch)), "MessageBody": body})
            size += length
            sent += 1
        if batch:
            self._send_batch(batch)
        return sent

    def _send_batch(self, entries: list[SendMessageBatchRequestEntryTypeDef]) -> None:
        waiting = entries
        for _ in range(5):
            with store_errors("SQS"):
                answer = self._client.send_message_batch(QueueUrl=self.url, Entries=waiting)
            refused = {failure["Id"] for failure in answer.get("Failed", [])}
            if not refused:
                return
            waiting = [entry for entry in waiting if entry["Id"] in refused]
        raise StoreUnavailable(f"SQS: SendMessageBatch: {len(waiting)} entries refused")

    def send_later(self, document: Mapping[str, Any], seconds: int) -> None:
        """Send a document that nobody sees before so many seconds (900 at most) have passed."""
        body = json.dumps(document, separators=(",", ":"))
        with store_errors("SQS"):
            self._client.send_message(QueueUrl=self.url, MessageBody=body, DelaySeconds=seconds)

    def send_raw(self, body: str, reason: str) -> None:
        """Send a message's body as it came, with the reason why it could not be handled."""
        with store_errors("SQS"):
            self._client.send_message(
                QueueUrl=self.url,
                MessageBody=body,
                MessageAttributes={"Reason": {"DataType": "String", "StringValue": reason[:1000]}},
            )

    def receive(self, visibility_seconds: int) -> list[Received]:
        """Receive up to ten messages, hidden from others for so long; waits a second for the first.

        Waiting asks all of the queue's servers, so an empty answer means an empty queue
        (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html).
        """
        with store_errors("SQS"):
            answer = self._client.receive_message(
                QueueUrl=self.url,
                MaxNumberOfMessages=BATCH_ENTRIES,
                WaitTimeSeconds=1,
                VisibilityTimeout=visibility_seconds,
            )
        return [Received(message["Body"], message["ReceiptHandle"]) for message in answer.get("Messages", [])]

    def delete(self, receipt_handles: Iterable[str]) -> None:
        """Delete received messages, best effort: what cannot be deleted comes back, and is harmless twice."""
        handles = list(receipt_handles)
        for start in range(0, len(handles), BATCH_ENTRIES):
            entries: list[DeleteMessageBatchRequestEntryTypeDef] = [
                {"Id": str(number), "ReceiptHandle": handle}
                for number, handle in enumerate(handles[start : start + BATCH_ENTRIES])
            ]
            try:
                self._client.delete_message_batch(QueueUrl=self.url, Entries=entries)
            except (ClientError, BotoCoreError):
                continue

    def release(self, receipt_handles: Iterable[str]) -> None:
        """Make received messages visible again at once, best effort."""
        handles = list(receipt_handles)
        for start in range(0, len(handles), BATCH_ENTRIES):
            entries: list[ChangeMessageVisibilityBatchRequestEntryTypeDef] = [
                {"Id": str(number), "ReceiptHandle": handle, "VisibilityTimeout": 0}
                for number, handle in enumerate(handles[start : start + BATCH_ENTRIES])
            ]
            try:
                self._client.change_message_visibility_batch(QueueUrl=self.url, Entries=entries)
            except (ClientError, BotoCoreError):
                return

    def put_off(self, receipt_handle: str, receive_count: int) -> None:
        """Make a received message visible again after a time that doubles with each receive.

        Best effort: if it fails, the message comes back when its visibility timeout ends.
        """
        try:
            self._client.change_message_visibility(
                QueueUrl=self.url,
                ReceiptHandle=receipt_handle,
                VisibilityTimeout=min(LONGEST_BACKOFF, 2**receive_count),
            )
        except (ClientError, BotoCoreError):
            return

    def depth(self) -> int:
        """About how many messages are waiting, delayed or being handled."""
        names = (
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateNumberOfMessagesDelayed",
        )
        with store_errors("SQS"):
            answer = self._client.get_queue_attributes(
                QueueUrl=self.url,
                AttributeNames=[
                    "ApproximateNumberOfMessages",
                    "ApproximateNumberOfMessagesNotVisible",
                    "ApproximateNumberOfMessagesDelayed",
                ],
            )
        attributes: Mapping[str, str] = dict(answer["Attributes"])  # type: ignore[arg-type]
        return sum(int(attributes.get(name, 0)) for name in names)

    def purge(self) -> None:
        """Delete every message, those being handled too; see PURGE_SECONDS. A purge under way is enough."""
        try:
            self._client.purge_queue(QueueUrl=self.url)
        except self._client.exceptions.PurgeQueueInProgress:
            return
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailable(f"SQS: PurgeQueue: {type(error).__name__}") from error


def purge_all(queues: Iterable[Queue]) -> bool:
    """Purge those queues that hold messages, and wait until that is over; returns whether any did."""
    holding = [queue for queue in queues if queue.depth()]
    for queue in holding:
        queue.purge()
    if holding:
        time.sleep(PURGE_SECONDS)
    return bool(holding)
