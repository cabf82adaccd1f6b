"""Exporting groups, and dealing out the listing of their members."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypedDict

from lifeboat.cognito.reader import Listed, PoolReader
from lifeboat.export.absences import Absences, GroupNames
from lifeboat.export.counts import Counts, count_change, no_counts
from lifeboat.export.places import Places, pages_from
from lifeboat.export.tasks import GroupsTask
from lifeboat.listing import portions
from lifeboat.model import Group
from lifeboat.pacing import Deadline
from lifeboat.store.items import draft_group
from lifeboat.store.markers import Markers
from lifeboat.store.table import BackupTable, StoredVersion
from lifeboat.store.versions import VersionWriter, held_before

LISTING = "groups"

SIDE_BY_SIDE = 8
"""Retired groups whose memberships are looked for at a time."""


class Place(TypedDict):
    """Where the listing of groups was left. `again` is how often it was begun again.

    `seen` says of each group when it was created; `marker` is that of all groups from before the listing.
    """

    token: str
    counts: Counts
    seen: dict[str, str]
    again: int
    marker: tuple[int, str] | None


@dataclass(frozen=True, slots=True)
class GroupExport:
    """Exports the groups of a pool: 10,000 at most, so that their names fit into memory.

    `markers` is there while changes are captured beside it.
    """

    table: BackupTable
    reader: PoolReader
    absences: Absences
    places: Places
    writer: VersionWriter
    at: str
    markers: Markers | None = None

    def export(self, task: GroupsTask, deadline: Deadline) -> GroupsTask:
        """Export all groups, or as many as time allows; called again until `Finished`."""
        stored = self.table.stored_groups()
        pages, place = self._pages(task["Left"])
        counts = place["counts"]
        seen = dict(place["seen"])
        for page in pages:
            for group in page.entries:
                if group.name not in seen:
                    seen[group.name] = group.created_at
                    count_change(counts, self.writer.write(draft_group(group), stored.get(group.name)))
            if page.following and deadline.near():
                self.writer.flush()
                there: Place = {**place, "token": page.following, "counts": counts, "seen": seen}
                self.places.put(LISTING, task["Left"] + 1, there)
                return {"Run": task["Run"], "Left": task["Left"] + 1, "Finished": False}
        self.writer.flush()
        return self._finish(task, stored, {**place, "counts": counts, "seen": seen})

    def _pages(self, left: int) -> tuple[Iterator[Listed[Group]], Place]:
        """The pages from where the listing was left, or from its beginning if Cognito refuses the token."""
        place: Place = self.places.get(LISTING, left) if left else self._start()
        pages = pages_from(self.reader.group_pages, place["token"], place["again"])
        if pages is None:
            return self.reader.group_pages(), {**self._start(), "again": place["again"] + 1}
        return pages, place

    def _start(self) -> Place:
        marker = self.markers.of_groups() if self.markers is not None else None
        return {
            "token": "",
            "counts": no_counts(),
            "seen": {},
            "again": 0,
            "marker": None if marker is None else (marker.rev, marker.captured_at),
        }

    def _finish(self, task: GroupsTask, stored: Mapping[str, StoredVersion], place: Place) -> GroupsTask:
        """Note what is absent, behind the last page only, and deal out the listing of members.

        Groups that were not listed are dealt out as well: whether their members are absent is seen there. So
        are those that an earlier export or a capture has retired, and memberships of them not.
        """
        known, counts = place["seen"], place["counts"]
        gone = sorted(set(stored) - known.keys())
        counts["stored"] = held_before(stored.values(), self.at)
        counts["absent"] = held_before((stored[name] for name in gone), self.at)
        left_over = self._left_over(self.table.retired_groups() - known.keys() - set(stored))
        dealt = portions([*known, *gone, *left_over], task["Run"]["Workers"])
        for number, names in enumerate(dealt):
            found: GroupNames = {
                "listed": [name for name in names if name in known],
                "gone": [name for name in names if name not in known],
            }
            if self.markers is not None:
                found["created"] = {name: known[name] for name in found["listed"]}
                found["marker"] = place["marker"]
            self.absences.put_group_names(number, found)
        return {
            "Run": task["Run"],
            "Left": task["Left"],
            "Counts": counts,
            "Absences": [self.absences.put_groups(gone)] if gone else [],
            "Portions": [{"Portion": number, "Next": 0} for number in range(len(dealt))],
            "Finished": True,
        }

    def _left_over(self, names: set[str]) -> list[str]:
        """Which of these groups have memberships in the backup."""
        with ThreadPoolExecutor(SIDE_BY_SIDE) as threads:
            found = zip(sorted(names), threads.map(self.table.has_members, sorted(names)), strict=True)
            return [name for name, has_members in found if has_members]
