"""Restore Federated Groups: the groups of a user who is federated or was not restored whole, at sign-in.

A PreTokenGeneration trigger: Cognito waits for the answer before it makes the user's tokens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifeboat.pacing import Deadline
from lifeboat.restore.assembly import federated_groups
from lifeboat.restore.on_demand.federated import RESERVE_SECONDS, answer
from lifeboat.telemetry import logger
from lifeboat.trigger_event import TriggerEvent
from lifeboat.usage import publishes_usage

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
@publishes_usage
def handler(event: TriggerEvent, context: LambdaContext) -> TriggerEvent:
    """Answer the trigger, whatever happens: an exception would fail the sign-in."""
    deadline = Deadline(context.get_remaining_time_in_millis, RESERVE_SECONDS)
    return answer(event, deadline, federated_groups)
