"""Exporting groups, and dealing out the listing of their members."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypedDict

from lifeboat.cognito.reader import Listed, PoolReader
from lifeboat.export.absences import Absences
from lifeboat.export.counts import Counts, count_change, no_counts
from lifeboat.export.places import Places, pages_from
from lifeboat.export.tasks import GroupsTask
from lifeboat.listing import portions
from lifeboat.model import Group
from lifeboat.pacing import Deadline
from lifeboat.store.items import draft_group
from lifeboat.store.table import BackupTable, StoredVersion
from lifeboat.store.versions import VersionWriter, held_before

LISTING = "groups"


class Place(TypedDict):
    """Where the listing of groups was left. `again` is how often it was begun again."""

    token: str
    counts: Counts
    seen: list[str]
    again: int


@dataclass(frozen=True, slots=True)
class GroupExport:
    """Exports the groups of a pool: 10,000 at most, so that their names fit into memory."""

    table: BackupTable
    reader: PoolReader
    absences: Absences
    places: Places
    writer: VersionWriter
    at: str

    def export(self, task: GroupsTask, deadline: Deadline) -> GroupsTask:
        """Export all groups, or as many as time allows; called again until `Finished`."""
        stored = self.table.stored_groups()
        pages, place = self._pages(task["Left"])
        counts = place["counts"]
        seen = dict.fromkeys(place["seen"])
        for page in pages:
            for group in page.entries:
                if group.name not in seen:
                    seen[group.name] = None
                    count_change(counts, self.writer.write(draft_group(group), stored.get(group.name)))
            if page.following and deadline.near():
                self.writer.flush()
                there: Place = {**place, "token": page.following, "counts": counts, "seen": list(seen)}
                self.places.put(LISTING, task["Left"] + 1, there)
                return {"Run": task["Run"], "Left": task["Left"] + 1, "Finished": False}
        self.writer.flush()
        return self._finish(task, stored, list(seen), counts)

    def _pages(self, left: int) -> tuple[Iterator[Listed[Group]], Place]:
        """The pages from where the listing was left, or from its beginning if Cognito refuses the token."""
        start: Place = {"token": "", "counts": no_counts(), "seen": [], "again": 0}
        place: Place = self.places.get(LISTING, left) if left else start
        pages = pages_from(self.reader.group_pages, place["token"], place["again"])
        if pages is None:
            return self.reader.group_pages(), {**start, "again": place["again"] + 1}
        return pages, place

    def _finish(
        self, task: GroupsTask, stored: Mapping[str, StoredVersion], listed: list[str], counts: Counts
    ) -> GroupsTask:
        """Note what is absent, behind the last page only, and deal out the listing of members.

        Groups that were not listed are dealt out as well: whether their members are absent is seen there.
        """
        gone = sorted(set(stored) - set(listed))
        counts["stored"] = held_before(stored.values(), self.at)
        counts["absent"] = held_before((stored[name] for name in gone), self.at)
        known = set(listed)
        dealt = portions([*listed, *gone], task["Run"]["Workers"])
        for number, names in enumerate(dealt):
            self.absences.put_group_names(
                number,
                {
                    "listed": [name for name in names if name in known],
                    "gone": [name for name in names if name not in known],
                },
            )
        return {
            "Run": task["Run"],
            "Left": task["Left"],
            "Counts": counts,
            "Absences": [self.absences.put_groups(gone)] if gone else [],
            "Portions": [{"Portion": number, "Next": 0} for number in range(len(dealt))],
            "Finished": True,
        }
