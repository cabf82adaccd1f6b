"""Conditions on dynamodb:LeadingKeys and lambda:Principal see what AWS would show them."""

import json
from typing import Any

import pytest
from ministack.core import iam_actions
from ministack.services import dynamodb

from local.ministack_permissions import dynamodb_transaction_checks
from local.request_keys import LEADING_KEYS, KeyedArn, request_keys

SCHEMA = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
NAMES = [{"AttributeName": "username_key", "KeyType": "HASH"}]
POOL = {"pk": {"S": "POOL"}, "sk": {"S": "CONFIG"}}
GROUP = {"pk": {"S": "GROUP"}, "sk": {"S": "admins"}}
QUERY = {
    "TableName": "backup",
    "KeyConditionExpression": "(#n0 = :v0 AND begins_with(#n1, :v1))",
    "ExpressionAttributeNames": {"#n0": "pk", "#n1": "sk"},
    "ExpressionAttributeValues": {":v0": {"S": "USER#3f"}, ":v1": {"S": "3f"}},
}


@pytest.fixture(autouse=True)
def backup(monkeypatch: pytest.MonkeyPatch) -> None:
    table = {
        "KeySchema": SCHEMA,
        "GlobalSecondaryIndexes": [{"IndexName": "ByUsername", "KeySchema": NAMES}],
        "LocalSecondaryIndexes": [],
    }
    monkeypatch.setattr(dynamodb, "_tables", {"backup": table})


def keys_of(request: dict[str, Any]) -> list[str] | None:
    found: list[str] | None = request_keys("dynamodb", "any", json.dumps(request).encode()).get(LEADING_KEYS)
    return found


@pytest.mark.parametrize(
    ("request_", "keys"),
    [
        ({"TableName": "backup", "Key": POOL}, ["POOL"]),
        (
            {"TableName": "arn:aws:dynamodb:us-east-1:1:table/backup", "Item": {**GROUP, "x": {"S": "POOL"}}},
            ["GROUP"],
        ),
        (QUERY, ["USER#3f"]),
        ({**QUERY, "KeyConditionExpression": "pk = :v0"}, ["USER#3f"]),
        (
            {**QUERY, "IndexName": "ByUsername", "ExpressionAttributeNames": {"#n0": "username_key"}},
            ["USER#3f"],
        ),
        ({"RequestItems": {"backup": {"Keys": [POOL, GROUP]}}}, ["POOL", "GROUP"]),
        (
            {"RequestItems": {"backup": [{"PutRequest": {"Item": POOL}}, {"DeleteRequest": {"Key": GROUP}}]}},
            ["POOL", "GROUP"],
        ),
        ({"TableName": "backup"}, None),
        ({"TableName": "another", "Key": POOL}, None),
    ],
    ids=["get", "put", "query", "names", "index", "batch-get", "batch-write", "scan", "unknown"],
)
def test_a_request_names_its_partitions(request_: dict[str, Any], keys: list[str] | None) -> None:
    assert keys_of(request_) == keys


def test_each_part_of_a_transaction_has_its_own() -> None:
    parts = [
        {"Put": {"TableName": "backup", "Item": POOL}},
        {"Delete": {"TableName": "backup", "Key": GROUP}},
    ]
    body = json.dumps({"TransactItems": parts}).encode()
    original = iam_actions.dynamodb_transaction_checks
    checks = dynamodb_transaction_checks(original, "dynamodb:TransactWriteItems", body, "us-east-1", "1")
    assert [(action, arn.leading_keys) for action, arn in checks if isinstance(arn, KeyedArn)] == [
        ("dynamodb:PutItem", ["POOL"]),
        ("dynamodb:DeleteItem", ["GROUP"]),
    ]
    assert dynamodb_transaction_checks(original, "dynamodb:GetItem", body, "us-east-1", "1") == []


def test_a_permission_names_whom_it_is_for() -> None:
    given = json.dumps({"Principal": "cognito-idp.amazonaws.com"}).encode()
    assert request_keys("lambda", "lambda:AddPermission", given) == {
        "lambda:Principal": "cognito-idp.amazonaws.com"
    }
    assert request_keys("lambda", "lambda:RemovePermission", given) == {}
    assert request_keys("lambda", "lambda:AddPermission", b"no JSON") == {}
