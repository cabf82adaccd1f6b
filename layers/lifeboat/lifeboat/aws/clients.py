"""boto3 clients: made here only, once per process, with standard retries.

Retry mode "standard" backs off with jitter on throttling and passing failures
(https://boto3.amazonaws.com/v1/documentation/api/latest/guide/retries.html).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_dynamodb import DynamoDBServiceResource
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient

_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 5},
    connect_timeout=3,
    read_timeout=10,
    tcp_keepalive=True,
    user_agent_extra="cognito-lifeboat",
)


@cache
def cognito() -> CognitoIdentityProviderClient:
    """Cognito user pools in the function's Region."""
    return boto3.client("cognito-idp", config=_CONFIG)


@cache
def dynamodb() -> DynamoDBServiceResource:
    """DynamoDB in the function's Region."""
    return boto3.resource("dynamodb", config=_CONFIG)


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
