"""Reading and writing the backup table."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Attr, ConditionBase
from boto3.dynamodb.conditions import Key as KeyCondition

from lifeboat.aws.translation import store_errors
from lifeboat.errors import StoreUnavailable
from lifeboat.model import Group, Kind, Membership, PoolConfiguration, User
from lifeboat.store.configurations import joined, joined_all
from lifeboat.store.items import (
    Change,
    Draft,
    Item,
    group_from,
    history_item,
    membership_from,
    user_from,
)
from lifeboat.store.keys import Key, pool_key, shards_under, user_partition

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBServiceResource

BATCH_GET_KEYS = 100
"""BatchGetItem's limit."""


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """What comparison needs to know of an item that is in the backup."""

    content_hash: str
    valid_from: str
    change: str
    listing_hash: str = ""


def held_before(stored: Iterable[StoredVersion], at: str) -> int:
    """How many items the backup held before the export of the moment `at` began to add to it."""
    return sum(not (version.valid_from == at and version.change == Change.ADDED) for version in stored)


class BackupTable:
    """The table, as the export and the import use it."""

    def __init__(self, resource: DynamoDBServiceResource, name: str) -> None:
        self._resource = resource
        self.name = name
        self.table = resource.Table(name)

    # -- reading ------------------------------------------------------------------------------

    def query(
        self,
        condition: ConditionBase,
        filter_by: ConditionBase | None = None,
        attributes: tuple[str, ...] = (),
        index: str | None = None,
        consistent: bool = False,
    ) -> Iterator[Item]:
        """All items of a Query, over all its pages. `attributes` limits what is returned."""
        arguments: dict[str, Any] = {"KeyConditionExpression": condition}
        if filter_by is not None:
            arguments["FilterExpression"] = filter_by
        if attributes:
            names = {f"#p{number}": name for number, name in enumerate(attributes)}
            arguments["ProjectionExpression"] = ", ".join(names)
            arguments["ExpressionAttributeNames"] = names
        if index is not None:
            arguments["IndexName"] = index
        if consistent:
            arguments["ConsistentRead"] = True
        while True:
            with store_errors("DynamoDB"):
                page = self.table.query(**arguments)
            yield from page["Items"]
            if not page.get("LastEvaluatedKey"):
                return
            arguments["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def count(self, condition: ConditionBase, filter_by: ConditionBase) -> int:
        """How many items of a Query a filter lets through, read consistently and counted by DynamoDB."""
        arguments: dict[str, Any] = {
            "KeyConditionExpression": condition,
            "FilterExpression": filter_by,
            "Select": "COUNT",
            "ConsistentRead": True,
        }
        counted = 0
        while True:
            with store_errors("DynamoDB"):
                page = self.table.query(**arguments)
            counted += page["Count"]
            if not page.get("LastEvaluatedKey"):
                return counted
            arguments["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def get(self, key: Key) -> Item | None:
        """One item, read consistently; None if it is not there."""
        with store_errors("DynamoDB"):
            answer = self.table.get_item(Key={"pk": key.pk, "sk": key.sk}, ConsistentRead=True)
        return answer.get("Item")

    def get_all(self, keys: Iterable[Key]) -> Iterator[Item]:
        """The items of many keys, read consistently; those that are not there are left out."""
        waiting = [{"pk": key.pk, "sk": key.sk} for key in keys]
        attempts = 0
        while waiting:
            batch, waiting = waiting[:BATCH_GET_KEYS], waiting[BATCH_GET_KEYS:]
            with store_errors("DynamoDB"):
                answer = self._resource.batch_get_item(
                    RequestItems={self.name: {"Keys": batch, "ConsistentRead": True}}
                )
            found = answer["Responses"].get(self.name, [])
            unprocessed = answer.get("UnprocessedKeys") or {}
            left = unprocessed[self.name]["Keys"] if self.name in unprocessed else []
            attempts = attempts + 1 if left and not found else 0
            if attempts > 8:
                raise StoreUnavailable("DynamoDB: BatchGetItem keeps leaving keys unprocessed")
            waiting.extend({"pk": str(key["pk"]), "sk": str(key["sk"])} for key in left)
            yield from found

    def stored_users(self, prefix: str) -> dict[str, StoredVersion]:
        """The versions of all users whose sub begins with a hexadecimal prefix ("" for all)."""
        attributes = ("sub", "content_hash", "valid_from", "change", "listing_hash")
        users: dict[str, StoredVersion] = {}
        for shard in shards_under(prefix):
            condition: ConditionBase = KeyCondition("pk").eq(user_partition(shard))
            if prefix:
                condition = condition & KeyCondition("sk").begins_with(prefix)
            of_users = Attr("kind").eq(Kind.USER.value)
            for item in self.query(condition, of_users, attributes, consistent=True):
                users[item["sub"]] = _stored(item)
        return users

    def stored_groups(self) -> dict[str, StoredVersion]:
        """The versions of all groups, by name."""
        attributes = ("name", "content_hash", "valid_from", "change")
        found = self.query(KeyCondition("pk").eq("GROUP"), None, attributes, consistent=True)
        return {item["name"]: _stored(item) for item in found}

    def stored_members(self, group_name: str) -> dict[str, StoredVersion]:
        """The versions of a group's memberships, by sub (index ByGroup: eventually consistent)."""
        attributes = ("sub", "content_hash", "valid_from", "change")
        found = self.query(KeyCondition("member_of").eq(group_name), None, attributes, "ByGroup")
        return {item["sub"]: _stored(item) for item in found}

    def stored_configuration(self, name: str) -> StoredVersion | None:
        """The version of a part of the pool's configuration."""
        item = self.get(pool_key(name))
        return None if item is None else _stored(item)

    def stored_configurations(self) -> dict[str, StoredVersion]:
        """The versions of all items of the pool's configuration, by their names."""
        attributes = ("sk", "content_hash", "valid_from", "change")
        found = self.query(KeyCondition("pk").eq("POOL"), None, attributes, consistent=True)
        return {item["sk"]: _stored(item) for item in found}

    def groups(self) -> Iterator[Group]:
        """All groups, by name."""
        for item in self.query(KeyCondition("pk").eq("GROUP")):
            yield group_from(item)

    def users_with_groups(self, shard: str) -> Iterator[tuple[User | None, list[Membership]]]:
        """The users of a shard, each with its memberships.

        Items of one user need not lie next to each other when another sub begins with the same
        characters, so a shard is gathered before it is given out. Memberships whose user is not in
        the backup come with None.
        """
        users: dict[str, User] = {}
        memberships: dict[str, list[Membership]] = {}
        for item in self.query(KeyCondition("pk").eq(user_partition(shard))):
            if item["kind"] == Kind.USER.value:
                users[item["sub"]] = user_from(item)
            else:
                membership = membership_from(item)
                memberships.setdefault(membership.sub, []).append(membership)
        for sub, user in users.items():
            yield user, memberships.pop(sub, [])
        for orphans in memberships.values():
            yield None, orphans

    def users_by_identity(self, identity: str) -> list[Key]:
        """Where the federated users of an identity lie (index ByIdentity: eventually consistent).

        There is more than one only until an export has retired a profile that was deleted and made anew.
        """
        found = self.query(KeyCondition("identity").eq(identity), None, ("pk", "sk"), "ByIdentity")
        return [Key(item["pk"], item["sk"]) for item in found]

    def user_with_groups(self, key: Key) -> tuple[User, list[Membership]] | None:
        """One user with its memberships, by one Query; None if there is no such user."""
        user: User | None = None
        memberships: list[Membership] = []
        condition = KeyCondition("pk").eq(key.pk) & KeyCondition("sk").begins_with(key.sk)
        for item in self.query(condition):
            if item["sk"] == key.sk:
                user = user_from(item)
            elif item["kind"] == Kind.MEMBERSHIP.value:
                memberships.append(membership_from(item))
        # Other subs may begin with the same characters.
        return None if user is None else (user, [each for each in memberships if each.sub == user.sub])

    def configuration(self, name: str) -> PoolConfiguration | None:
        """A part of the pool's configuration."""
        item = self.get(pool_key(name))
        return None if item is None else joined(item, lambda more: self.get(pool_key(more)))

    def configurations(self) -> dict[str, PoolConfiguration]:
        """All parts of the pool's configuration, by name."""
        return joined_all(self.query(KeyCondition("pk").eq("POOL"), consistent=True))

    # -- writing ------------------------------------------------------------------------------

    def put_all(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Put items in batches of 25; unprocessed ones are sent again (boto3's batch writer)."""
        with store_errors("DynamoDB"), self.table.batch_writer(["pk", "sk"]) as batch:
            for item in items:
                batch.put_item(Item=dict(item))

    def delete_all(self, keys: Iterable[Key]) -> None:
        """Delete items in batches; deleting what is not there is harmless."""
        with store_errors("DynamoDB"), self.table.batch_writer(["pk", "sk"]) as batch:
            for key in keys:
                batch.delete_item(Key={"pk": key.pk, "sk": key.sk})


class VersionWriter:
    """Writes new versions of items and keeps the earlier ones as history.

    Everything written carries `at` as the beginning of its validity, and everything replaced ends
    there. History is written before the item that replaces it, with a key that depends only on the
    earlier version: a writer that is killed and started again repeats itself without harm.
    """

    def __init__(self, table: BackupTable, at: str, history_days: int) -> None:
        self._table = table
        self._at = at
        self._history_days = history_days
        self._buffer: dict[Key, tuple[Draft, StoredVersion | None]] = {}

    def classify(self, draft: Draft, stored: StoredVersion | None) -> Change | None:
        """What a draft is to the backup: added, changed, or None for unchanged.

        What this same export wrote in an earlier attempt counts as it did then.
        """
        if stored is None:
            return Change.ADDED
        if stored.valid_from == self._at or stored.content_hash == draft.content_hash:
            return self.unchanged(stored)
        return Change.CHANGED

    def unchanged(self, stored: StoredVersion) -> Change | None:
        """What an item that is as it is stored counts as: None, or what this same export wrote it for."""
        return Change(stored.change) if stored.valid_from == self._at else None

    def refresh(self, draft: Draft, stored: StoredVersion) -> None:
        """Write the notes of an unchanged item anew: no version of it ends, and none begins."""
        self._table.put_all([draft.item(stored.valid_from, Change(stored.change))])

    def write(self, draft: Draft, stored: StoredVersion | None) -> Change | None:
        """Take note of a draft and write it soon, if it is not in the backup as it is."""
        change = self.classify(draft, stored)
        if stored is None or stored.content_hash != draft.content_hash:
            self._buffer[draft.key] = (draft, stored)
            if len(self._buffer) >= BATCH_GET_KEYS:
                self.flush()
        return change

    def flush(self) -> None:
        """Write everything noted so far."""
        replaced = [
            key
            for key, (_, stored) in self._buffer.items()
            if stored is not None and stored.valid_from != self._at
        ]
        self._keep(self._table.get_all(replaced))
        self._table.put_all(
            draft.item(self._at, self.classify(draft, stored) or Change.CHANGED)
            for draft, stored in self._buffer.values()
        )
        self._buffer.clear()

    def retire(self, keys: Iterable[Key]) -> int:
        """Move items to history and delete them; returns how many are gone, now or by an earlier attempt."""
        gone = list(keys)
        items = list(self._table.get_all(gone))
        self._keep(items)
        self._table.delete_all(Key(item["pk"], item["sk"]) for item in items)
        return len(gone)

    def _keep(self, items: Iterable[Item]) -> None:
        # What this same export wrote has no interval of its own yet.
        self._table.put_all(
            history_item(item, self._at, self._history_days)
            for item in items
            if item["valid_from"] != self._at
        )


def _stored(item: Mapping[str, Any]) -> StoredVersion:
    # The same few moments recur in every item of a large pool: one copy of each is enough.
    return StoredVersion(
        content_hash=item["content_hash"],
        valid_from=sys.intern(item["valid_from"]),
        change=sys.intern(item["change"]),
        listing_hash=item.get("listing_hash", ""),
    )
