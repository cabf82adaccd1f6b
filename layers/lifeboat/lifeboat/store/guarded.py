"""Writes on condition that nobody captures meanwhile, several users to a transaction.

Each group of writes has the check of its marker with it and is done whole or not at all. They are sent
together; where one of them is refused, the others are sent again by themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lifeboat.model import moment_after
from lifeboat.store.items import Change, Draft, Item, history_item
from lifeboat.store.keys import Key
from lifeboat.store.table import BackupTable
from lifeboat.store.transactions import ABSENT, MOST_WRITES, Check, Delete, Expected, Put, Write

MOST_CHARACTERS = 1_000_000
"""About how much text a transaction holds at most: 4 MB is the limit, and a character is up to 4 bytes."""


@dataclass(frozen=True, slots=True)
class Guarded:
    """Writes that stand or fall together with a marker. `items` is how many versions begin or end.

    `also` is what they depend on besides, and share with the others that are written together.
    """

    check: Check
    writes: tuple[Write, ...]
    items: int
    also: tuple[Check, ...] = ()


def as_read(item: Item) -> Expected:
    """That an item is the version that was read."""
    return {"valid_from": item["valid_from"], "content_hash": item["content_hash"]}


def after_all(moment: str, items: Iterable[Item]) -> str:
    """The moment, or the first one after the beginnings of all these versions: none ends before it began."""
    latest = max((str(item["valid_from"]) for item in items), default="")
    return moment if moment > latest else moment_after(latest, 0.001)


def beginning(draft: Draft, stored: Item | None, at: str, history_days: int) -> tuple[Write, ...]:
    """The writes by which a draft's version begins at a moment, and the stored one ends, if there is one."""
    if stored is None:
        return (Put(draft.item(at, Change.ADDED), ABSENT),)
    if stored["valid_from"] == at:  # written a moment ago by the same export: it has no interval of its own
        return (Put(draft.item(at, Change(stored["change"])), as_read(stored)),)
    return (
        Put(history_item(stored, at, history_days)),
        Put(draft.item(at, Change.CHANGED), as_read(stored)),
    )


def ending(stored: Item, at: str, history_days: int) -> tuple[Write, ...]:
    """The writes by which a stored version ends at a moment and nothing takes its place."""
    gone = Delete(Key(stored["pk"], stored["sk"]), as_read(stored))
    if stored["valid_from"] == at:
        return (gone,)
    return (Put(history_item(stored, at, history_days)), gone)


def guarded(
    check: Check, changes: Iterable[tuple[Write, ...]], also: tuple[Check, ...] = ()
) -> Iterator[Guarded]:
    """Changes under one marker, in as many groups as a transaction's limits ask for."""
    writes: list[Write] = []
    items = 0
    for change in changes:
        if writes and _too_much([check, *also, *writes, *change]):
            yield Guarded(check, tuple(writes), items, also)
            writes, items = [], 0
        writes.extend(change)
        items += 1
    if writes:
        yield Guarded(check, tuple(writes), items, also)


def write_guarded(table: BackupTable, groups: Iterable[Guarded]) -> int:
    """Do those groups of writes whose marker is as expected; returns how many versions began or ended."""
    done = 0
    batch: list[Guarded] = []
    for group in groups:
        together = [*batch, group]
        keys = {each.check.key for each in together}
        # A transaction may name an item once only.
        if batch and (len(keys) < len(together) or _too_much(writes_of(together))):
            done += _write_batch(table, batch)
            batch = []
        batch.append(group)
    return done + (_write_batch(table, batch) if batch else 0)


def _write_batch(table: BackupTable, batch: list[Guarded]) -> int:
    if table.transact(writes_of(batch)):
        return sum(group.items for group in batch)
    if len(batch) == 1:
        return 0
    return sum(_write_batch(table, [group]) for group in batch)


def writes_of(batch: Iterable[Guarded]) -> list[Write]:
    """What a transaction of these groups consists of."""
    also: dict[Key, Write] = {}
    writes: list[Write] = []
    for group in batch:
        also.update((check.key, check) for check in group.also)
        writes += (group.check, *group.writes)
    return [*also.values(), *writes]


def _too_much(writes: list[Write]) -> bool:
    characters = sum(len(str(write.item)) for write in writes if isinstance(write, Put))
    return len(writes) > MOST_WRITES or characters > MOST_CHARACTERS
