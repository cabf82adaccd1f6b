"""Run Import Job: the CSV lane, a step further."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifeboat.model import now
from lifeboat.pacing import Deadline
from lifeboat.restore.assembly import import_job_step, progress_display
from lifeboat.restore.tasks import JobSeen, JobTask
from lifeboat.telemetry import logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
def handler(event: JobTask, context: LambdaContext) -> JobSeen:
    """Settle the job that has ended, start the next one."""
    deadline = Deadline(context.get_remaining_time_in_millis, reserve_seconds=300)
    with progress_display(event["Run"]).kept_up():
        progress = import_job_step(event["Run"]).take(event, deadline)
    return {**progress, "At": now()}
