"""Writing new versions of items, and keeping the earlier ones as history."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice

from lifeboat.store.items import Change, Draft, Item, history_item
from lifeboat.store.keys import Key
from lifeboat.store.markers import Marker
from lifeboat.store.table import BATCH_GET_KEYS, BackupTable, StoredVersion

WRITERS = 4
"""Batches of changes that one worker writes at a time, beside its listing."""


def held_before(stored: Iterable[StoredVersion], at: str) -> int:
    """How many items the backup held before the export of the moment `at` began to add to it."""
    return sum(not (version.valid_from == at and version.change == Change.ADDED) for version in stored)


class VersionWriter:
    """Writes new versions of items and keeps the earlier ones as history.

    Everything written carries `at` as the beginning of its validity, and everything replaced ends
    there. History is written before the item that replaces it, with a key that depends only on the
    earlier version: a writer that is killed and started again repeats itself without harm.

    Safe for threads. Changes are written in the background, WRITERS batches at a time; what is noted
    is written when `flush` has returned.
    """

    def __init__(self, table: BackupTable, at: str, history_days: int) -> None:
        self._table = table
        self._at = at
        self._history_days = history_days
        self._buffer: dict[Key, tuple[Draft, StoredVersion | None]] = {}
        self._lock = threading.Lock()
        self._threads: ThreadPoolExecutor | None = None
        self._underway: list[Future[None]] = []

    def groups_listed(self, created: Mapping[str, str], marker: Marker | None) -> None:
        """Take note of the groups whose members are written. Where nobody else writes, nothing follows."""

    def classify(self, draft: Draft, stored: StoredVersion | None) -> Change | None:
        """What a draft is to the backup: added, changed, or None for unchanged.

        What this same export wrote in an earlier attempt counts as it did then.
        """
        return self._change(draft.content_hash, stored)

    def _change(self, content_hash: str, stored: StoredVersion | None) -> Change | None:
        if stored is None:
            return Change.ADDED
        if stored.valid_from == self._at or stored.content_hash == content_hash:
            return self.unchanged(stored)
        return Change.CHANGED

    def unchanged(self, stored: StoredVersion) -> Change | None:
        """What an item that is as it is stored counts as: None, or what this same export wrote it for."""
        return Change(stored.change) if stored.valid_from == self._at else None

    def refresh(self, draft: Draft, stored: StoredVersion) -> None:
        """Write the notes of an unchanged item anew: no version of it ends, and none begins."""
        self._table.put_all([draft.item(stored.valid_from, Change(stored.change))])

    def write(self, draft: Draft, stored: StoredVersion | None) -> Change | None:
        """Take note of a draft and write it soon, if it is not in the backup as it is.

        Raises what an earlier batch failed with.
        """
        content_hash = "" if stored is None else draft.content_hash
        change = self._change(content_hash, stored)
        if stored is None or stored.content_hash != content_hash:
            with self._lock:
                self._buffer[draft.key] = (draft, stored)
                if len(self._buffer) >= BATCH_GET_KEYS:
                    self._hand_over()
        return change

    def flush(self) -> None:
        """Write everything noted so far, and wait until it is written."""
        with self._lock:
            if self._buffer:
                self._hand_over()
            threads, self._threads = self._threads, None
            underway, self._underway = self._underway, []
        if threads is not None:
            threads.shutdown(wait=True)
        for batch in underway:
            batch.result()

    def retire(self, keys: Iterable[Key]) -> int:
        """Move items to history and delete them; returns how many are gone, now or by an earlier attempt."""
        waiting, gone = iter(keys), 0
        while batch := list(islice(waiting, BATCH_GET_KEYS)):
            items = list(self._table.get_all(batch))
            self._keep(items)
            self._table.delete_all(Key(item["pk"], item["sk"]) for item in items)
            gone += len(batch)
        return gone

    def _hand_over(self) -> None:
        """Let what is noted be written in the background; waits while enough is underway."""
        if self._threads is None:
            self._threads = ThreadPoolExecutor(WRITERS, "writer")
        while len(self._underway) >= 2 * WRITERS:
            self._underway.pop(0).result()
        self._underway.append(self._threads.submit(self._write_out, self._buffer))
        self._buffer = {}

    def _write_out(self, noted: Mapping[Key, tuple[Draft, StoredVersion | None]]) -> None:
        replaced = [
            key for key, (_, stored) in noted.items() if stored is not None and stored.valid_from != self._at
        ]
        self._keep(self._table.get_all(replaced))
        self._table.put_all(
            draft.item(self._at, self.classify(draft, stored) or Change.CHANGED)
            for draft, stored in noted.values()
        )

    def _keep(self, items: Iterable[Item]) -> None:
        # What this same export wrote has no interval of its own yet.
        self._table.put_all(
            history_item(item, self._at, self._history_days)
            for item in items
            if item["valid_from"] != self._at
        )
