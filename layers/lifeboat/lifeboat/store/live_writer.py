"""The export's writer while changes are captured beside it: what it writes never undoes a capture.

An export writes what it has listed some time ago. A user who has been captured since the export began is
left to the capture, and read again by the export's last state. All other items are written in transactions
that fail if a capture begins meanwhile.
"""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice

from lifeboat.model import Kind
from lifeboat.store.guarded import Guarded, as_read, beginning, ending, guarded, write_guarded
from lifeboat.store.items import Change, Draft, Item
from lifeboat.store.keys import GROUPS, GROUPS_MARKER, Key, marker_key
from lifeboat.store.markers import Markers, captured_since, unchanged
from lifeboat.store.table import BATCH_GET_KEYS, BackupTable, StoredVersion
from lifeboat.store.transactions import Put, Write
from lifeboat.store.versions import VersionWriter


class LiveVersionWriter(VersionWriter):
    """A VersionWriter for users, groups and memberships that captures may write as well.

    `drifted` is told how many items of each kind were written: what no capture has brought.
    """

    def __init__(
        self,
        table: BackupTable,
        markers: Markers,
        at: str,
        history_days: int,
        drifted: Callable[[Mapping[str, int]], None],
    ) -> None:
        super().__init__(table, at, history_days)
        self._markers = markers
        self._since = captured_since(at)
        self._drifted = drifted
        self._drift: Counter[str] = Counter()
        # Not the lock of what is noted: whoever holds that may be waiting for a batch to be written.
        self._counting = threading.Lock()

    def refresh(self, draft: Draft, stored: StoredVersion) -> None:
        """Write the notes of an unchanged item anew, unless it has been captured since it was read."""
        item = draft.item(stored.valid_from, Change(stored.change))
        self._table.transact([Put(item, as_read(item))])

    def flush(self) -> None:
        """Write everything noted so far, wait until it is written, and tell of it."""
        super().flush()
        self._tell()

    def retire(self, keys: Iterable[Key]) -> int:
        """Move items to history and delete them; returns how many are gone or left to their capture."""
        waiting, gone = iter(keys), 0
        while batch := list(islice(waiting, BATCH_GET_KEYS)):
            items = list(self._table.get_all(batch))
            changes = [
                (Kind(item["kind"]), marker_of(item), ending(item, self._at, self._history_days))
                for item in items
                if item["valid_from"] <= self._at
            ]
            self._write_changes(changes)
            gone += len(batch)
        self._tell()
        return gone

    def _write_out(self, noted: Mapping[Key, tuple[Draft, StoredVersion | None]]) -> None:
        held = {Key(item["pk"], item["sk"]): item for item in self._table.get_all(noted)}
        changes = []
        for key, (draft, _) in noted.items():
            stored = held.get(key)
            if stored is None or (
                stored["valid_from"] <= self._at and stored["content_hash"] != draft.content_hash
            ):
                written = beginning(draft, stored, self._at, self._history_days)
                changes.append((draft.kind, marker_of({**draft.content, "pk": key.pk}), written))
        self._write_changes(changes)

    def _write_changes(self, changes: Iterable[tuple[Kind, Key, tuple[Write, ...]]]) -> None:
        """Write changes, each of a kind and under a marker, but those of users captured since."""
        by_marker: defaultdict[tuple[Kind, Key], list[tuple[Write, ...]]] = defaultdict(list)
        for kind, marker, writes in changes:
            by_marker[kind, marker].append(writes)
        for kind in {kind for kind, _ in by_marker}:
            under = {marker: each for (of, marker), each in by_marker.items() if of is kind}
            written = write_guarded(self._table, self._guarded(under))
            with self._counting:
                self._drift[kind.value] += written

    def _guarded(self, under: Mapping[Key, list[tuple[Write, ...]]]) -> Iterator[Guarded]:
        markers = self._markers.of(under)
        for key, changes in under.items():
            marker = markers.get(key)
            if marker is None or marker.captured_at < self._since:
                yield from guarded(unchanged(key, marker), changes)

    def _tell(self) -> None:
        with self._counting:
            drift, self._drift = self._drift, Counter()
        if any(drift.values()):
            self._drifted(drift)


def marker_of(item: Item) -> Key:
    """The marker under which an item is captured: its user's, or that of all groups."""
    return GROUPS_MARKER if item["pk"] == GROUPS else marker_key(str(item["sub"]))
