"""Capturing one user: reading it from the pool and writing what has changed, as an export writes it.

What caused a capture says only that something about a user has changed. So the order in which causes arrive,
how often they do and how late does not matter, as long as one is handled after the last change. The protocol
that keeps captures and exports apart is described in lifeboat.store.markers; a capture that is stopped at any
point has done no harm and is repeated by whoever asked for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from lifeboat.cognito.reader import PoolReader
from lifeboat.errors import ResourceNotFound, StoreUnavailable
from lifeboat.model import Group, Kind, Membership, User, moment_after
from lifeboat.pacing import stand_back
from lifeboat.store.guarded import after_all, as_read, beginning, ending, guarded, writes_of
from lifeboat.store.items import (
    Change,
    Draft,
    Item,
    draft_group,
    draft_membership,
    draft_user,
    listing_hash,
)
from lifeboat.store.keys import GROUPS_MARKER, Key, marker_key
from lifeboat.store.markers import Marker, Markers, unchanged
from lifeboat.store.table import BackupTable
from lifeboat.store.transactions import Check, Put, Write

ATTEMPTS = 8
"""How often a capture begins again that another one of the same user has overtaken."""

NOTES = ("listing_hash", "created_at")
"""What is kept with an item that later comparisons look at, besides its content."""


@dataclass(frozen=True, slots=True)
class Captured:
    """What a capture found and did.

    `status` is the user's in the pool, "" if it is not there; `known` is whether the backup held it before;
    `written` is how many versions began or ended: of the user, of its memberships, and of groups that were
    not in the backup.
    """

    sub: str
    status: str
    known: bool
    written: int


@dataclass(frozen=True, slots=True)
class UserCapture:
    """Captures users. `captures_mfa` is whether second factors are in the backup."""

    table: BackupTable
    markers: Markers
    reader: PoolReader
    history_days: int
    captures_mfa: Callable[[], bool]
    pause: Callable[[int], None] = stand_back

    def capture(self, sub: str) -> Captured:
        """Bring the backup's user up to date with the pool's.

        Raises a LifeboatError when that is not sure to have happened; repeating it is safe.
        """
        for attempt in range(ATTEMPTS):
            marker = self.markers.touch(marker_key(sub))
            # Everything is read after the marker was counted up, so later than whatever was written before.
            of_groups = self.markers.of_groups()
            stored = self.table.items_of_user(sub)
            user, drafts, groups = self._read(sub)
            known = bool(stored)
            at = _later(marker, of_groups)
            changes = list(differences(stored, drafts, at, self.history_days))
            also: tuple[Check, ...] = ()
            if any(draft.kind is Kind.MEMBERSHIP and draft.key not in stored for draft in drafts):
                also = (unchanged(GROUPS_MARKER, of_groups),)
                changes = [*self._unknown(groups, at), *changes]
            if write_all(self.table, marker, changes, also):
                return Captured(sub, user.status if user else "", known, len(changes))
            self.pause(attempt)
        raise StoreUnavailable("DynamoDB: a user is being captured again and again")

    def _unknown(self, groups: list[Group], at: str) -> Iterator[tuple[Write, ...]]:
        """The groups that the backup does not have: only of those that it has, it is seen that they go."""
        drafts = {draft.key: draft for draft in map(draft_group, groups)}
        held = {Key(item["pk"], item["sk"]) for item in self.table.get_all(drafts)}
        for key, draft in drafts.items():
            if key not in held:
                yield beginning(draft, None, at, self.history_days)

    def _read(self, sub: str) -> tuple[User | None, list[Draft], list[Group]]:
        """The user as the pool has it, its items and its groups; nothing if the pool does not have it."""
        user = self._look_up(sub)
        if user is None:
            return None, [], []
        try:
            groups = self.reader.groups_joined(user.username)
            draft = self._draft(user)
        except ResourceNotFound:  # deleted since it was looked up
            return None, [], []
        return user, [draft, *(draft_membership(Membership(sub, group.name)) for group in groups)], groups

    def _look_up(self, sub: str) -> User | None:
        # Listings are eventually consistent, so a user is not gone on the word of one.
        for _ in range(2):
            user = self.reader.user_where("sub", sub)
            if user is not None:
                return user
        return None

    def _draft(self, user: User) -> Draft:
        if not self.captures_mfa():
            return draft_user(user)
        # What changed may be the second factors, of which a listing shows nothing: they are always read.
        return draft_user(self.reader.with_mfa(user), listing_hash(user))


def differences(
    stored: Mapping[Key, Item], wanted: Iterable[Draft], moment: str, history_days: int
) -> Iterator[tuple[Write, ...]]:
    """The writes that make items what they should be, one change after the other.

    Versions begin and end at `moment`, or just after the latest version among them began.
    """
    at = after_all(moment, stored.values())
    drafts = {draft.key: draft for draft in wanted}
    for key, item in stored.items():
        if key not in drafts:
            yield ending(item, at, history_days)
    for key, draft in drafts.items():
        held = stored.get(key)
        if held is None or held["content_hash"] != draft.content_hash:
            yield beginning(draft, held, at, history_days)
        elif any(held.get(name) != draft.notes.get(name) for name in NOTES):
            item = draft.item(str(held["valid_from"]), Change(held["change"]))
            yield (Put(item, as_read(held)),)


def write_all(
    table: BackupTable, marker: Marker, changes: Iterable[tuple[Write, ...]], also: tuple[Check, ...] = ()
) -> bool:
    """Write changes while nobody else begins a capture, and what is checked `also` stands; False if not."""
    return all(table.transact(writes_of([group])) for group in guarded(marker.unchanged, changes, also))


def _later(marker: Marker, of_groups: Marker | None) -> str:
    """When a capture began, but behind the last capture of groups: that may have ended what begins again."""
    if of_groups is None or of_groups.captured_at < marker.captured_at:
        return marker.captured_at
    return moment_after(of_groups.captured_at, 0.001)
