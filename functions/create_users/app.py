"""Create Users: users of the backup become users of the new pool. Consumes ApiUsersQueue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse

from lifeboat.restore.assembly import new_user_consumer
from lifeboat.restore.users.batch import consume
from lifeboat.telemetry import logger
from lifeboat.usage import publishes_usage

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
@publishes_usage
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Handle a batch of messages; the answer names those to be delivered again."""
    return consume(new_user_consumer(), event, context)
