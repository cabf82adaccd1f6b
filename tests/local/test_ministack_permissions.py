"""A role reaches the partitions that its policy names, and no others."""

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.local.standin_application import PRIMARY, Standin

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
}
USERS = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["USER#*"]}}
ANYTHING_ELSE = {"ForAllValues:StringNotEquals": {"dynamodb:LeadingKeys": ["POOL"]}}


def table_of(standin: Standin, name: str, condition: dict[str, Any]) -> Any:
    """DynamoDB, as a role sees it that may read and write items under a condition."""
    iam = standin.client("iam", PRIMARY)
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]
    actions = [f"dynamodb:{each}" for each in ("GetItem", "Query", "PutItem", "BatchGetItem", "DeleteItem")]
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*", "Condition": condition}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    iam.put_role_policy(RoleName=name, PolicyName=name, PolicyDocument=json.dumps(policy))
    assumed = standin.client("sts", PRIMARY).assume_role(RoleArn=role["Arn"], RoleSessionName="test")[
        "Credentials"
    ]
    return boto3.client(
        "dynamodb",
        region_name=PRIMARY,
        endpoint_url=standin.aws.endpoint_url,
        aws_access_key_id=assumed["AccessKeyId"],
        aws_secret_access_key=assumed["SecretAccessKey"],
        aws_session_token=assumed["SessionToken"],
    )


def refused(act: Callable[[], object]) -> bool:
    try:
        act()
    except ClientError as error:
        return error.response["Error"]["Code"] == "AccessDeniedException"
    return False


@pytest.mark.parametrize(("name", "condition"), [("users", USERS), ("anything-else", ANYTHING_ELSE)])
def test_a_role_reaches_the_partitions_of_its_policy_only(
    standin: Standin, name: str, condition: dict[str, Any]
) -> None:
    table, client = standin.table, table_of(standin, name, condition)

    def refusals(partition: str) -> set[bool]:
        key = {"pk": {"S": partition}, "sk": {"S": "x"}}
        asked = {":pk": {"S": partition}}
        return {
            refused(lambda: client.get_item(TableName=table, Key=key)),
            refused(lambda: client.put_item(TableName=table, Item=key)),
            refused(lambda: client.batch_get_item(RequestItems={table: {"Keys": [key]}})),
            refused(
                lambda: client.query(
                    TableName=table, KeyConditionExpression="pk = :pk", ExpressionAttributeValues=asked
                )
            ),
            refused(
                lambda: client.transact_write_items(
                    TransactItems=[{"Delete": {"TableName": table, "Key": key}}]
                )
            ),
        }

    assert refusals("USER#3f") == {False}
    assert refusals("POOL") == {True}
