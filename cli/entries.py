"""The ledgers' entries as the command line reads them: the last few of a partition, and numbers in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from boto3.dynamodb.conditions import Key as KeyCondition

from lifeboat.aws.translation import store_errors
from lifeboat.store.items import Item
from lifeboat.store.keys import Key
from lifeboat.store.ledger import COMPLETED, COMPLETED_WITHOUT_CLEANUP, LATEST
from lifeboat.store.table import BackupTable

EXPORTS: Final = "EXPORT"
IMPORTS: Final = "IMPORT"
DRILLS: Final = "DRILL"
"""The partitions of the ledgers; the sort key is the run's id, and so the order in which the runs began."""

GOOD: Final = frozenset({COMPLETED, COMPLETED_WITHOUT_CLEANUP, "SUCCEEDED"})
"""How a run ends that did what it was started for."""

PAGE: Final = 25


def newest_first(table: BackupTable, partition: str) -> Iterator[Item]:
    """The entries of a ledger, the latest begun run's first, read page by page as they are asked for.

    Raises StoreUnavailable.
    """
    arguments: dict[str, Any] = {
        "KeyConditionExpression": KeyCondition("pk").eq(partition),
        "ScanIndexForward": False,
        "Limit": PAGE,
    }
    while True:
        with store_errors("DynamoDB"):
            page = table.table.query(**arguments)
        yield from (item for item in page["Items"] if item["sk"] != LATEST)
        if not page.get("LastEvaluatedKey"):
            return
        arguments["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def last_entries(table: BackupTable, partition: str, most: int) -> list[Item]:
    """The entries of the last runs, newest first. What failed before its entry was opened is left out."""
    found: list[Item] = []
    for item in newest_first(table, partition):
        if len(found) == most:
            break
        if "started_at" in item:
            found.append(item)
    return found


def entry_of(table: BackupTable, partition: str, run_id: str) -> Item | None:
    """A run's entry."""
    return table.get(Key(partition, run_id))


def number(entry: Mapping[str, Any], *path: str) -> int:
    """A whole number somewhere in an entry, 0 where it is not there."""
    found: Any = entry
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return int(found) if found is not None else 0


def text(entry: Mapping[str, Any], name: str) -> str:
    """A field of an entry as text, "" where it is not there."""
    found = entry.get(name)
    return "" if found is None else str(found)
