"""Writing several items at once or not at all, and only if they are as the writer has read them.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lifeboat.aws.translation import store_errors
from lifeboat.errors import StoreUnavailable
from lifeboat.pacing import stand_back
from lifeboat.store.items import Item
from lifeboat.store.keys import Key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

MOST_WRITES = 100
"""TransactWriteItems' limit."""

CONFLICTS = 8
"""How often a transaction is sent that meets another one on the same item; boto3 does not repeat it."""

Expected = Mapping[str, Any]
"""Attributes that an item must have with these values; empty: the item must not be there."""

ABSENT: Expected = {}


@dataclass(frozen=True, slots=True)
class Put:
    """Write an item, whatever is there or only in place of what is expected."""

    item: Item
    expected: Expected | None = None

    @property
    def key(self) -> Key:
        """Where it is written."""
        return Key(self.item["pk"], self.item["sk"])


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete an item that is as expected."""

    key: Key
    expected: Expected


@dataclass(frozen=True, slots=True)
class Check:
    """Write nothing, but let nothing be written unless an item is as expected."""

    key: Key
    expected: Expected


Write = Put | Delete | Check


def transact(client: DynamoDBClient, table_name: str, writes: Sequence[Write]) -> bool:
    """Do all writes or none of them; False if an item is not as one of them expects it.

    botocore gives the request a token, so that repeating it after a lost answer does nothing twice.
    """
    if not writes:
        return True
    actions: Any = [_action(table_name, write) for write in writes]
    for attempt in range(CONFLICTS):
        reasons: set[str] = set()
        with store_errors("DynamoDB"):
            try:
                client.transact_write_items(TransactItems=actions)
                return True
            except ClientError as error:
                answer: Mapping[str, Any] = error.response
                reasons = {str(each.get("Code")) for each in answer.get("CancellationReasons", [])}
                if "ConditionalCheckFailed" in reasons:
                    return False
                if "TransactionConflict" not in reasons:
                    raise
        stand_back(attempt)
    raise StoreUnavailable("DynamoDB: TransactWriteItems: TransactionConflict")


def _action(table_name: str, write: Write) -> dict[str, Any]:
    if isinstance(write, Put):
        return {"Put": {"TableName": table_name, "Item": write.item, **_condition(write.expected)}}
    kind = "Delete" if isinstance(write, Delete) else "ConditionCheck"
    key = {"pk": write.key.pk, "sk": write.key.sk}
    return {kind: {"TableName": table_name, "Key": key, **_condition(write.expected)}}


def _condition(expected: Expected | None) -> dict[str, Any]:
    if expected is None:
        return {}
    if not expected:
        return {"ConditionExpression": "attribute_not_exists(pk)"}
    return {
        "ConditionExpression": " AND ".join(f"#n{number} = :v{number}" for number in range(len(expected))),
        "ExpressionAttributeNames": {f"#n{number}": name for number, name in enumerate(expected)},
        "ExpressionAttributeValues": {f":v{number}": value for number, value in enumerate(expected.values())},
    }
