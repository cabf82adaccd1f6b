"""Begin Drill: the first state of the DrillWorkflow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifeboat.drill.assembly import drill_beginning
from lifeboat.drill.tasks import BeginTask, Begun
from lifeboat.telemetry import logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
def handler(event: BeginTask, context: LambdaContext) -> Begun:
    """Check the input, take the lock, open the ledger entry, start the import into a scratch pool."""
    return drill_beginning().begin(event)
