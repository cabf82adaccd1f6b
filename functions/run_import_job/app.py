"""Run Import Jobs: the CSV lane, job after job, and the watch over the whole import."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifeboat.pacing import Deadline
from lifeboat.restore.assembly import user_import
from lifeboat.restore.tasks import JobTask, Progress
from lifeboat.telemetry import logger
from lifeboat.usage import publishes_usage

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
@publishes_usage
def handler(event: JobTask, context: LambdaContext) -> Progress:
    """Run import jobs and watch queues and outcomes until all is done or time runs short."""
    working = Deadline(context.get_remaining_time_in_millis, reserve_seconds=300)
    watching = Deadline(context.get_remaining_time_in_millis)
    return user_import(event["Run"]).go_on(event, working, watching)
