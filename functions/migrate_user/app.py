"""Migrate User: a user of the backup, at the first sign-in or "Forgot password" in a pool that lacks them.

A UserMigration trigger: Cognito waits for the answer, and makes the user from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifeboat.restore.assembly import migration
from lifeboat.restore.on_demand.migration import answer
from lifeboat.telemetry import logger
from lifeboat.trigger_event import TriggerEvent
from lifeboat.usage import publishes_usage

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
@publishes_usage
def handler(event: TriggerEvent, context: LambdaContext) -> TriggerEvent:
    """Answer the trigger, whatever happens: an exception would show through to whoever signs in."""
    return answer(event, migration)
