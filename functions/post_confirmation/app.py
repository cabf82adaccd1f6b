"""Post Confirmation: a user who has just been confirmed is in the backup a moment later.

A PostConfirmation trigger: Cognito waits for the answer before the sign-up goes on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifeboat.sync.capture.assembly import confirmed_capture
from lifeboat.telemetry import logger
from lifeboat.trigger_event import TriggerEvent
from lifeboat.usage import publishes_usage

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
@publishes_usage
def handler(event: TriggerEvent, context: LambdaContext) -> TriggerEvent:
    """Answer the trigger with its own event, whatever happens: an exception would fail the sign-up."""
    return confirmed_capture().answer(event)
