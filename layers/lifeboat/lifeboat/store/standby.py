"""What the standby pool has of each user and group of the backup, and what is still to be done for them.

    STANDBY#<shard>          <sub>               the user's place: its username there, and what was applied
    STANDBY#<shard>          OWNER#<new sub>     whose copy a user of the standby pool is (its own shard)
    STANDBY#HELD             <kind>#<sub|group>  a deletion that the guard does not let pass
    STANDBY#AWAITED#<group>  <sub>               a membership whose group the backup does not have yet
    STANDBY#GUARD            <pool id>#<kind>    deletions of the last day, by the hour

A place is written by two steps, because two functions may be working on one user: `begin` says that somebody
is at work and raises the revision, `finish` notes what was applied if the revision is still the same. Whoever
finds it raised by another begins again, from the table: the last one to finish has read the latest state.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from boto3.dynamodb.conditions import Attr, ConditionBase
from botocore.exceptions import ClientError

from lifeboat.aws.translation import store_errors
from lifeboat.model import Kind, now
from lifeboat.store.deletions import GUARD
from lifeboat.store.items import Item
from lifeboat.store.keys import Key, shard_of
from lifeboat.store.table import BackupTable

HELD = "STANDBY#HELD"
OWNER = "OWNER#"


def place_partition(shard: str) -> str:
    """Where the places of a shard's users lie."""
    return f"STANDBY#{shard}"


def place_key(sub: str) -> Key:
    """A user's place in the standby pool; `sub` is the backup's."""
    return Key(place_partition(shard_of(sub)), sub)


def owner_key(new_sub: str) -> Key:
    """Whose copy a user of the standby pool is; `new_sub` is the standby pool's."""
    return Key(place_partition(shard_of(new_sub)), f"{OWNER}{new_sub}")


def awaited_partition(group_name: str) -> str:
    """Where the memberships lie that wait for a group."""
    return f"STANDBY#AWAITED#{group_name}"


@dataclass(frozen=True, slots=True)
class Place:
    """A user's place in the standby pool.

    `applied` is the digest of what was applied last, "" while somebody is at work on it or died at it.
    `reserved` says that the guard has let the deletion pass, `held` that it has not.
    """

    sub: str
    username: str = ""
    new_sub: str = ""
    applied: str = ""
    unfinished: bool = False
    reserved: bool = False
    held: bool = False
    revision: int = 0


@dataclass(frozen=True, slots=True)
class Begun:
    """The revision to finish with, and whether nobody else was at work in the moment of the beginning."""

    revision: int
    alone: bool


class StandbyPlaces:
    """The places in one standby pool. What the table knows of another standby pool counts as nothing."""

    def __init__(self, table: BackupTable, pool_id: str) -> None:
        self._table = table
        self.pool_id = pool_id

    def get(self, sub: str) -> Place | None:
        """A user's place; None if it has none."""
        item = self._table.get(place_key(sub))
        return self._place(item) if item and item.get("pool_id") == self.pool_id else None

    def of_shard(self, shard: str) -> Iterator[Place]:
        """The places of a shard's users."""
        for item in self._table.items(place_partition(shard), consistent=True):
            if item.get("pool_id") == self.pool_id and not item["sk"].startswith(OWNER):
                yield self._place(item)

    @staticmethod
    def _place(item: Item) -> Place:
        return Place(
            item["sk"],
            item.get("username", ""),
            item.get("new_sub", ""),
            item.get("applied", ""),
            bool(item.get("unfinished")),
            bool(item.get("reserved")),
            bool(item.get("held")),
            int(item.get("revision", 0)),
        )

    # -- one user's work -----------------------------------------------------------------------

    def begin(self, sub: str, before: Place | None) -> Begun:
        """Say that work on a user begins. `before` is the place as it was read."""
        forgotten = "" if before else ", username, new_sub, reserved, held, conflicts_since"
        answer = self._update(
            place_key(sub),
            "SET pool_id = :pool, unfinished = :yes, revision = if_not_exists(revision, :zero) + :one "
            f"REMOVE applied{forgotten}",
            {":pool": self.pool_id, ":yes": True, ":zero": 0, ":one": 1},
            returned="ALL_OLD",
        )
        old = answer.get("Attributes", {})
        alone = old.get("pool_id") != self.pool_id or not old.get("unfinished")
        return Begun(int(old.get("revision", 0)) + 1, alone)

    def settle(self, sub: str, revision: int, username: str, new_sub: str) -> bool:
        """Note who the user is in the standby pool; says whether nobody else has begun since."""
        return self._if(
            place_key(sub),
            "SET username = :username, new_sub = :new_sub",
            {":username": username, ":new_sub": new_sub},
            Attr("revision").eq(revision),
        )

    def finish(self, sub: str, revision: int, applied: str) -> bool:
        """Note what was applied ("": do not rely on it); says whether nobody else has begun since."""
        expression = "REMOVE unfinished, conflicts_since, reserved, held"
        values = {}
        if applied:
            expression = f"SET applied = :applied {expression}"
            values = {":applied": applied}
        return self._if(place_key(sub), expression, values, Attr("revision").eq(revision))

    def abandon(self, sub: str, revision: int) -> None:
        """Nobody is at work any more, and what was applied is not to be relied on."""
        self._if(place_key(sub), "REMOVE unfinished", {}, Attr("revision").eq(revision))

    def reserve(self, sub: str) -> None:
        """Note that the guard has let the user's deletion pass: it is not counted again."""
        self._update(place_key(sub), "SET reserved = :yes REMOVE held", {":yes": True})

    def postpone(self, sub: str, revision: int) -> bool:
        """Note that the guard does not let the user's deletion pass; says whether nobody has begun since."""
        expression = "SET held = :yes REMOVE unfinished"
        return self._if(place_key(sub), expression, {":yes": True}, Attr("revision").eq(revision))

    def forget(self, sub: str, revision: int) -> bool:
        """The user is gone from the standby pool; says whether nobody else has begun since."""
        return self._delete(place_key(sub), Attr("pk").not_exists() | Attr("revision").eq(revision))

    def in_the_way_since(self, sub: str, moment: str) -> str:
        """Since when another user's name or address has been in this one's way; `moment` if just now."""
        expression = "SET conflicts_since = if_not_exists(conflicts_since, :moment)"
        answer = self._update(place_key(sub), expression, {":moment": moment})
        return str(answer["Attributes"]["conflicts_since"])

    def given_up(self, sub: str) -> None:
        """Wait no longer for what is in a user's way; the next change of it waits anew."""
        self._update(place_key(sub), "REMOVE conflicts_since", {})

    # -- whose copy is it ----------------------------------------------------------------------

    def owner(self, new_sub: str) -> str:
        """The sub whose copy a user of the standby pool is; "" if nobody's yet."""
        item = self._table.get(owner_key(new_sub))
        return str(item["belongs_to"]) if item and item.get("pool_id") == self.pool_id else ""

    def claim(self, new_sub: str, sub: str, instead_of: str = "") -> bool:
        """Make a user of the standby pool the copy of `sub`, unless it is another's than `instead_of`'s."""
        free = Attr("pk").not_exists() | Attr("belongs_to").eq(sub) | Attr("pool_id").ne(self.pool_id)
        if instead_of:
            free = free | (Attr("belongs_to").eq(instead_of) & Attr("doomed").not_exists())
        return self._if(
            owner_key(new_sub),
            "SET pool_id = :pool, belongs_to = :sub REMOVE doomed",
            {":pool": self.pool_id, ":sub": sub},
            free,
        )

    def doom(self, new_sub: str, sub: str) -> bool:
        """From now on nobody else can claim the user: it is going to be deleted. False if it is another's."""
        free = Attr("pk").not_exists() | Attr("belongs_to").eq(sub) | Attr("pool_id").ne(self.pool_id)
        return self._if(
            owner_key(new_sub),
            "SET pool_id = :pool, belongs_to = :sub, doomed = :yes",
            {":pool": self.pool_id, ":sub": sub, ":yes": True},
            free,
        )

    def disown(self, new_sub: str, sub: str) -> None:
        """The user of the standby pool is gone."""
        self._delete(owner_key(new_sub), Attr("belongs_to").eq(sub))

    # -- deletions that are held ---------------------------------------------------------------

    def hold(self, kind: Kind, name: str) -> bool:
        """Keep a deletion that the guard does not let pass; says whether it is a new one."""
        return self._if(
            Key(HELD, f"{kind.value}#{name}"),
            "SET pool_id = :pool, held_at = :now",
            {":pool": self.pool_id, ":now": now()},
            Attr("pk").not_exists() | Attr("pool_id").ne(self.pool_id),
        )

    def held(self) -> list[tuple[Kind, str]]:
        """The deletions that are held: kind, and sub or group."""
        items = self._table.items(HELD, consistent=True)
        keys = [str(item["sk"]).partition("#") for item in items if item["pool_id"] == self.pool_id]
        return [(Kind(kind), name) for kind, _, name in keys]

    def let_go(self, kind: Kind, name: str) -> None:
        """Hold a deletion no longer: it was made, or there is nothing to delete."""
        self._table.delete_all([Key(HELD, f"{kind.value}#{name}")])

    def first_of(self, day: str) -> bool:
        """Whether this is the first deletion of a day (YYYY-MM-DD) that is announced."""
        key = Key(GUARD, f"{self.pool_id}#announced")
        otherwise = Attr("announced").not_exists() | Attr("announced").ne(day)
        return self._if(key, "SET announced = :day", {":day": day}, otherwise)

    # -- memberships that wait for their group -------------------------------------------------

    def await_group(self, group_name: str, sub: str) -> None:
        """Note that a user is to become a member once the group is there."""
        self._table.put_all([{"pk": awaited_partition(group_name), "sk": sub, "pool_id": self.pool_id}])

    def awaiting(self, group_name: str) -> list[str]:
        """The subs that wait for a group."""
        return [item["sk"] for item in self._table.items(awaited_partition(group_name), consistent=True)]

    def arrived(self, group_name: str, sub: str) -> None:
        """A user no longer waits for a group."""
        self._table.delete_all([Key(awaited_partition(group_name), sub)])

    # -- writing -------------------------------------------------------------------------------

    def _update(
        self,
        key: Key,
        expression: str,
        values: dict[str, Any],
        condition: ConditionBase | None = None,
        returned: Literal["ALL_NEW", "ALL_OLD"] = "ALL_NEW",
    ) -> Any:
        arguments: dict[str, Any] = {"UpdateExpression": expression, "ReturnValues": returned}
        if values:
            arguments["ExpressionAttributeValues"] = values
        if condition is not None:
            arguments["ConditionExpression"] = condition
        with store_errors("DynamoDB"):
            return self._table.table.update_item(Key={"pk": key.pk, "sk": key.sk}, **arguments)

    def _if(self, key: Key, expression: str, values: dict[str, Any], condition: ConditionBase) -> bool:
        try:
            self._update(key, expression, values, condition)
        except ClientError:
            return False
        return True

    def _delete(self, key: Key, condition: ConditionBase) -> bool:
        try:
            with store_errors("DynamoDB"):
                self._table.table.delete_item(Key={"pk": key.pk, "sk": key.sk}, ConditionExpression=condition)
        except ClientError:
            return False
        return True
