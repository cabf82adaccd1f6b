"""Delete User: DELETE /users/{userId} of the admin API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifeboat.sync.admin.answer import ApiResponse
from lifeboat.sync.admin.assembly import administration
from lifeboat.sync.admin.request import ApiRequest
from lifeboat.telemetry import logger
from lifeboat.usage import publishes_usage

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
@publishes_usage
def handler(event: ApiRequest, context: LambdaContext) -> ApiResponse:
    """Delete a user of the pool, and capture that."""
    return administration().delete(event)
