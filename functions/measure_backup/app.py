"""Measure Backup: publishes every hour how old the backup and the last drill are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifeboat.drill.assembly import measurement
from lifeboat.drill.measure import Measured, MeasureTask
from lifeboat.telemetry import logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
def handler(event: MeasureTask, context: LambdaContext) -> Measured:
    """Read the ledgers of the table in this Region and publish what they say."""
    return measurement().measure()
