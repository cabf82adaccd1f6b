"""Capturing the groups: all of them are listed and compared, since an event need not name its group.

A group that is gone takes its memberships with it. Memberships that are about to be written by somebody who
read the pool before the group went are kept from it by the groups' marker: it is counted up again once the
listing has shown who is gone, and whoever begins a membership does so only while it stands still.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

from lifeboat.cognito.reader import PoolReader
from lifeboat.errors import LifeboatError, ResourceNotFound, StoreUnavailable
from lifeboat.pacing import Deadline, stand_back
from lifeboat.store.guarded import Guarded, after_all, ending, guarded, write_guarded
from lifeboat.store.items import Draft, Item, draft_group
from lifeboat.store.keys import GROUPS, GROUPS_MARKER, Key, marker_key, membership_key
from lifeboat.store.markers import Marker, Markers, unchanged
from lifeboat.store.table import BackupTable
from lifeboat.sync.capture.users import ATTEMPTS, differences, write_all

MEMBERS_AT_ONCE = 500
"""Memberships of a deleted group that are retired between two looks at who is in one of its name."""


class GroupsUnfinished(LifeboatError):
    """Time ran short. Groups that were retired stay retired, so repeating it goes on from there."""


class TooManyGroups(LifeboatError):
    """The pool has more groups than can be listed in time, now and whenever it is tried again."""


@dataclass(frozen=True, slots=True)
class GroupCapture:
    """Captures the groups of a pool. `pages` of the listing are read at most, 0 is no bound."""

    table: BackupTable
    markers: Markers
    reader: PoolReader
    history_days: int
    pages: int = 0
    pause: Callable[[int], None] = stand_back

    def capture(self, deadline: Deadline) -> int:
        """Bring the backup's groups up to date with the pool's; returns how many versions began or ended.

        A group that is gone, or another one of the same name by now, takes its memberships with it. Raises a
        LifeboatError when this is not sure to have happened; repeating it is safe.
        """
        written = 0
        for attempt in range(ATTEMPTS):
            ended = self._attempt(deadline)
            written += ended.written
            if ended.whole:
                return written
            self.pause(attempt)
        raise StoreUnavailable("DynamoDB: the groups are being captured again and again")

    def _attempt(self, deadline: Deadline) -> _Ended:
        """Capture the groups unless somebody else begins to meanwhile."""
        marker = self.markers.touch(GROUPS_MARKER)
        stored = {Key(GROUPS, str(item["name"])): item for item in self.table.items(GROUPS, True)}
        wanted = self._listed(deadline)
        changed = {
            key: item for key, item in stored.items() if key not in wanted or _made_anew(item, wanted[key])
        }
        written = 0
        if changed:
            before, marker = marker, self.markers.touch(GROUPS_MARKER)
            if marker.rev != before.rev + 1:
                return _Ended(0, False)
        for key, item in changed.items():
            retired = self._retire_members(key.sk, marker, key in wanted, deadline)
            written += retired.written
            if not retired.whole:  # a listing that missed the group
                del stored[key]
            elif key not in wanted:
                del stored[key]
                # Each by itself: what is done is done, should time run short.
                gone = ending(item, after_all(marker.captured_at, [item]), self.history_days)
                if not write_all(self.table, marker, [gone]):
                    return _Ended(written, False)
                written += 1
        changes = list(differences(stored, wanted.values(), marker.captured_at, self.history_days))
        if not write_all(self.table, marker, changes):
            return _Ended(written, False)
        return _Ended(written + len(changes), True)

    def _listed(self, deadline: Deadline) -> dict[Key, Draft]:
        """All groups that the pool has. Raises TooManyGroups and GroupsUnfinished."""
        listed: dict[Key, Draft] = {}
        for number, page in enumerate(self.reader.group_pages(), start=1):
            listed.update((draft.key, draft) for draft in map(draft_group, page.entries))
            if page.following and number == self.pages:
                raise TooManyGroups(f"more than {len(listed)} groups")
            if page.following and deadline.near():
                raise GroupsUnfinished("the groups were not listed in time")
        return listed

    def _retire_members(self, name: str, marker: Marker, listed: bool, deadline: Deadline) -> _Ended:
        """Retire the memberships that went with a group, but for users who are being captured at the time.

        `listed` is whether there is another group of its name now; if not, but there is one all the same, no
        membership is retired, and the answer is not whole.
        """
        subs = (sub for sub, _ in self.table.stored_members(name))
        written = 0
        while True:
            if deadline.near():
                raise GroupsUnfinished("the groups were not retired in time")
            batch = list(islice(subs, MEMBERS_AT_ONCE))
            endings = self._endings(name, batch, marker.captured_at)
            # Read behind the markers: whoever joins now is captured later than they say.
            members = self._members(name) if listed else self._none(name)
            if members is None:
                return _Ended(written, False)
            written += write_guarded(
                self.table, (each for sub, group in endings if sub not in members for each in group)
            )
            if len(batch) < MEMBERS_AT_ONCE:
                return _Ended(written, True)

    def _members(self, name: str) -> set[str]:
        try:
            return {user.sub for user in self.reader.members(name)}
        except ResourceNotFound:
            return set()

    def _none(self, name: str) -> set[str] | None:
        """The members of a group that is gone; None if it is there.

        Asked for by ListUsersInGroup, of which the quota allows six times as many requests as of GetGroup.
        """
        try:
            next(self.reader.member_pages(name))
        except ResourceNotFound:
            return set()
        return None

    def _endings(self, name: str, subs: list[str], moment: str) -> list[tuple[str, list[Guarded]]]:
        """For each member, what ends the membership unless the user is captured from now on."""
        markers = self.markers.of(map(marker_key, subs))
        held = self.table.get_all(membership_key(sub, name) for sub in subs)
        endings = []
        for item in held:
            sub = str(item["sub"])
            check = unchanged(marker_key(sub), markers.get(marker_key(sub)))
            at = after_all(moment, [item])
            endings.append((sub, list(guarded(check, [ending(item, at, self.history_days)]))))
        return endings


@dataclass(frozen=True, slots=True)
class _Ended:
    """How many versions began or ended, and whether everything was as it had to be."""

    written: int
    whole: bool


def _made_anew(stored: Item, listed: Draft) -> bool:
    """Whether a group is another one than the backup's, which was deleted with all its memberships."""
    before, since = stored.get("created_at", ""), listed.notes.get("created_at", "")
    return bool(before and since) and before != since
