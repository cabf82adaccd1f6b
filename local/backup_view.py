"""The backup table as a snapshot of a pool, read by plain boto3 with nothing of the product's own code."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from boto3.dynamodb.types import TypeDeserializer

from local.comparison import Group, Snapshot, User, differences

PRESENT: Final = ("USER#", "GROUP")
"""What the partitions of users, memberships and groups begin with, those of history aside."""

Item = Mapping[str, Any]


def items_below(dynamodb: Any, table: str, *beginnings: str) -> list[Item]:
    """Read all items whose partition key begins like this: a scan is less work than a query a shard."""
    read = TypeDeserializer().deserialize
    names = {f":b{number}": {"S": beginning} for number, beginning in enumerate(beginnings)}
    pages = dynamodb.get_paginator("scan").paginate(
        TableName=table,
        FilterExpression=" OR ".join(f"begins_with(pk, {name})" for name in names),
        ExpressionAttributeValues=names,
        ConsistentRead=True,
    )
    return [{name: read(value) for name, value in item.items()} for page in pages for item in page["Items"]]


def backup_snapshot(dynamodb: Any, table: str) -> Snapshot:
    """Return what the table holds now of users, groups and memberships, history aside.

    A membership of a user who is not in the table has the user's sub in place of the username.
    """
    items = items_below(dynamodb, table, *PRESENT)
    names = {item["sub"]: item["username"] for item in items if item["kind"] == "users"}
    members = [item for item in items if item["kind"] == "memberships"]
    return Snapshot(
        dict(_users(items)),
        {item["name"]: _group(item) for item in items if item["pk"] == "GROUP"},
        frozenset((str(names.get(item["sub"], item["sub"])), str(item["member_of"])) for item in members),
    )


def exactly(pool: Snapshot, table: Snapshot) -> dict[str, list[str]]:
    """Like `differences`, but a status in the table must be the pool's own, not one that a restore brings."""
    found = differences(pool, table)
    names = sorted(pool.users.keys() | table.users.keys())
    found["users"] = [
        f"user {name!r}: {table.users.get(name)}"
        for name in names
        if pool.users.get(name) != table.users.get(name)
    ]
    return found


def _users(items: list[Item]) -> Iterator[tuple[str, User]]:
    for item in items:
        if item["kind"] == "users":
            attributes = {name: value for name, value in item["attributes"].items() if name != "sub"}
            yield item["username"], User(attributes, item["enabled"], item["status"])


def _group(item: Item) -> Group:
    precedence = item.get("precedence")
    return Group(
        item.get("description", ""),
        None if precedence is None else int(precedence),
        item.get("role_arn", ""),
    )
