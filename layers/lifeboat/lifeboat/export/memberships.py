"""Exporting memberships: each group's members are compared with the index ByGroup.

A group is listed to its end first, and compared afterwards: both are read as streams, and only the subs that
were seen are kept, of a large group in the reports bucket, slice by slice. So neither time nor memory bounds
the size of a group, and nothing can be called absent before the last page.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypedDict

from lifeboat.cognito.reader import Listed, PoolReader
from lifeboat.errors import ResourceNotFound
from lifeboat.export.absences import MANIFEST_SUBS, Absences, MembersAbsent
from lifeboat.export.counts import Counts, count_change, no_counts, total
from lifeboat.export.lanes import go_through
from lifeboat.export.places import Places, Slices, pages_from
from lifeboat.export.progress import Progress
from lifeboat.export.tasks import MembershipsTask
from lifeboat.model import Membership, User
from lifeboat.pacing import Deadline
from lifeboat.store.items import draft_membership
from lifeboat.store.keys import GROUPS_MARKER
from lifeboat.store.markers import Marker
from lifeboat.store.table import BackupTable, StoredVersion
from lifeboat.store.versions import VersionWriter, held_before

SEEN_SUBS = 100_000
"""So many subs seen are kept in memory, about 15 MB, before they are put into the bucket."""

LOOK_UP = 1_000
"""Stored memberships that are compared between two looks at the time: far less than a second's."""


class Place(TypedDict):
    """Where a group was left.

    `parts` is how many parts of what was seen are in the bucket. Once the group is `listed`, the memberships
    before the sub `since` are compared. `again` is how often the listing was begun again.
    """

    token: str
    parts: int
    listed: bool
    since: str
    counts: Counts
    again: int


@dataclass(frozen=True, slots=True)
class _Group:
    """A group to export: its place in the worker's list, and whether the listing of groups showed it."""

    number: int
    name: str
    gone: bool


@dataclass(frozen=True, slots=True)
class _Result:
    """What came of a group. `left` is how often it has been left, 0 once it is finished."""

    number: int
    left: int
    counts: Counts


@dataclass(frozen=True, slots=True)
class MembershipExport:
    """Exports the memberships of one worker's groups, `lanes` of them at a time."""

    table: BackupTable
    reader: PoolReader
    absences: Absences
    places: Places
    writer: VersionWriter
    at: str
    lanes: int
    users: int
    progress: Progress | None = None

    def export(self, task: MembershipsTask, deadline: Deadline) -> MembershipsTask:
        """Export group after group until all are done or time runs short, within a group if need be."""
        names = self.absences.group_names(task["Portion"])
        if "created" in names:
            marker = names.get("marker")
            self.writer.groups_listed(names["created"], Marker(GROUPS_MARKER, *marker) if marker else None)
        groups = [_Group(number, name, False) for number, name in enumerate(names["listed"])]
        groups += [_Group(len(groups) + number, name, True) for number, name in enumerate(names["gone"])]
        left = {int(number): times for number, times in task.get("Left", {}).items()}
        manifests = task.get("Absences", [])
        absent = MembersAbsent(self.absences, task["Portion"], len(manifests))
        results = go_through(
            [*(groups[number] for number in sorted(left)), *groups[task["Next"] :]],
            lambda group, end: _OneGroup(self, task["Portion"], group, absent, end).export(
                left.get(group.number, 0)
            ),
            self.lanes,
            deadline,
        )
        self.writer.flush()
        if self.progress is not None:
            self.progress.end()
        position = max([task["Next"], *(result.number + 1 for result in results)])
        left.update({result.number: result.left for result in results})
        remaining = {str(number): times for number, times in sorted(left.items()) if times}
        before = [task["Counts"]] if "Counts" in task else []
        return {
            "Run": task["Run"],
            "Portion": task["Portion"],
            "Next": position,
            "Left": remaining,
            "Counts": total([*before, *(result.counts for result in results if not result.left)]),
            "Absences": [*manifests, *absent.names()],
            "Finished": position >= len(groups) and not remaining,
        }


class _OneGroup:
    """The export of one group, as far as one invocation comes with it."""

    def __init__(
        self, export: MembershipExport, portion: int, group: _Group, absent: MembersAbsent, deadline: Deadline
    ) -> None:
        self._export = export
        self._group = group
        self._absent = absent
        self._deadline = deadline
        self._listing = f"memberships-{portion}-{group.number}"
        self._slices = Slices(export.users)
        self._seen: set[str] = set()

    def export(self, left: int) -> _Result:
        """List and compare, from where the group was left for the so-manieth time."""
        start: Place = {
            "token": "",
            "parts": 0,
            "listed": False,
            "since": "",
            "counts": no_counts(),
            "again": 0,
        }
        place: Place = self._export.places.get(self._listing, left) if left else start
        if not place["listed"]:
            try:
                self._list(place)
            except ResourceNotFound:
                if not self._group.gone:
                    return self._abandoned()
                self._seen.clear()
                place.update({"listed": True, "parts": 0})
        if place["listed"] and self._compare(place):
            return _Result(self._group.number, 0, place["counts"])
        self._put_seen(place)
        self._export.places.put(self._listing, left + 1, place)
        return _Result(self._group.number, left + 1, no_counts())

    def _list(self, place: Place) -> None:
        for page in self._pages(place):
            self._seen.update(user.sub for user in page.entries)
            if self._export.progress is not None:
                self._export.progress.count(len(page.entries))
            place["token"] = page.following
            if page.following and self._deadline.near():
                return
            if len(self._seen) >= SEEN_SUBS:
                self._put_seen(place)
        place["listed"] = True

    def _pages(self, place: Place) -> Iterator[Listed[User]]:
        """The pages from where the listing was left, or from its beginning if Cognito refuses the token."""
        reader, name = self._export.reader, self._group.name
        pages = pages_from(lambda token: reader.member_pages(name, token), place["token"], place["again"])
        if pages is None:
            place.update({"token": "", "parts": 0, "again": place["again"] + 1})
            pages = reader.member_pages(name)
        return pages

    def _put_seen(self, place: Place) -> None:
        if self._seen:
            dealt = self._slices.dealt(self._seen)
            self._export.places.put_seen(self._listing, place["parts"], dealt)
            place["parts"] += 1
            self._seen.clear()

    def _abandoned(self) -> _Result:
        """Deleted since the groups were listed: the listing did not run to its end, so nothing is absent.

        The next export finds the group gone.
        """
        counts = no_counts()
        stored = self._export.table.stored_members(self._group.name)
        counts["stored"] = held_before((version for _, version in stored), self._export.at)
        return _Result(self._group.number, 0, counts)

    def _compare(self, place: Place) -> bool:
        """Compare what was seen with the backup, slice by slice; returns whether all of it is compared."""
        if not place["parts"]:
            return self._compare_slice(place, self._seen, "")
        self._put_seen(place)
        slices = self._slices
        for number in range(slices.of(place["since"]), len(slices)):
            seen = set(self._export.places.seen(self._listing, place["parts"], number))
            end = slices.end(number)
            if not self._compare_slice(place, seen, end) or (end and self._deadline.near()):
                return False
        return True

    def _compare_slice(self, place: Place, seen: set[str], end: str) -> bool:
        """Compare what was seen before the sub `end`; what time does not allow for stays in `seen`."""
        counts, missing = place["counts"], list[str]()
        if place["since"]:
            seen.difference_update([sub for sub in seen if sub < place["since"]])
        stored = self._export.table.stored_members(self._group.name, place["since"], end)
        for number, (sub, version) in enumerate(stored, start=1):
            if number % LOOK_UP == 0 and self._deadline.near():
                self._finish(place, {each for each in seen if each < sub}, missing)
                seen.difference_update([each for each in seen if each < sub])
                place["since"] = sub
                return False
            held = held_before([version], self._export.at)
            counts["stored"] += held
            if sub in seen:
                seen.remove(sub)
                self._write(sub, version, counts)
            else:
                counts["absent"] += held
                missing.append(sub)
                if len(missing) >= MANIFEST_SUBS:
                    self._finish(place, set(), missing)
        self._finish(place, seen, missing)
        place["since"] = end
        return True

    def _finish(self, place: Place, added: set[str], missing: list[str]) -> None:
        """Write the members whom the backup does not have, and note those whom the group does not have."""
        for sub in sorted(added):
            self._write(sub, None, place["counts"])
        if missing:
            self._absent.add(self._group.name, list(missing))
            missing.clear()

    def _write(self, sub: str, stored: StoredVersion | None, counts: Counts) -> None:
        draft = draft_membership(Membership(sub, self._group.name))
        count_change(counts, self._export.writer.write(draft, stored))
