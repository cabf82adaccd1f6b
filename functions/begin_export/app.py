"""Begin Export: the first state of the ExportWorkflow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifeboat.export.assembly import export_beginning
from lifeboat.export.begin import Begun
from lifeboat.telemetry import logger
from lifeboat.usage import publishes_usage
from lifeboat.workflow import ExecutionTask

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
@publishes_usage
def handler(event: ExecutionTask, context: LambdaContext) -> Begun:
    """Take the lock, check the input and plan the listing."""
    return export_beginning().begin(event)
