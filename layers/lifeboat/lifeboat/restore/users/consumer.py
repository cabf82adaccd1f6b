"""What becomes of one message of an import queue: handled, tried again later, or given up with its reason.

A message that can never be handled goes to the dead-letter queue at once, so that it does not hold up
the others; so does one that has failed as often as the queue delivers it. Both are written to the
import's outcomes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from lifeboat.aws.queues import Queue
from lifeboat.errors import TRANSIENT, CognitoError, LifeboatError, ResourceNotFound, StoreUnavailable
from lifeboat.restore.messages import NewUser, Unusable, Update
from lifeboat.telemetry import logger

M = TypeVar("M", NewUser, Update)


@dataclass(frozen=True, slots=True)
class Consumer(Generic[M]):
    """Consumes one queue. `abandoned` says of an import, by its id, that nobody waits for it any more."""

    queue: Queue
    dead_letters: Queue
    max_receive_count: int
    read: Callable[[str], M]
    handle: Callable[[M], None]
    give_up: Callable[[M, str], None]
    finish: Callable[[], None] = lambda: None
    abandoned: Callable[[str], bool] = lambda _: False

    def close(self) -> None:
        """After a batch: write what was counted. That this failed is no reason to handle the batch again."""
        try:
            self.finish()
        except StoreUnavailable as error:
            logger.warning("progress not counted", error=_name(error))

    def take(self, record: SQSRecord) -> None:
        """Handle one message. Raises when it is to be delivered again."""
        message: M | None = None
        try:
            message = self.read(record.body)
            self.handle(message)
        except Unusable as error:
            self._give_up(record, message, str(error))
        except (*TRANSIENT, ResourceNotFound) as error:
            if message is not None and self.abandoned(message.import_id):
                logger.info("message of an ended drill dropped", sub=message.sub)
                return
            # A resource just created may not be found yet.
            received = int(record.attributes.approximate_receive_count)
            if received >= self.max_receive_count:
                self._give_up(record, message, f"given up after {received} deliveries: {error}")
                return
            self.queue.put_off(record.receipt_handle, received)
            logger.warning("message put off", received=received, error=_name(error))
            raise
        except CognitoError as error:
            self._give_up(record, message, str(error))

    def _give_up(self, record: SQSRecord, message: M | None, reason: str) -> None:
        if message is not None:
            self.give_up(message, reason)
        self.dead_letters.send_raw(record.body, reason)
        logger.error("message given up", sub=message.sub if message else "", reason=reason)


def _name(error: LifeboatError) -> str:
    return getattr(error, "code", type(error).__name__)
