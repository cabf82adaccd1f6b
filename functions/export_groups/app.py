"""Export Groups: all groups of the pool."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifeboat.export.assembly import group_export
from lifeboat.export.tasks import GroupsTask
from lifeboat.pacing import Deadline
from lifeboat.telemetry import logger
from lifeboat.usage import publishes_usage

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
@publishes_usage
def handler(event: GroupsTask, context: LambdaContext) -> GroupsTask:
    """List, compare and write groups until all are done or time runs short, and deal out their members."""
    return group_export(event["Run"]).export(event, Deadline(context.get_remaining_time_in_millis))
