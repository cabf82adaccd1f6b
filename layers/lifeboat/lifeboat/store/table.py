"""Reading and writing the backup table."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Attr, ConditionBase, ConditionExpressionBuilder
from boto3.dynamodb.conditions import Key as KeyCondition

from lifeboat.aws.translation import store_errors
from lifeboat.errors import StoreUnavailable
from lifeboat.model import Kind, Membership, PoolConfiguration, User
from lifeboat.sign_in import EMAIL_KEY, PHONE_KEY, USERNAME_KEY
from lifeboat.store.backup import Backup
from lifeboat.store.configurations import joined
from lifeboat.store.items import (
    Item,
    membership_from,
    user_from,
)
from lifeboat.store.keys import (
    GROUPS,
    Key,
    history_partition,
    pool_key,
    shards_under,
    user_key,
    user_partition,
)
from lifeboat.store.transactions import Write, transact

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


class BackupTable(Backup):
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
        # Built here, for the sake of threads: boto3 itself uses one builder for all calls, and resets it.
        builder = ConditionExpressionBuilder()
        key = builder.build_expression(condition, is_key_condition=True)
        names, values = dict(key.attribute_name_placeholders), dict(key.attribute_value_placeholders)
        arguments: dict[str, Any] = {"KeyConditionExpression": key.condition_expression}
        if filter_by is not None:
            only = builder.build_expression(filter_by)
            arguments["FilterExpression"] = only.condition_expression
            names.update(only.attribute_name_placeholders)
            values.update(only.attribute_value_placeholders)
        if attributes:
            projected = {f"#p{number}": name for number, name in enumerate(attributes)}
            arguments["ProjectionExpression"] = ", ".join(projected)
            names.update(projected)
        arguments["ExpressionAttributeNames"] = names
        arguments["ExpressionAttributeValues"] = values
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

    def items(self, partition: str, consistent: bool = False) -> Iterator[Item]:
        """All items of a partition."""
        return self.query(KeyCondition("pk").eq(partition), consistent=consistent)

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

    def retired_groups(self) -> set[str]:
        """The names of groups of which history keeps an earlier version."""
        past = KeyCondition("pk").eq(history_partition(GROUPS))
        return {str(item["name"]) for item in self.query(past, None, ("name",), consistent=True)}

    def has_members(self, group_name: str) -> bool:
        """Whether a membership of a group is stored, by the index ByGroup."""
        return next(self.stored_members(group_name), None) is not None

    def stored_members(
        self, group_name: str, since: str = "", until: str = ""
    ) -> Iterator[tuple[str, StoredVersion]]:
        """The versions of a group's memberships, in the order of their subs.

        Those from the sub `since` on and before the sub `until`; "" is no bound. By the index ByGroup, which
        is eventually consistent.
        """
        attributes = ("sub", "content_hash", "valid_from", "change")
        condition: ConditionBase = KeyCondition("member_of").eq(group_name)
        if since and until:
            condition = condition & KeyCondition("sub").between(since, until)
        elif since:
            condition = condition & KeyCondition("sub").gte(since)
        elif until:
            condition = condition & KeyCondition("sub").lt(until)
        for item in self.query(condition, None, attributes, "ByGroup"):
            if item["sub"] != until:  # the upper end of a "between" belongs to it
                yield item["sub"], _stored(item)

    def stored_configuration(self, name: str) -> StoredVersion | None:
        """The version of a part of the pool's configuration."""
        item = self.get(pool_key(name))
        return None if item is None else _stored(item)

    def stored_configurations(self) -> dict[str, StoredVersion]:
        """The versions of all items of the pool's configuration, by their names."""
        attributes = ("sk", "content_hash", "valid_from", "change")
        found = self.query(KeyCondition("pk").eq("POOL"), None, attributes, consistent=True)
        return {item["sk"]: _stored(item) for item in found}

    def users_by_identity(self, identity: str) -> list[Key]:
        """Where the federated users of an identity lie (index ByIdentity: eventually consistent).

        There is more than one only until an export has retired a profile that was deleted and made anew.
        """
        found = self.query(KeyCondition("identity").eq(identity), None, ("pk", "sk"), "ByIdentity")
        return [Key(item["pk"], item["sk"]) for item in found]

    def users_by_username(self, key: str) -> list[Key]:
        """Where the users of a username lie, by `sign_in_key` (index ByUsername: eventually consistent)."""
        return self._keys_of(KeyCondition(USERNAME_KEY).eq(key), "ByUsername")

    def users_by_email(self, key: str) -> list[Key]:
        """Where the users of an email address lie, verified or not, by `sign_in_key` (index ByEmail)."""
        return self._keys_of(KeyCondition(EMAIL_KEY).eq(key), "ByEmail")

    def users_by_phone_number(self, key: str) -> list[Key]:
        """Where the users of a phone number lie, verified or not, by `sign_in_key` (index ByPhoneNumber)."""
        return self._keys_of(KeyCondition(PHONE_KEY).eq(key), "ByPhoneNumber")

    def _keys_of(self, condition: ConditionBase, index: str) -> list[Key]:
        found = self.query(condition, None, ("pk", "sk"), index)
        return [Key(item["pk"], item["sk"]) for item in found]

    def user_with_groups(self, key: Key, consistent: bool = False) -> tuple[User, list[Membership]] | None:
        """One user with its memberships, by one Query; None if there is no such user."""
        user: User | None = None
        memberships: list[Membership] = []
        condition = KeyCondition("pk").eq(key.pk) & KeyCondition("sk").begins_with(key.sk)
        for item in self.query(condition, consistent=consistent):
            if item["sk"] == key.sk:
                user = user_from(item)
            elif item["kind"] == Kind.MEMBERSHIP.value:
                memberships.append(membership_from(item))
        # Other subs may begin with the same characters.
        return None if user is None else (user, [each for each in memberships if each.sub == user.sub])

    def items_of_user(self, sub: str) -> dict[Key, Item]:
        """The items of a user and of its memberships, by their keys, by one consistent Query."""
        first = user_key(sub)
        condition = KeyCondition("pk").eq(first.pk) & KeyCondition("sk").begins_with(first.sk)
        found = self.query(condition, consistent=True)
        # Other subs may begin with the same characters.
        return {Key(item["pk"], item["sk"]): item for item in found if item["sub"] == sub}

    def configuration(self, name: str) -> PoolConfiguration | None:
        """A part of the pool's configuration."""
        item = self.get(pool_key(name))
        return None if item is None else joined(item, lambda more: self.get(pool_key(more)))

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

    def transact(self, writes: Iterable[Write]) -> bool:
        """Do all or nothing, 100 writes at most; False if an item is not as one of them expects it."""
        return transact(self._resource.meta.client, self.name, list(writes))


def _stored(item: Mapping[str, Any]) -> StoredVersion:
    # The same few moments recur in every item of a large pool: one copy of each is enough.
    return StoredVersion(
        content_hash=item["content_hash"],
        valid_from=sys.intern(item["valid_from"]),
        change=sys.intern(item["change"]),
        listing_hash=item.get("listing_hash", ""),
    )
