"""Exporting users: each listing is streamed past what the backup holds, and differences are written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypedDict, cast

from lifeboat.cognito.reader import Listed, PoolReader
from lifeboat.errors import ResourceNotFound
from lifeboat.export.absences import Absences, UsersAbsent
from lifeboat.export.counts import Counts, count_change, no_counts, total
from lifeboat.export.lanes import go_through
from lifeboat.export.places import Places, pages_from
from lifeboat.export.progress import Progress
from lifeboat.export.tasks import UsersTask
from lifeboat.model import User
from lifeboat.pacing import Deadline
from lifeboat.store.items import Change, draft_user, listing_hash
from lifeboat.store.table import BackupTable, StoredVersion
from lifeboat.store.versions import VersionWriter, held_before


class Place(TypedDict):
    """Where the listing of a prefix was left. `again` is how often it was begun again."""

    token: str
    counts: Counts
    seen: list[str]
    again: int


@dataclass(frozen=True, slots=True)
class _Result:
    """What came of a prefix. `left` is how often it has been left, 0 once it is finished."""

    prefix: str
    left: int
    counts: Counts


@dataclass(frozen=True, slots=True)
class UserExport:
    """Exports the users of one worker's prefixes, `lanes` of them at a time."""

    table: BackupTable
    reader: PoolReader
    absences: Absences
    places: Places
    writer: VersionWriter
    at: str
    capture_mfa: bool
    lanes: int
    progress: Progress | None = None

    def export(self, task: UsersTask, deadline: Deadline) -> UsersTask:
        """Export prefix after prefix until all are done or time runs short, within a prefix if need be."""
        left = task.get("Left", {})
        absent = UsersAbsent(self.absences)
        results = go_through(
            task["Prefixes"],
            lambda prefix, end: self._export_prefix(prefix, left.get(prefix, 0), absent, end),
            self.lanes,
            deadline,
        )
        self.writer.flush()
        if self.progress is not None:
            self.progress.end()
        finished = {result.prefix for result in results if not result.left}
        waiting = [prefix for prefix in task["Prefixes"] if prefix not in finished]
        before = [task["Counts"]] if "Counts" in task else []
        return {
            "Run": task["Run"],
            "Prefixes": waiting,
            "Left": {result.prefix: result.left for result in results if result.left},
            "Counts": total([*before, *(result.counts for result in results if not result.left)]),
            "Absences": [*task.get("Absences", []), *absent.names()],
            "Finished": not waiting,
        }

    def _export_prefix(self, prefix: str, left: int, absent: UsersAbsent, deadline: Deadline) -> _Result:
        # Whoever has been listed stays in the map without a version: what has one at the end is absent.
        unseen = cast(dict[str, StoredVersion | None], self.table.stored_users(prefix))
        held = held_before((version for version in unseen.values() if version is not None), self.at)
        pages, place = self._pages(prefix, left)
        counts = place["counts"]
        unseen.update(dict.fromkeys(place["seen"]))
        for page in pages:
            for user in page.entries:
                self._compare(user, unseen, counts)
            if self.progress is not None:
                self.progress.count(len(page.entries))
            if page.following and deadline.near():
                seen = [sub for sub, version in unseen.items() if version is None]
                there: Place = {**place, "token": page.following, "counts": counts, "seen": seen}
                self.places.put(f"users-{prefix}", left + 1, there)
                return _Result(prefix, left + 1, no_counts())
        # Only here, behind the listing's last page, may anything be called absent.
        missing = {sub: version for sub, version in unseen.items() if version is not None}
        counts["stored"] = held
        counts["absent"] = held_before(missing.values(), self.at)
        if missing:
            listed = len(unseen) - len(missing)
            absent.add({"prefix": prefix, "listed": listed, "subs": sorted(missing)})
        return _Result(prefix, 0, counts)

    def _pages(self, prefix: str, left: int) -> tuple[Iterator[Listed[User]], Place]:
        """The pages from where the listing was left, or from its beginning if Cognito refuses the token."""
        start: Place = {"token": "", "counts": no_counts(), "seen": [], "again": 0}
        place: Place = self.places.get(f"users-{prefix}", left) if left else start
        pages = pages_from(
            lambda token: self.reader.user_pages(prefix, token), place["token"], place["again"]
        )
        if pages is None:
            return self.reader.user_pages(prefix), {**start, "again": place["again"] + 1}
        return pages, place

    def _compare(self, user: User, unseen: dict[str, StoredVersion | None], counts: Counts) -> None:
        stored = unseen.get(user.sub)
        if stored is None and user.sub in unseen:
            return  # a listing that is not consistent may show a user twice
        try:
            change = self._write(user, stored)
        except ResourceNotFound:
            return  # deleted since it was listed: absent, and looked for again like others
        unseen[user.sub] = None
        count_change(counts, change)

    def _write(self, user: User, stored: StoredVersion | None) -> Change | None:
        """Write a listed user if it is new or changed; second factors are read of those only."""
        if not self.capture_mfa:
            return self.writer.write(draft_user(user), stored)
        listed = listing_hash(user)
        if stored is not None and stored.listing_hash == listed:
            return self.writer.unchanged(stored)
        draft = draft_user(self.reader.with_mfa(user), listed)
        if stored is not None and stored.content_hash == draft.content_hash:
            self.writer.refresh(draft, stored)
        return self.writer.write(draft, stored)
