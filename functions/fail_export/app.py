"""Fail Export: what every failure of the ExportWorkflow passes through."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifeboat.export.assembly import export_end
from lifeboat.telemetry import logger
from lifeboat.workflow import ExecutionTask, Failure

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
def handler(event: ExecutionTask, context: LambdaContext) -> Failure:
    """Write the failure to the ledger, give the lock back, notify."""
    return export_end().fail(event)
