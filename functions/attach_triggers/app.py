"""Attach Triggers: the functions that bring users back at sign-in, called by the new pool from now on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifeboat.restore.assembly import triggers
from lifeboat.restore.tasks import Attached, AttachTask
from lifeboat.telemetry import logger
from lifeboat.usage import publishes_usage

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
@publishes_usage
def handler(event: AttachTask, context: LambdaContext) -> Attached:
    """Attach what the import asks for."""
    return triggers(event["Run"]["UserPoolId"]).attach(event["Run"], event["Functions"])
