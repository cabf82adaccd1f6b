"""boto3 clients: made here only, once per process, with standard retries.

Retry mode "standard" backs off with jitter on throttling and passing failures
(https://boto3.amazonaws.com/v1/documentation/api/latest/guide/retries.html).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from lifeboat.usage import note_request

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_dynamodb import DynamoDBServiceResource
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient


def _config(attempts: int, connect_timeout: float, read_timeout: float) -> Config:
    """How a client sends: attempts of a request in all, seconds to connect, seconds to wait for an answer."""
    return Config(
        retries={"mode": "standard", "total_max_attempts": attempts},
        connect_timeout=connect_timeout,
        read_timeout=read_timeout,
        tcp_keepalive=True,
        user_agent_extra="cognito-lifeboat",
    )


_CONFIG = _config(attempts=5, connect_timeout=3, read_timeout=10)

_PROMPT_CONFIG = _config(attempts=1, connect_timeout=0.4, read_timeout=0.7)
"""For functions that a sign-in waits for: within about a second a call is answered or has failed."""

_CAREFUL_CONFIG = _config(attempts=1, connect_timeout=3, read_timeout=60)
"""For requests that create something each time: whoever sends them looks before sending them again."""

_ANSWERING_CONFIG = _config(attempts=2, connect_timeout=1, read_timeout=3)
"""For functions behind an API: who asked is told of a failure, and can ask again."""

_COGNITO = "cognito-identity-provider"
"""The name that botocore's events have for the service."""


def counted(client: CognitoIdentityProviderClient) -> CognitoIdentityProviderClient:
    """The client, with every request that it sends counted, those that botocore repeats too.

    botocore emits `response-received` after each attempt, whatever came of it.
    """

    def note(parsed_response: Any, **_: Any) -> None:
        note_request((parsed_response or {}).get("Error", {}).get("Code", ""))

    client.meta.events.register(f"response-received.{_COGNITO}", note)
    return client


@cache
def cognito() -> CognitoIdentityProviderClient:
    """Cognito user pools in the function's Region."""
    return counted(boto3.client("cognito-idp", config=_CONFIG))


@cache
def cognito_in(region: str) -> CognitoIdentityProviderClient:
    """Cognito user pools in another Region; "" is the function's own."""
    if not region:
        return cognito()
    return counted(boto3.client("cognito-idp", region_name=region, config=_CONFIG))


@cache
def dynamodb() -> DynamoDBServiceResource:
    """DynamoDB in the function's Region."""
    return boto3.resource("dynamodb", config=_CONFIG)


@cache
def logs() -> CloudWatchLogsClient:
    """CloudWatch Logs in the function's Region."""
    return boto3.client("logs", config=_CONFIG)


@cache
def prompt_cognito() -> CognitoIdentityProviderClient:
    """Cognito user pools in the function's Region, for a function that a sign-in waits for."""
    return counted(boto3.client("cognito-idp", config=_PROMPT_CONFIG))


@cache
def answering_cognito() -> CognitoIdentityProviderClient:
    """Cognito user pools in the function's Region, for a function behind an API."""
    return counted(boto3.client("cognito-idp", config=_ANSWERING_CONFIG))


@cache
def careful_cognito() -> CognitoIdentityProviderClient:
    """Cognito user pools in the function's Region, for what must not be created twice."""
    return counted(boto3.client("cognito-idp", config=_CAREFUL_CONFIG))


@cache
def prompt_dynamodb() -> DynamoDBServiceResource:
    """DynamoDB in the function's Region, for a function that a sign-in waits for."""
    return boto3.resource("dynamodb", config=_PROMPT_CONFIG)


@cache
def prompt_sqs() -> SQSClient:
    """SQS in the function's Region, for a function that a sign-up waits for."""
    return boto3.client("sqs", config=_PROMPT_CONFIG)


@cache
def s3() -> S3Client:
    """S3 in the function's Region."""
    return boto3.client("s3", config=_CONFIG)


@cache
def sqs() -> SQSClient:
    """SQS in the function's Region."""
    return boto3.client("sqs", config=_CONFIG)


@cache
def sns() -> SNSClient:
    """SNS in the function's Region."""
    return boto3.client("sns", config=_CONFIG)


@cache
def stepfunctions() -> SFNClient:
    """Step Functions in the function's Region."""
    return boto3.client("stepfunctions", config=_CONFIG)
