"""Apply Changes: the standby pool follows the backup. Reads the table's stream in the backup Region."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifeboat.pacing import Deadline
from lifeboat.sync.standby.assembly import standby_changes
from lifeboat.sync.standby.records import StreamAnswer, StreamEvent
from lifeboat.telemetry import logger
from lifeboat.usage import publishes_usage

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
@publishes_usage
def handler(event: StreamEvent, context: LambdaContext) -> StreamAnswer:
    """Handle a batch of stream records; the answer names the one to go on from."""
    return standby_changes().take(event, Deadline(context.get_remaining_time_in_millis))
