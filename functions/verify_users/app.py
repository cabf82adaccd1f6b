"""Verify Users: one part of the comparison of the new pool with the backup."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifeboat.restore.assembly import files, step_progress
from lifeboat.restore.comparison.verify import verify
from lifeboat.restore.steps import COMPARISON
from lifeboat.restore.tasks import Verified, VerifyTask
from lifeboat.telemetry import logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
def handler(event: VerifyTask, context: LambdaContext) -> Verified:
    """Compare what was expected with what was found."""
    return verify(files(event["Run"]), event, step_progress(event["Run"], COMPARISON))
