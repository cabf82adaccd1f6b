"""The backup table as a snapshot of a pool, read by plain boto3 with nothing of the product's own code."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from boto3.dynamodb.types import TypeDeserializer

from local.comparison import Group, Snapshot, User, differences

SHARDS: Final = tuple(f"{number:02x}" for number in range(256))
READERS: Final = 8

Item = Mapping[str, Any]


def partition(dynamodb: Any, table: str, pk: str) -> list[Item]:
    """Read all items of a partition."""
    read = TypeDeserializer().deserialize
    pages = dynamodb.get_paginator("query").paginate(
        TableName=table,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": pk}},
        ConsistentRead=True,
    )
    return [{name: read(value) for name, value in item.items()} for page in pages for item in page["Items"]]


def backup_snapshot(dynamodb: Any, table: str) -> Snapshot:
    """Return what the table holds now of users, groups and memberships, history aside.

    A membership of a user who is not in the table has the user's sub in place of the username.
    """
    with ThreadPoolExecutor(READERS) as executor:
        shards = executor.map(lambda shard: partition(dynamodb, table, f"USER#{shard}"), SHARDS)
        items = [item for shard in shards for item in shard]
    names = {item["sub"]: item["username"] for item in items if item["kind"] == "users"}
    members = [item for item in items if item["kind"] == "memberships"]
    return Snapshot(
        dict(_users(items)),
        {item["name"]: _group(item) for item in partition(dynamodb, table, "GROUP")},
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
