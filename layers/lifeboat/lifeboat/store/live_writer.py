"""The export's writer while changes are captured beside it: what it writes never undoes a capture.

An export writes what it has listed some time ago. A user who has been captured since the export began is
left to the capture, and read again by the export's last state. All other items are written in transactions
that fail if a capture begins meanwhile. Groups that are gone are left to that last state as well: it retires
them with whatever memberships captures have begun meanwhile.

A membership begins only in a group that is known to be the one that was listed, and while nobody captures the
groups: whoever retires a group afterwards then sees the membership.
"""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice

from lifeboat.errors import StoreUnavailable
from lifeboat.model import Group, Kind, moment_after
from lifeboat.pacing import stand_back
from lifeboat.store.guarded import Guarded, as_read, beginning, ending, guarded, write_guarded
from lifeboat.store.items import Change, Draft, Item, draft_group
from lifeboat.store.keys import GROUPS, GROUPS_MARKER, Key, group_key, marker_key
from lifeboat.store.markers import Marker, Markers, captured_since, unchanged
from lifeboat.store.table import BATCH_GET_KEYS, BackupTable, StoredVersion
from lifeboat.store.transactions import Check, Put, Write
from lifeboat.store.versions import VersionWriter

ATTEMPTS = 8
"""How often memberships are written whose groups are captured meanwhile."""


class LiveVersionWriter(VersionWriter):
    """A VersionWriter for users, groups and memberships that captures may write as well.

    `drifted` is told how many items of each kind were written: what no capture has brought. `group` looks a
    group up in the pool, for whoever writes memberships.
    """

    def __init__(
        self,
        table: BackupTable,
        markers: Markers,
        at: str,
        history_days: int,
        drifted: Callable[[Mapping[str, int]], None],
        group: Callable[[str], Group | None] | None = None,
    ) -> None:
        super().__init__(table, at, history_days)
        self._markers = markers
        self._group = group
        self._listed: Mapping[str, str] = {}
        # As whose capture of the groups each was last seen to be there.
        self._there: dict[str, Marker | None] = {}
        self._since = captured_since(at)
        self._drifted = drifted
        self._drift: Counter[str] = Counter()
        # Not the lock of what is noted: whoever holds that may be waiting for a batch to be written.
        self._counting = threading.Lock()

    def groups_listed(self, created: Mapping[str, str], marker: Marker | None) -> None:
        """Take note of the groups whose members are written: when each was created, as it was listed.

        `marker` is the groups' marker from before they were listed.
        """
        self._listed = created
        self._there = dict.fromkeys(created, marker)

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
            self._leave_groups(changes)
            self._write_changes(each for each in changes if each[0] is not Kind.GROUP)
            gone += len(batch)
        self._tell()
        return gone

    def _leave_groups(self, changes: Iterable[tuple[Kind, Key, tuple[Write, ...]]]) -> None:
        """Count the groups that are gone, and that no capture is about to retire."""
        gone = sum(kind is Kind.GROUP for kind, _, _ in changes)
        marker = self._markers.of_groups() if gone else None
        if marker is None or marker.captured_at < self._since:
            with self._counting:
                self._drift[Kind.GROUP.value] += gone

    def _write_out(self, noted: Mapping[Key, tuple[Draft, StoredVersion | None]]) -> None:
        for attempt in range(ATTEMPTS):
            held = {Key(item["pk"], item["sk"]): item for item in self._table.get_all(noted)}
            joined = {
                str(draft.content["member_of"])
                for key, (draft, _) in noted.items()
                if draft.kind is Kind.MEMBERSHIP and key not in held
            }
            marker, there = self._look_for(joined)
            changes = []
            for key, (draft, _) in noted.items():
                stored = held.get(key)
                if draft.kind is Kind.MEMBERSHIP and draft.content["member_of"] not in there:
                    continue
                if stored is None or (
                    stored["valid_from"] <= self._at and stored["content_hash"] != draft.content_hash
                ):
                    at = self._behind(marker) if draft.kind is Kind.MEMBERSHIP else self._at
                    written = beginning(draft, stored, at, self._history_days)
                    changes.append((draft.kind, marker_of({**draft.content, "pk": key.pk}), written))
            self._write_changes(changes, (unchanged(GROUPS_MARKER, marker),) if there else ())
            if not joined or self._markers.of_groups() == marker:
                return
            stand_back(attempt)
        raise StoreUnavailable("DynamoDB: the groups are being captured again and again")

    def _look_for(self, names: set[str]) -> tuple[Marker | None, set[str]]:
        """Which of the groups are still those that were listed, and the marker from before that was seen.

        They are looked up if the groups have been captured since; those that the backup does not have are
        written, since only of those that it has, it is seen that they go.
        """
        if not names:
            return None, set()
        marker = self._markers.of_groups()
        stored = {str(item["name"]) for item in self._table.get_all(map(group_key, sorted(names)))}
        there = {name for name in names & stored & self._there.keys() if self._there[name] == marker}
        for name in sorted(names - there):
            group = self._group(name) if self._group is not None else None
            if group is not None and group.created_at == self._listed.get(name, group.created_at):
                if name not in stored and not self._write_group(group, marker):
                    continue
                self._there[name] = marker
                there.add(name)
        return marker, there

    def _write_group(self, group: Group, marker: Marker | None) -> bool:
        """Write a group that the backup does not have, unless the groups are being captured."""
        writes = beginning(draft_group(group), None, self._behind(marker), self._history_days)
        written = self._table.transact([unchanged(GROUPS_MARKER, marker), *writes])
        with self._counting:
            self._drift[Kind.GROUP.value] += written
        return written

    def _behind(self, marker: Marker | None) -> str:
        """The export's moment, but behind the last capture of groups: it may have ended what begins."""
        return max(self._at, "" if marker is None else moment_after(marker.captured_at, 0.001))

    def _write_changes(
        self, changes: Iterable[tuple[Kind, Key, tuple[Write, ...]]], also: tuple[Check, ...] = ()
    ) -> None:
        """Write changes, each of a kind and under a marker, but those of users captured since.

        Memberships are written while what is checked `also` stands.
        """
        by_marker: defaultdict[tuple[Kind, Key], list[tuple[Write, ...]]] = defaultdict(list)
        for kind, marker, writes in changes:
            by_marker[kind, marker].append(writes)
        for kind in {kind for kind, _ in by_marker}:
            under = {marker: each for (of, marker), each in by_marker.items() if of is kind}
            checks = also if kind is Kind.MEMBERSHIP else ()
            written = write_guarded(self._table, self._guarded(under, checks))
            with self._counting:
                self._drift[kind.value] += written

    def _guarded(
        self, under: Mapping[Key, list[tuple[Write, ...]]], also: tuple[Check, ...]
    ) -> Iterator[Guarded]:
        markers = self._markers.of(under)
        for key, changes in under.items():
            marker = markers.get(key)
            if marker is None or marker.captured_at < self._since:
                yield from guarded(unchanged(key, marker), changes, also)

    def _tell(self) -> None:
        with self._counting:
            drift, self._drift = self._drift, Counter()
        if any(drift.values()):
            self._drifted(drift)


def marker_of(item: Item) -> Key:
    """The marker under which an item is captured: its user's, or that of all groups."""
    return GROUPS_MARKER if item["pk"] == GROUPS else marker_key(str(item["sub"]))
