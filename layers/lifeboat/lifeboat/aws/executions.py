"""State machine executions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

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

    def start(self, state_machine_arn: str, name: str, given: Mapping[str, Any]) -> None:
        """Start an execution by its name, once: a repeated start changes nothing.

        StartExecution answers as before while the execution runs, and refuses the name afterwards
        (https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html).
        """
        try:
            self._client.start_execution(
                stateMachineArn=state_machine_arn, name=name, input=json.dumps(dict(given))
            )
        except self._client.exceptions.ExecutionAlreadyExists:
            return
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailable(f"Step Functions: {type(error).__name__}") from error

    def stop(self, execution_arn: str, reason: str) -> None:
        """Stop an execution; one that has ended, or never was, stays as it is.

        Stopping what has ended is an error of the request
        (https://docs.aws.amazon.com/step-functions/latest/apireference/API_StopExecution.html).
        """
        try:
            self._client.stop_execution(executionArn=execution_arn, error=reason)
        except (self._client.exceptions.ExecutionDoesNotExist, self._client.exceptions.ValidationException):
            return
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailable(f"Step Functions: {type(error).__name__}") from error


def execution_of(state_machine_arn: str, name: str) -> str:
    """The ARN that the execution of a name has."""
    return f"{state_machine_arn.replace(':stateMachine:', ':execution:', 1)}:{name}"
