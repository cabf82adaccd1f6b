"""Release Deletions: what the guard held is deleted from the standby pool after all. For operators."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifeboat.pacing import Deadline
from lifeboat.sync.standby.assembly import released_deletions
from lifeboat.sync.standby.records import Released, ReleaseTask
from lifeboat.telemetry import logger
from lifeboat.usage import publishes_usage

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
@publishes_usage
def handler(event: ReleaseTask, context: LambdaContext) -> Released:
    """Delete what is held, as far as one invocation can."""
    return released_deletions().release(event, Deadline(context.get_remaining_time_in_millis))
