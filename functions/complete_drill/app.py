"""Complete Drill: the last state of a drill that ran to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifeboat.drill.assembly import drill_end
from lifeboat.drill.tasks import CompleteTask, Ended
from lifeboat.telemetry import logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
def handler(event: CompleteTask, context: LambdaContext) -> Ended:
    """Judge the restore, close the ledger entry, give the lock back, notify."""
    return drill_end().complete(event)
