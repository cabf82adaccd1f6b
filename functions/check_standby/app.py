"""Check Standby: compares the standby pool with the backup, and repairs it. Invoked by an operator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifeboat.pacing import Deadline
from lifeboat.sync.standby.assembly import standby_check
from lifeboat.sync.standby.check import Checked, CheckTask
from lifeboat.telemetry import logger
from lifeboat.usage import publishes_usage

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
@publishes_usage
def handler(event: CheckTask, context: LambdaContext) -> Checked:
    """Check shard after shard until all are done or time runs short."""
    return standby_check().check(event, Deadline(context.get_remaining_time_in_millis))
