"""How many deletions a standby pool has had within a day, and whether another one may pass.

They are counted by the hour, in one item for each kind: an hour counts until a day after its end, so the
day slides. An item is changed on condition that nobody has changed it since it was read, so that workers
side by side cannot pass the limit together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from boto3.dynamodb.conditions import Attr, ConditionBase
from botocore.exceptions import ClientError

from lifeboat.aws.translation import store_errors
from lifeboat.errors import StoreUnavailable
from lifeboat.model import Kind, instant
from lifeboat.store.items import Item
from lifeboat.store.keys import Key
from lifeboat.store.ledger import Ledger
from lifeboat.store.table import BackupTable

GUARD = "STANDBY#GUARD"
DAY = timedelta(hours=24)
ATTEMPTS = 20
"""How often a count is read again that others change at the same time; each time one of them has got on."""


def hour_of(moment: str) -> str:
    """The hour that a moment (an `instant`) lies in."""
    return moment[:13]


@dataclass(frozen=True, slots=True)
class Deletions:
    """The deletions from one standby pool. `percent` of what the last export listed may go within a day.

    With 100 everything may, as in a cleanup; users who came after that export too.
    """

    table: BackupTable
    pool_id: str
    percent: int

    def pass_one(self, kind: Kind, moment: str) -> bool:
        """Count one more deletion, if it may pass. False: it may not, and is not counted.

        Raises StoreUnavailable when others keep changing the count.
        """
        if self.percent >= 100:
            return True
        key = Key(GUARD, f"{self.pool_id}#{kind.value}")
        limit = self.percent * self._listed(kind)
        for _ in range(ATTEMPTS):
            item = self.table.get(key)
            revision = int(item["revision"]) if item else 0
            hours = _within_a_day(item["by_hour"] if item else {}, moment)
            if (sum(hours.values()) + 1) * 100 > limit:
                return False
            hours[hour_of(moment)] = hours.get(hour_of(moment), 0) + 1
            if self._put(key, hours, revision):
                return True
        raise StoreUnavailable("DynamoDB: the count of deletions keeps being changed by others")

    def _listed(self, kind: Kind) -> int:
        """How many the last completed export listed; 0 if there is none, and then nothing may go."""
        latest = Ledger(self.table, "export").latest() or {}
        counts: Mapping[str, Mapping[str, int]] = latest.get("counts", {})
        return int(counts.get(kind.value, {}).get("listed", 0))

    def _put(self, key: Key, hours: Mapping[str, int], revision: int) -> bool:
        as_read: ConditionBase = Attr("revision").eq(revision) if revision else Attr("pk").not_exists()
        item: Item = {"pk": key.pk, "sk": key.sk, "by_hour": dict(hours), "revision": revision + 1}
        try:
            with store_errors("DynamoDB"):
                self.table.table.put_item(Item=item, ConditionExpression=as_read)
        except ClientError:
            return False
        return True


def _within_a_day(hours: Mapping[str, int], moment: str) -> dict[str, int]:
    first = hour_of(instant(datetime.fromisoformat(moment) - DAY))
    return {hour: int(count) for hour, count in hours.items() if hour >= first}
