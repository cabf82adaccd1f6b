"""Plan Cleanup: add up the listing and decide whether anything may be retired."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifeboat.export.cleanup import plan_cleanup
from lifeboat.export.tasks import CleanupPlan, CleanupTask
from lifeboat.settings import settings
from lifeboat.telemetry import logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
def handler(event: CleanupTask, context: LambdaContext) -> CleanupPlan:
    """Apply the guard and deal out the cleanup."""
    return plan_cleanup(event, settings().max_retire_percent)
