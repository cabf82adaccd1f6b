"""Check Progress: how far the consumers are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifeboat.restore.assembly import progress_check
from lifeboat.restore.tasks import Progress, ProgressTask
from lifeboat.telemetry import logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
def handler(event: ProgressTask, context: LambdaContext) -> Progress:
    """Compare the queues with the outcomes."""
    return progress_check(event["Run"]).check(event)
