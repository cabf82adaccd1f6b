"""Get User History: GET /users/{userId}/history of the admin API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifeboat.sync.admin.answer import ApiResponse
from lifeboat.sync.admin.assembly import user_history
from lifeboat.sync.admin.request import ApiRequest
from lifeboat.telemetry import logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
def handler(event: ApiRequest, context: LambdaContext) -> ApiResponse:
    """Every version of a user that the backup keeps."""
    return user_history().get(event)
