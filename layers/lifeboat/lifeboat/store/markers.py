"""Markers of captures: who has been captured lately, and that nothing older is written over it.

Whoever captures a user (or all groups) first counts the marker's `rev` up, then reads the backup and the
pool, and writes on condition that `rev` is as it left it. So of two captures of one user that overlap the
one that began first writes nothing, and whoever writes has read after everybody who wrote before. No clock
decides anything. An export writes on condition that the marker is as it was when the export looked, and
leaves a user alone who was captured since the export began: what the capture read is newer, or is read again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from boto3.dynamodb.conditions import Attr, ConditionBase
from boto3.dynamodb.conditions import Key as KeyCondition
from botocore.exceptions import ClientError

from lifeboat.aws.translation import store_errors
from lifeboat.errors import StoreUnavailable
from lifeboat.model import epoch_after, moment_after, now
from lifeboat.pacing import stand_back
from lifeboat.store.keys import GROUPS_MARKER, Key, marker_partition
from lifeboat.store.table import BackupTable
from lifeboat.store.transactions import ABSENT, CONFLICTS, Check

KEPT_DAYS = 2
"""For how long a marker is kept after the last capture."""

MARGIN_SECONDS = 60
"""How far the clocks of a capture and of an export's beginning may be apart; Capture Changes ends as soon."""


@dataclass(frozen=True, slots=True)
class Marker:
    """The marker of a captured user. `captured_at` is when the last capture began."""

    key: Key
    rev: int
    captured_at: str

    @property
    def unchanged(self) -> Check:
        """That nobody has begun a capture since."""
        # The moment as well: a marker that has expired begins to count anew.
        return Check(self.key, {"rev": self.rev, "captured_at": self.captured_at})


def unchanged(key: Key, marker: Marker | None) -> Check:
    """That nobody has begun a capture since the marker was read; None is the one that was not there."""
    return Check(key, ABSENT) if marker is None else marker.unchanged


def captured_since(moment: str) -> str:
    """Markers of this moment or later may belong to captures that began after `moment`."""
    return moment_after(moment, -MARGIN_SECONDS)


@dataclass(frozen=True, slots=True)
class Markers:
    """The markers in the backup table."""

    table: BackupTable

    def touch(self, key: Key) -> Marker:
        """Begin a capture: count `rev` up. Moments of one marker differ, and follow one another."""
        at = now()
        while True:
            try:
                return self._touch(key, at)
            except ClientError:  # somebody's clock is ahead of this one, or it is the same millisecond
                held = self.table.get(key)
                at = at if held is None else max(at, moment_after(str(held["captured_at"]), 0.001))

    def of_groups(self) -> Marker | None:
        """The marker of all groups, read consistently.

        Whoever begins a membership reads it before the pool, and writes while it is `unchanged`: groups that
        are gone are retired after it was counted up, and nobody would look for memberships that come later.
        """
        return self.of([GROUPS_MARKER]).get(GROUPS_MARKER)

    def of(self, keys: Iterable[Key]) -> Mapping[Key, Marker]:
        """The markers that there are, read consistently."""
        found = self.table.get_all(keys)
        return {
            Key(item["pk"], item["sk"]): Marker(
                Key(item["pk"], item["sk"]), int(item["rev"]), str(item["captured_at"])
            )
            for item in found
        }

    def since(self, shard: str, moment: str, after: str = "") -> Iterator[str]:
        """The subs behind `after` of a shard's users whose last capture began at `moment` or later."""
        condition: ConditionBase = KeyCondition("pk").eq(marker_partition(shard))
        if after:
            condition = condition & KeyCondition("sk").gt(after)
        late = Attr("captured_at").gte(moment)
        for item in self.table.query(condition, late, ("sk",), consistent=True):
            yield str(item["sk"])

    def _touch(self, key: Key, at: str) -> Marker:
        for attempt in range(CONFLICTS):
            with store_errors("DynamoDB"):
                try:
                    answer = self.table.table.update_item(
                        Key={"pk": key.pk, "sk": key.sk},
                        UpdateExpression="SET captured_at = :at, expires_at = :expires ADD rev :one",
                        ConditionExpression="attribute_not_exists(captured_at) OR captured_at < :at",
                        ExpressionAttributeValues={
                            ":at": at,
                            ":expires": epoch_after(at, KEPT_DAYS),
                            ":one": 1,
                        },
                        ReturnValues="UPDATED_NEW",
                    )
                    return Marker(key, int(str(answer["Attributes"]["rev"])), at)
                except ClientError as error:
                    # A transaction is checking the marker just now; botocore does not repeat this.
                    if error.response["Error"]["Code"] != "TransactionConflictException":
                        raise
            stand_back(attempt)
        raise StoreUnavailable("DynamoDB: UpdateItem: TransactionConflictException")
