"""Create User Pool: the new pool, made from the captured configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifeboat.pacing import Deadline
from lifeboat.restore.assembly import pool_creation
from lifeboat.restore.tasks import PoolTask
from lifeboat.telemetry import logger
from lifeboat.usage import publishes_usage

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
@publishes_usage
def handler(event: PoolTask, context: LambdaContext) -> PoolTask:
    """Create the pool and its parts until all are there or time runs short."""
    return pool_creation(event["Run"]).create(event, Deadline(context.get_remaining_time_in_millis))
