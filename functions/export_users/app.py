"""Export Users: one worker's part of the listing of users."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifeboat.export.assembly import user_export
from lifeboat.export.tasks import UsersTask
from lifeboat.pacing import Deadline
from lifeboat.telemetry import logger
from lifeboat.usage import publishes_usage

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
@publishes_usage
def handler(event: UsersTask, context: LambdaContext) -> UsersTask:
    """List, compare and write users until the part is finished or time runs short."""
    return user_export(event["Run"]).export(event, Deadline(context.get_remaining_time_in_millis))
