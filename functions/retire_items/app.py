"""Retire Items: one worker's part of the cleanup."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifeboat.export.assembly import retirement
from lifeboat.export.tasks import RetireTask
from lifeboat.pacing import Deadline
from lifeboat.telemetry import logger
from lifeboat.usage import publishes_usage

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
@publishes_usage
def handler(event: RetireTask, context: LambdaContext) -> RetireTask:
    """Confirm absences and retire what is confirmed."""
    return retirement(event["Run"]).retire(event, Deadline(context.get_remaining_time_in_millis))
