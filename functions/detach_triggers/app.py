"""Detach Triggers: the functions that bring users back at sign-in, taken off a pool that is complete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifeboat.restore.assembly import triggers
from lifeboat.restore.tasks import Attached, DetachTask
from lifeboat.telemetry import logger
from lifeboat.usage import publishes_usage

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
@publishes_usage
def handler(event: DetachTask, context: LambdaContext) -> Attached:
    """Detach what is needed no longer."""
    return triggers(event["UserPoolId"]).detach()
