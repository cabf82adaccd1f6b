"""Check Progress: how far the import is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifeboat.pacing import Deadline
from lifeboat.restore.assembly import progress_check
from lifeboat.restore.tasks import Progress, ProgressTask
from lifeboat.telemetry import logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
def handler(event: ProgressTask, context: LambdaContext) -> Progress:
    """Watch queues and outcomes until all is done, an import job is due, or time runs short."""
    return progress_check(event["Run"]).watch(event, Deadline(context.get_remaining_time_in_millis))
