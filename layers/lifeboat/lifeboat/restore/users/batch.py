"""Handling the messages of a batch side by side, so that Cognito's latency costs no quota.

At 25 requests a second and 150 ms each, one request at a time would use a quarter of the quota. Whoever has
to wait for a token, a slow request or a slow write to the table delays nobody else.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse

from lifeboat.restore.users.consumer import Consumer

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

THREADS = 10
"""Messages of a batch that are handled at a time: all of it."""


class SideBySide(BatchProcessor):
    """Powertools' batch processor, with a thread for each record. A record that fails fails alone."""

    def process(self) -> list[tuple[Any, ...]]:
        """Handle all records and return what became of each, in their order."""
        with ThreadPoolExecutor(THREADS) as executor:
            return list(executor.map(self._process_record, self.records))


def consume(
    consumer: Consumer[Any], event: dict[str, Any], context: LambdaContext
) -> PartialItemFailureResponse:
    """Handle a batch of messages; the answer names those to be delivered again."""
    processor = SideBySide(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
    try:
        return process_partial_response(event, consumer.take, processor, context)
    finally:
        consumer.close()
