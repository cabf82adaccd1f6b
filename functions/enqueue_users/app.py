"""Enqueue Users: one worker's part of the scan of the backup."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifeboat.pacing import Deadline
from lifeboat.restore.assembly import scan
from lifeboat.restore.tasks import ScanTask
from lifeboat.telemetry import logger
from lifeboat.usage import publishes_usage

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
@publishes_usage
def handler(event: ScanTask, context: LambdaContext) -> ScanTask:
    """Send users to NewUsersQueue until the part is finished or time runs short."""
    return scan(event["Run"]).enqueue(event, Deadline(context.get_remaining_time_in_millis))
