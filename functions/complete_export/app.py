"""Complete Export: the last state of an export that ran to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifeboat.export.assembly import export_end
from lifeboat.export.completion import Summary
from lifeboat.export.tasks import CompleteTask
from lifeboat.telemetry import logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
def handler(event: CompleteTask, context: LambdaContext) -> Summary:
    """Close the ledger, give the lock back, notify."""
    return export_end().complete(event)
