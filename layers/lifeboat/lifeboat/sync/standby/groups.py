"""Bringing a group of the standby pool to what the backup says of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from lifeboat.cognito.changes import PoolChanger
from lifeboat.cognito.states import PoolStates
from lifeboat.errors import GroupExists, StoreUnavailable
from lifeboat.model import Group, Kind, now
from lifeboat.store.deletions import Deletions
from lifeboat.store.items import group_from
from lifeboat.store.keys import group_key
from lifeboat.store.standby import StandbyPlaces
from lifeboat.store.table import BackupTable

ATTEMPTS = 5
"""How often somebody else's work on the same user or group is followed by another look."""


class Applied(StrEnum):
    """What applying came to. LEFT_OUT: no API can create it (federated users)."""

    UNCHANGED = "unchanged"
    CREATED = "created"
    CHANGED = "changed"
    DELETED = "deleted"
    HELD = "held"
    LEFT_OUT = "left out"


@dataclass(frozen=True, slots=True)
class StandbyGroups:
    """The groups of one standby pool."""

    table: BackupTable
    places: StandbyPlaces
    states: PoolStates
    changer: PoolChanger
    deletions: Deletions

    def apply(self, name: str, permitted: bool = False) -> Applied:
        """Create, change or delete a group; `permitted` deletes whatever the guard says."""
        done = Applied.UNCHANGED
        for _ in range(ATTEMPTS):
            target = self._target(name)
            before, done = done, self._apply(name, target, permitted)
            if done is Applied.UNCHANGED:
                done = before
            if done in (Applied.UNCHANGED, Applied.HELD) or self._target(name) == target:
                return done
        raise StoreUnavailable("DynamoDB: the backup's group keeps changing")

    def ensure(self, name: str) -> bool:
        """Create a group that a member is to be added to; False if the backup does not have it."""
        target = self._target(name)
        if target is not None:
            self._create(target)
        return target is not None

    def _target(self, name: str) -> Group | None:
        item = self.table.get(group_key(name))
        return None if item is None else group_from(item)

    def _apply(self, name: str, target: Group | None, permitted: bool) -> Applied:
        there = self.states.group(name)
        if target is None:
            return self._delete(name, permitted) if there else self._nothing_to_delete(name)
        self._nothing_to_delete(name)
        if there is None:
            self._create(target)
            return Applied.CREATED
        if _comparable(there) == _comparable(target):
            return Applied.UNCHANGED
        self.changer.change_group(target)
        return Applied.CHANGED

    def _create(self, target: Group) -> None:
        try:
            self.changer.create_group(target)
        except GroupExists:
            self.changer.change_group(target)

    def _delete(self, name: str, permitted: bool) -> Applied:
        if not (permitted or self.deletions.pass_one(Kind.GROUP, now())):
            self.places.hold(Kind.GROUP, name)
            return Applied.HELD
        self.changer.delete_group(name)
        self.places.let_go(Kind.GROUP, name)
        return Applied.DELETED

    def _nothing_to_delete(self, name: str) -> Applied:
        self.places.let_go(Kind.GROUP, name)
        return Applied.UNCHANGED


def _comparable(group: Group) -> tuple[str, int | None, str | None]:
    """An empty description is none."""
    return group.description or "", group.precedence, group.role_arn
