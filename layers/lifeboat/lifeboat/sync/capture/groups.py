"""Capturing the groups: all of them are listed and compared, since an event need not name its group."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

from lifeboat.cognito.reader import PoolReader
from lifeboat.errors import ResourceNotFound, StoreUnavailable
from lifeboat.pacing import stand_back
from lifeboat.store.guarded import Guarded, after_all, ending, guarded, write_guarded
from lifeboat.store.items import Draft, Item, draft_group
from lifeboat.store.keys import GROUPS, GROUPS_MARKER, Key, marker_key, membership_key
from lifeboat.store.markers import Markers, unchanged
from lifeboat.store.table import BackupTable
from lifeboat.sync.capture.users import ATTEMPTS, differences, write_all

MEMBERS_AT_ONCE = 500
"""Memberships of a deleted group that are retired between two looks at who is in one of its name."""


@dataclass(frozen=True, slots=True)
class GroupCapture:
    """Captures the groups of a pool, 10,000 at most."""

    table: BackupTable
    markers: Markers
    reader: PoolReader
    history_days: int
    pause: Callable[[int], None] = stand_back

    def capture(self) -> int:
        """Bring the backup's groups up to date with the pool's; returns how many versions began or ended.

        A group that is gone, or another one of the same name by now, takes its memberships with it. Raises a
        LifeboatError when this is not sure to have happened; repeating it is safe.
        """
        for attempt in range(ATTEMPTS):
            marker = self.markers.touch(GROUPS_MARKER)
            stored = {Key(GROUPS, str(item["name"])): item for item in self.table.items(GROUPS, True)}
            wanted = {draft.key: draft for draft in map(draft_group, self.reader.groups())}
            written = 0
            for key, item in list(stored.items()):
                if key not in wanted and self.reader.group_exists(key.sk):
                    del stored[key]  # a listing that missed it
                elif key not in wanted or _made_anew(item, wanted[key]):
                    written += self._retire_members(key.sk, marker.captured_at)
            changes = list(differences(stored, wanted.values(), marker.captured_at, self.history_days))
            if write_all(self.table, marker, changes):
                return written + len(changes)
            self.pause(attempt)
        raise StoreUnavailable("DynamoDB: the groups are being captured again and again")

    def _retire_members(self, name: str, moment: str) -> int:
        """Retire the memberships that went with a group, but for users who are being captured at the time."""
        subs = (sub for sub, _ in self.table.stored_members(name))
        written = 0
        while batch := list(islice(subs, MEMBERS_AT_ONCE)):
            endings = self._endings(name, batch, moment)
            # Read behind the markers: whoever joins now is captured later than they say.
            members = self._members(name)
            written += write_guarded(
                self.table, (each for sub, group in endings if sub not in members for each in group)
            )
        return written

    def _members(self, name: str) -> set[str]:
        try:
            return {user.sub for user in self.reader.members(name)}
        except ResourceNotFound:
            return set()

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


def _made_anew(stored: Item, listed: Draft) -> bool:
    """Whether a group is another one than the backup's, which was deleted with all its memberships."""
    before, since = stored.get("created_at", ""), listed.notes.get("created_at", "")
    return bool(before and since) and before != since
