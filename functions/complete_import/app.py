"""Complete Import: the last state of an import that ran to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifeboat.restore.assembly import import_end, reconciliation
from lifeboat.restore.completion import Ended
from lifeboat.restore.tasks import CompleteTask
from lifeboat.telemetry import logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
def handler(event: CompleteTask, context: LambdaContext) -> Ended:
    """Write the report, close the ledger, give the lock back, notify."""
    return import_end().complete(event, reconciliation(event["Run"]))
