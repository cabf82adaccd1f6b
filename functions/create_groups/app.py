"""Create Groups: the groups of the backup in the new pool."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifeboat.pacing import Deadline
from lifeboat.restore.assembly import group_restore
from lifeboat.restore.tasks import GroupsTask
from lifeboat.telemetry import logger
from lifeboat.usage import publishes_usage

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
@publishes_usage
def handler(event: GroupsTask, context: LambdaContext) -> GroupsTask:
    """Create groups until all are there or time runs short."""
    return group_restore(event["Run"]).create(event, Deadline(context.get_remaining_time_in_millis))
