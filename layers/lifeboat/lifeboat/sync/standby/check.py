"""Comparing the standby pool with the backup, user by user, and putting right what differs.

What events keep up to date is repaired here: the first filling, a pause longer than the stream lasts (24
hours), what went to the dead-letter queue, and what somebody changed in the standby pool by hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NotRequired, TypedDict

from lifeboat.errors import InvalidInput
from lifeboat.pacing import Deadline
from lifeboat.store.keys import SHARDS
from lifeboat.store.stream import Subject
from lifeboat.sync.standby.groups import Applied
from lifeboat.sync.standby.records import THREADS, Outcome, StandbyChanges

MODES = ("COMPARE", "REPAIR", "LOOK")


class CheckTask(TypedDict):
    """What an operator asks for.

    COMPARE reads the table only: what the backup says against what was applied. REPAIR applies what differs.
    LOOK looks at each user in the pool, which makes it a billed monthly active user, and repairs.
    `Next` is the answer's, to go on where the last call ended.
    """

    Mode: str
    Next: NotRequired[str]


class Checked(TypedDict):
    """How far it came (`Next` is the shard to go on with, "" at the end), and what it found on the way."""

    Mode: str
    Next: str
    Users: int
    Differing: int
    Repaired: int
    Failed: int
    Held: int


@dataclass(frozen=True, slots=True)
class StandbyCheck:
    """Checks one standby pool."""

    changes: StandbyChanges

    def check(self, task: CheckTask, deadline: Deadline) -> Checked:
        """Check shard after shard until all are done or time runs short. Raises InvalidInput."""
        mode, shard = task.get("Mode", ""), task.get("Next", "")
        if mode not in MODES:
            raise InvalidInput("Mode", "must be COMPARE, REPAIR or LOOK")
        if shard and shard not in SHARDS:
            raise InvalidInput("Next", "must be what an earlier call answered")
        checked: Checked = {
            "Mode": mode,
            "Next": "",
            "Users": 0,
            "Differing": 0,
            "Repaired": 0,
            "Failed": 0,
            "Held": len(self.changes.users.places.held()),
        }
        if not shard and mode != "COMPARE":
            self._groups(checked, deadline)
        for each in SHARDS[SHARDS.index(shard) if shard else 0 :]:
            checked["Next"] = each
            if deadline.near() or not self._shard(each, checked, deadline):
                return checked
        checked["Next"] = ""
        return checked

    def _groups(self, checked: Checked, deadline: Deadline) -> None:
        names = {Subject(group=group.name): None for group in self.changes.users.table.groups()}
        self._count(self.changes.apply(names, deadline), checked)

    def _shard(self, shard: str, checked: Checked, deadline: Deadline) -> bool:
        """Check one shard; False if the time did not suffice, so that it is to be checked again."""
        users = self.changes.users
        places = {place.sub: place for place in users.places.of_shard(shard)}
        known: list[str] = []
        differing: list[str] = []
        for user, memberships in users.table.users_with_groups(shard):
            if user is None or user.federated:
                continue
            known.append(user.sub)
            place = places.pop(user.sub, None)
            if place is None or place.applied != users.wanted(user, memberships).digest(users.facts):
                differing.append(user.sub)
        deleted = [sub for sub, place in places.items() if not place.held]
        checked["Users"] += len(known)
        checked["Differing"] += len(differing) + len(deleted)
        if checked["Mode"] == "COMPARE":
            return True
        subs = [*(known if checked["Mode"] == "LOOK" else differing), *deleted]
        for start in range(0, len(subs), 10 * THREADS):
            if deadline.near():
                return False
            outcomes = self.changes.bring(subs[start : start + 10 * THREADS], deadline)
            self._count(outcomes, checked)
        return True

    @staticmethod
    def _count(outcomes: list[Outcome], checked: Checked) -> None:
        for each in outcomes:
            checked["Failed"] += each.applied is None
            checked["Repaired"] += each.applied in (Applied.CREATED, Applied.CHANGED, Applied.DELETED)
