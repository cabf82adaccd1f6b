"""Who may call a Lambda function: single user pools, for as long as they have it as a trigger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from lifeboat.aws.translation import store_errors

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient


class FunctionCallers:
    """Lets a user pool call a function, and takes that back. Both can be repeated."""

    def __init__(self, client: LambdaClient) -> None:
        self._client = client

    def admit(self, function_arn: str, pool_id: str, pool_arn: str) -> None:
        """AddPermission for one pool, under a name of its own."""
        try:
            self._client.add_permission(
                FunctionName=function_arn,
                StatementId=statement_of(pool_id),
                Action="lambda:InvokeFunction",
                Principal="cognito-idp.amazonaws.com",
                SourceArn=pool_arn,
                SourceAccount=pool_arn.split(":")[4],
            )
        except ClientError as error:
            _ignore(error, "ResourceConflictException")

    def shut_out(self, function_arn: str, pool_id: str) -> None:
        """RemovePermission for one pool."""
        try:
            self._client.remove_permission(FunctionName=function_arn, StatementId=statement_of(pool_id))
        except ClientError as error:
            _ignore(error, "ResourceNotFoundException")


def statement_of(pool_id: str) -> str:
    """The name of a pool's permission."""
    return f"pool-{pool_id}"


def _ignore(error: ClientError, code: str) -> None:
    if error.response.get("Error", {}).get("Code") != code:
        with store_errors("Lambda"):
            raise error
