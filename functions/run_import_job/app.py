"""Run Import Job: the CSV lane, a step further."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifeboat.pacing import Deadline
from lifeboat.restore.assembly import import_job_step
from lifeboat.restore.tasks import JobProgress, JobTask
from lifeboat.telemetry import logger
from lifeboat.usage import publishes_usage

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
@publishes_usage
def handler(event: JobTask, context: LambdaContext) -> JobProgress:
    """Settle the job that has ended, start the next one."""
    deadline = Deadline(context.get_remaining_time_in_millis, reserve_seconds=300)
    return import_job_step(event["Run"]).take(event, deadline)
