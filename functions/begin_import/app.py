"""Begin Import: the first state of the ImportWorkflow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifeboat.restore.assembly import import_beginning
from lifeboat.restore.begin import Begun
from lifeboat.telemetry import logger
from lifeboat.usage import publishes_usage
from lifeboat.workflow import ExecutionTask

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
@publishes_usage
def handler(event: ExecutionTask, context: LambdaContext) -> Begun:
    """Check the input, the pool, the backup and the queues; take the lock; plan."""
    return import_beginning().begin(event)
