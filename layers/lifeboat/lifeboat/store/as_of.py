"""The backup as it was.

Each version of an item has one interval [valid_from, valid_to), so what held at a moment is read from the
table as it is: the present versions that began before, and from history those that had begun and not ended.
"""

from __future__ import annotations

from collections.abc import Iterator

from boto3.dynamodb.conditions import Attr
from boto3.dynamodb.conditions import Key as KeyCondition

from lifeboat.model import epoch_after
from lifeboat.store.backup import Backup
from lifeboat.store.items import Item, item_of_version
from lifeboat.store.keys import history_partition
from lifeboat.store.table import BackupTable


class AsOf(Backup):
    """The backup at `moment`, which should be the beginning of an export that was completed.

    What had expired at `read_at` is not seen: DynamoDB deletes it days later, one item at a time
    (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html).
    """

    def __init__(self, table: BackupTable, moment: str, read_at: str) -> None:
        self._table = table
        self._begun = Attr("valid_from").lte(moment)
        kept = Attr("expires_at").gt(epoch_after(read_at, 0))
        self._held = self._begun & Attr("valid_to").gt(moment) & kept

    def items(self, partition: str, consistent: bool = True) -> Iterator[Item]:
        """The items of a partition, by two Queries; always read consistently, in no order.

        The present is read before history, because an export writes in the opposite order: what it replaces
        meanwhile is found in at least one of the two. If in both, the present one is taken: its version goes
        on, and what history has of it an export left there that was killed before it wrote the next one.
        """
        present: set[str] = set()
        for item in self._table.query(KeyCondition("pk").eq(partition), self._begun, consistent=True):
            present.add(item["sk"])
            yield item
        versions: dict[str, Item] = {}
        earlier = KeyCondition("pk").eq(history_partition(partition))
        for version in self._table.query(earlier, self._held, consistent=True):
            item = item_of_version(version)
            name = item["sk"]
            # Two can hold only where an export that was stopped wrote on during the next one.
            if name not in present and item["valid_from"] >= versions.get(name, item)["valid_from"]:
                versions[name] = item
        yield from versions.values()
