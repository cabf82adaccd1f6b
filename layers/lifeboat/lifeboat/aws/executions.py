"""State machine executions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from lifeboat.errors import StoreUnavailable

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient


class Executions:
    """What Step Functions knows of executions."""

    def __init__(self, client: SFNClient) -> None:
        self._client = client

    def running(self, execution_arn: str) -> bool:
        """Whether the execution is still running; False when Step Functions has forgotten it."""
        try:
            answer = self._client.describe_execution(executionArn=execution_arn)
        except self._client.exceptions.ExecutionDoesNotExist:
            return False
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailable(f"Step Functions: {type(error).__name__}") from error
        return answer["status"] in ("RUNNING", "PENDING_REDRIVE")
