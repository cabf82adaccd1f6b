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

    def running(self, execution_arn: str) -> bool | None:
        """Whether the execution is still running; None when Step Functions does not know it.

        It forgets executions 90 days after their end, and DescribeExecution is eventually consistent, so a
        very young one may not be known yet
        (https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html).
        """
        try:
            answer = self._client.describe_execution(executionArn=execution_arn)
        except self._client.exceptions.ExecutionDoesNotExist:
            return None
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailable(f"Step Functions: {type(error).__name__}") from error
        return answer["status"] in ("RUNNING", "PENDING_REDRIVE")
