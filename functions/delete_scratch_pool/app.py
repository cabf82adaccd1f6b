"""Delete Scratch Pool: clears away after one drill, or every hour after those that were stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifeboat.drill.assembly import scratch
from lifeboat.drill.tasks import Cleared, ClearTask
from lifeboat.telemetry import logger
from lifeboat.usage import publishes_usage

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
@publishes_usage
def handler(event: ClearTask, context: LambdaContext) -> Cleared:
    """Delete the pool of the drill that is named, or what drills have left behind that are over."""
    return scratch().take(event)
