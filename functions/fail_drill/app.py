"""Fail Drill: what every failure of the DrillWorkflow passes through."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifeboat.drill.assembly import drill_end, scratch
from lifeboat.telemetry import logger
from lifeboat.usage import publishes_usage
from lifeboat.workflow import ExecutionTask, Failure

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
@publishes_usage
def handler(event: ExecutionTask, context: LambdaContext) -> Failure:
    """Delete the scratch pool, write the failure to the ledger, give the lock back, notify."""
    return drill_end().fail(event, scratch())
