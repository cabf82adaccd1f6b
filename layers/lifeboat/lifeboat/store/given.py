"""Which groups a federated user has been given back in a pool.

Each group is given once. What an administrator has taken away since must not come back with the next
sign-in, so it is kept, group by group, what was given; and once all is settled, that it is.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from lifeboat.aws.translation import store_errors
from lifeboat.model import now
from lifeboat.store.keys import federated_key
from lifeboat.store.table import BackupTable


@dataclass(frozen=True, slots=True)
class Given:
    """What one user has been given. `begun_at` is "" before the first time."""

    groups: frozenset[str] = frozenset()
    begun_at: str = ""
    settled: bool = False


@dataclass(frozen=True, slots=True)
class GivenGroups:
    """The groups given back to the federated users of one pool, by the users' subs in the backup."""

    table: BackupTable
    pool_id: str

    def of(self, sub: str) -> Given:
        """What a user has been given so far."""
        item = self.table.get(federated_key(self.pool_id, sub)) or {}
        return Given(
            frozenset(item.get("given_groups", ())), item.get("begun_at", ""), bool(item.get("settled_at"))
        )

    def note(self, sub: str, groups: Collection[str], settled: bool) -> None:
        """Add to what a user has been given: sign-ins at the same moment add up, nothing is taken back."""
        key = federated_key(self.pool_id, sub)
        moments = ["begun_at = if_not_exists(begun_at, :now)"]
        if settled:
            moments.append("settled_at = if_not_exists(settled_at, :now)")
        expression = f"SET {', '.join(moments)}"
        values: dict[str, Any] = {":now": now()}
        if groups:
            expression += " ADD given_groups :groups"
            values[":groups"] = set(groups)
        with store_errors("DynamoDB"):
            self.table.table.update_item(
                Key={"pk": key.pk, "sk": key.sk},
                UpdateExpression=expression,
                ExpressionAttributeValues=values,
            )
