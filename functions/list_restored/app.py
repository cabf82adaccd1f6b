"""List Restored: one worker's part of the listing of the new pool."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifeboat.pacing import Deadline
from lifeboat.restore.assembly import restored_listing
from lifeboat.restore.tasks import ListingTask
from lifeboat.telemetry import logger
from lifeboat.usage import publishes_usage

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
@publishes_usage
def handler(event: ListingTask, context: LambdaContext) -> ListingTask:
    """List users and memberships until the part is finished or time runs short."""
    return restored_listing(event["Run"]).take(event, Deadline(context.get_remaining_time_in_millis))
