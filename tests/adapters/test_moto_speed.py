"""What moto is spared in these tests changes none of its answers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import boto3
import pytest
from moto import mock_aws

from tests.adapters.conftest import REGION, session
from tests.adapters.moto_differences import mend
from tests.adapters.moto_speed import is_sent_as_stored

ITEM: dict[str, Any] = {
    "pk": "a",
    "text": "",
    "number": Decimal("1.50"),
    "yes": True,
    "nothing": None,
    "bytes": b"\x00\xff",
    "texts": {"a", "b"},
    "numbers": {Decimal(1), Decimal(2)},
    "blobs": {b"a"},
    "list": [1, {"deep": [None, "x", b"y"]}, []],
    "map": {"S": "a name like a type's", "empty": {}},
}


def answers(aws: boto3.Session) -> list[Any]:
    """What DynamoDB, Cognito and SQS say of what is put into them."""
    table = aws.resource("dynamodb", region_name=REGION).create_table(
        TableName="t",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
    )
    table.put_item(Item=ITEM)
    updated = table.update_item(
        Key={"pk": "a"},
        UpdateExpression="SET #l[0] = :new ADD texts :more",
        ExpressionAttributeNames={"#l": "list"},
        ExpressionAttributeValues={":new": {"of": ["it"]}, ":more": {"c"}},
        ReturnValues="ALL_OLD",
    )
    cognito, sqs = aws.client("cognito-idp"), aws.client("sqs")
    pool = cognito.create_user_pool(PoolName="p")["UserPool"]
    cognito.admin_create_user(
        UserPoolId=pool["Id"], Username="ann", UserAttributes=[{"Name": "email", "Value": "a@example.com"}]
    )
    cognito.create_group(UserPoolId=pool["Id"], GroupName="staff", Precedence=0)
    users = [
        {**user, "Attributes": [each for each in user["Attributes"] if each["Name"] != "sub"]}
        for user in cognito.list_users(UserPoolId=pool["Id"])["Users"]
    ]
    queue = sqs.create_queue(QueueName="q")["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    groups = cognito.list_groups(UserPoolId=pool["Id"])["Groups"]
    told = [updated["Attributes"], table.get_item(Key={"pk": "a"})["Item"], table.scan()["Items"]]
    varying = {"UserCreateDate", "UserLastModifiedDate", "CreationDate", "LastModifiedDate", "UserPoolId"}
    told += [{name: each[name] for name in each.keys() - varying} for each in (*users, *groups)]
    return [*told, attributes.keys(), pool.keys()]


def test_answers_are_what_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    with mock_aws():
        plain = answers(session())
    mend(monkeypatch)
    for _ in range(2):
        with mock_aws():
            assert answers(session()) == plain


@pytest.mark.parametrize(
    "value",
    [
        {"B": b"a"},
        {"BS": [b"a"]},
        {"S": 1},
        {"N": 1},
        {},
        {"S": "a", "N": "1"},
        {"L": [{"B": b"a"}]},
        object(),
    ],
)
def test_what_is_not_stored_as_it_is_sent_is_left_to_moto(value: object) -> None:
    assert not is_sent_as_stored(value)
