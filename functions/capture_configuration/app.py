"""Capture Configuration: the pool's own settings, its clients, providers, domain and branding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifeboat.export.assembly import configuration_export
from lifeboat.export.tasks import ConfigurationTask
from lifeboat.pacing import Deadline
from lifeboat.telemetry import logger
from lifeboat.usage import publishes_usage

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
@publishes_usage
def handler(event: ConfigurationTask, context: LambdaContext) -> ConfigurationTask:
    """Read, compare and write part after part until all are done or time runs short."""
    return configuration_export(event["Run"]).export(event, Deadline(context.get_remaining_time_in_millis))
