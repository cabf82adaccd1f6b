"""Settle Captures: whoever was captured while the export ran is read once more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifeboat.pacing import Deadline
from lifeboat.settling import Settled
from lifeboat.sync.capture.assembly import capture_settling
from lifeboat.sync.capture.settle import SettleTask
from lifeboat.telemetry import logger
from lifeboat.usage import publishes_usage

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
@publishes_usage
def handler(event: SettleTask, context: LambdaContext) -> Settled:
    """Capture again until all are settled or time runs short."""
    return capture_settling().settle(event, Deadline(context.get_remaining_time_in_millis))
