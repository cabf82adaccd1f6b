"""Who has come back to a pool by signing in, and which groups they have been given there.

Each group is given once. What an administrator has taken away since must not come back with the next
sign-in, so it is kept, group by group, what was given; and once all is settled, that it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from boto3.dynamodb.conditions import Key as KeyCondition
from botocore.exceptions import ClientError

from lifeboat.aws.translation import store_errors
from lifeboat.model import now
from lifeboat.store.keys import federated_key
from lifeboat.store.table import BackupTable


@dataclass(frozen=True, slots=True)
class Given:
    """What one user has been given. `begun_at` is "" before the first time.

    `brought_back` says that the pool was to be given the user when somebody asked for it (UserMigration):
    not that it took the user, nor that whoever has the name there is the user. `password_right_at` is when
    the primary pool last accepted a password on such an occasion, "" if it never did. `new_sub` is the sub
    with which the user signed in for the first time and was known, "" before and for federated users.
    """

    groups: frozenset[str] = frozenset()
    begun_at: str = ""
    settled: bool = False
    brought_back: bool = False
    new_sub: str = ""
    password_right_at: str = ""


@dataclass(frozen=True, slots=True)
class GivenGroups:
    """What the users of one pool have been given back at sign-in, by their subs in the backup."""

    table: BackupTable
    pool_id: str

    def of(self, sub: str) -> Given:
        """What a user has been given so far."""
        return _given(self.table.get(federated_key(self.pool_id, sub)) or {})

    def of_users(self, subs: Iterable[str]) -> Mapping[str, Given]:
        """What some users have been given; those who have been given nothing are left out."""
        found = self.table.get_all(federated_key(self.pool_id, sub) for sub in subs)
        return {str(item["sk"]): _given(item) for item in found}

    def new_subs(self) -> set[str]:
        """The subs of all who have signed in and are known by them."""
        partition = KeyCondition("pk").eq(federated_key(self.pool_id, "").pk)
        return {str(item["new_sub"]) for item in self.table.query(partition, None, ("new_sub",)) if item}

    def bring_back(self, sub: str, password_right: bool = False) -> bool:
        """Keep that the pool is being given the user, before it is, and whether for a right password.

        False for one who has signed in there before: the pool lacks the user because it was deleted.
        """
        expression = "SET brought_back_at = if_not_exists(brought_back_at, :now)"
        if password_right:
            expression += ", password_right_at = :now"
        try:
            self._update(sub, expression, {":now": now()}, "attribute_not_exists(new_sub)")
        except ClientError:
            return False
        return True

    def note(self, sub: str, groups: Collection[str], settled: bool, new_sub: str = "") -> None:
        """Add to what a user has been given: sign-ins at the same moment add up, nothing is taken back."""
        moments = ["begun_at = if_not_exists(begun_at, :now)"]
        if settled:
            moments.append("settled_at = if_not_exists(settled_at, :now)")
        expression = f"SET {', '.join(moments)}"
        values: dict[str, Any] = {":now": now()}
        if new_sub:
            expression += ", new_sub = if_not_exists(new_sub, :new_sub)"
            values[":new_sub"] = new_sub
        if groups:
            expression += " ADD given_groups :groups"
            values[":groups"] = set(groups)
        self._update(sub, expression, values)

    def _update(self, sub: str, expression: str, values: dict[str, Any], condition: str = "") -> None:
        key = federated_key(self.pool_id, sub)
        only: Any = {"ConditionExpression": condition} if condition else {}
        with store_errors("DynamoDB"):
            self.table.table.update_item(
                Key={"pk": key.pk, "sk": key.sk},
                UpdateExpression=expression,
                ExpressionAttributeValues=values,
                **only,
            )


def _given(item: Mapping[str, Any]) -> Given:
    return Given(
        frozenset(item.get("given_groups", ())),
        item.get("begun_at", ""),
        bool(item.get("settled_at")),
        bool(item.get("brought_back_at")),
        item.get("new_sub", ""),
        item.get("password_right_at", ""),
    )
