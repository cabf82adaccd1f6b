"""Capture Changes: what events say has changed in the pool is brought into the backup.

Consumes CaptureQueue and CaptureRetryQueue.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes import SQSEvent

from lifeboat.pacing import Deadline
from lifeboat.sync.capture.assembly import capture_consumer
from lifeboat.sync.capture.consumer import RESERVE_SECONDS
from lifeboat.telemetry import logger
from lifeboat.usage import publishes_usage

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
@publishes_usage
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Handle a batch of messages; the answer names those to be delivered again."""
    deadline = Deadline(context.get_remaining_time_in_millis, RESERVE_SECONDS)
    return capture_consumer().consume(SQSEvent(event), deadline)
