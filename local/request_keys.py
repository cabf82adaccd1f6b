"""The keys that a request puts into its conditions, which ministack does not know: of DynamoDB and Lambda.

(service-authorization/latest/reference/list_amazondynamodb.html, list_awslambda.html)
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from ministack.services import dynamodb

LEADING_KEYS = "dynamodb:LeadingKeys"
EQUALS = re.compile(r"([#\w]+)\s*=\s*(:\w+)")
IN_TRANSACTION = ("ConditionCheck", "Put", "Update", "Delete", "Get")


class KeyedArn(str):
    """A resource of one part of a transaction, with the partition keys that this part names."""

    leading_keys: list[str]


def request_keys(service: str, action: str, body: bytes) -> dict[str, Any]:
    """The condition keys of a request. A transaction's are those of its parts: `transaction_keys`."""
    request = parsed(body)
    if service == "dynamodb":
        keys = list(leading_keys(request))
        return {LEADING_KEYS: keys} if keys else {}
    if action == "lambda:AddPermission" and "Principal" in request:
        return {"lambda:Principal": request["Principal"]}
    return {}


def parsed(body: bytes) -> dict[str, Any]:
    """A request's body; empty for what is no JSON object."""
    try:
        request = json.loads(body or b"{}")
    except ValueError:
        return {}
    return request if isinstance(request, dict) else {}


def leading_keys(request: dict[str, Any]) -> Iterator[str]:
    """The values of the partition key that a request names: the table's, or the index's that it asks.

    A Scan names none (amazondynamodb/latest/developerguide/specifying-conditions.html).
    """
    for table, parts in request.get("RequestItems", {}).items():
        for part in parts.get("Keys", []) if isinstance(parts, dict) else parts:
            named = part.get("PutRequest", {}).get("Item") or part.get("DeleteRequest", {}).get("Key") or part
            yield from _value(named, partition_key(table))
    if "TableName" in request:
        name = partition_key(request["TableName"], request.get("IndexName"))
        for named in (request.get("Key"), request.get("Item")):
            yield from _value(named or {}, name)
        names = request.get("ExpressionAttributeNames") or {}
        values = request.get("ExpressionAttributeValues") or {}
        for left, right in EQUALS.findall(request.get("KeyConditionExpression") or ""):
            if names.get(left, left) == name and right in values:
                yield from values[right].values()


def transaction_keys(body: bytes) -> Iterator[list[str]]:
    """The partition keys of each part of a transaction, in the order in which ministack checks them."""
    for item in parsed(body).get("TransactItems", []):
        for member in IN_TRANSACTION:
            if "TableName" in item.get(member, {}):
                yield list(leading_keys(item[member]))


def partition_key(table: str, index: str | None = None) -> str | None:
    """The name of the partition key of a table, or of an index of it; None for one that is not there."""
    found = dynamodb._tables.get(table.rpartition("table/")[2])
    if found is None:
        return None
    indexes = found["GlobalSecondaryIndexes"] + found["LocalSecondaryIndexes"]
    schema = next((each["KeySchema"] for each in indexes if each["IndexName"] == index), found["KeySchema"])
    return next(str(each["AttributeName"]) for each in schema if each["KeyType"] == "HASH")


def _value(named: dict[str, Any], name: str | None) -> Iterator[str]:
    if name in named:
        yield from map(str, named[name].values())
