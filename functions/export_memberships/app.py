"""Export Memberships: one worker's part of the listing of group members."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifeboat.export.assembly import membership_export
from lifeboat.export.tasks import MembershipsTask
from lifeboat.pacing import Deadline
from lifeboat.telemetry import logger
from lifeboat.usage import publishes_usage

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
@publishes_usage
def handler(event: MembershipsTask, context: LambdaContext) -> MembershipsTask:
    """List, compare and write memberships until the part is finished or time runs short."""
    return membership_export(event["Run"]).export(event, Deadline(context.get_remaining_time_in_millis))
