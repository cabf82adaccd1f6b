"""A backup table whose writer is killed after a number of writes, in the middle of a batch if need be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

from lifeboat.store.items import Item
from lifeboat.store.keys import Key
from lifeboat.store.table import BackupTable

T = TypeVar("T")


class Killed(Exception):
    """The function was killed."""


class DyingTable(BackupTable):
    """The same table, of which only the first so many writes are carried out."""

    def __init__(self, table: BackupTable, writes: int) -> None:
        super().__init__(table._resource, table.name)
        self.left = writes

    def put_all(self, items: Iterable[Mapping[str, Any]]) -> None:
        super().put_all(self._until_killed(items))

    def delete_all(self, keys: Iterable[Key]) -> None:
        super().delete_all(self._until_killed(keys))

    def _until_killed(self, writes: Iterable[T]) -> Iterator[T]:
        for write in writes:
            if self.left == 0:
                raise Killed
            self.left -= 1
            yield write


def content(table: BackupTable) -> list[Item]:
    """Everything in a table, in the order of its keys."""
    items: list[Item] = table.table.scan()["Items"]
    return sorted(items, key=lambda item: (str(item["pk"]), str(item["sk"])))
