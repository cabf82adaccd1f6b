"""A backup and a standby pool, for tests of what applies the changes of the one to the other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from lifeboat.cognito.changes import PoolChanger
from lifeboat.cognito.pool import PoolFacts, comparable_attributes, settable_attributes
from lifeboat.cognito.states import PoolStates
from lifeboat.model import Group, Membership, User
from lifeboat.store.deletions import Deletions
from lifeboat.store.items import Change, Draft, draft_group, draft_membership, draft_user
from lifeboat.store.keys import Key, group_key, membership_key, user_key
from lifeboat.store.ledger import LATEST, Ledger
from lifeboat.store.standby import StandbyPlaces
from lifeboat.store.table import BackupTable
from lifeboat.sync.standby.groups import StandbyGroups
from lifeboat.sync.standby.users import StandbyUsers
from tests.adapters.pools import SHARD, UNLIMITED, Pool
from tests.unit.examples import AT, EARLIER

PERCENT = 10


def sub_number(number: int) -> str:
    return f"{SHARD}000000-0000-4000-8000-{number:012}"


def person(number: int, **attributes: str) -> User:
    """A confirmed user with a verified address, unless `attributes` says otherwise."""
    sub = sub_number(number)
    given = {"email": f"user{number}@example.com", "email_verified": "true", **attributes}
    return User(sub, f"user{number}", {"sub": sub, **given}, True, "CONFIRMED", EARLIER, EARLIER)


@dataclass
class Standby:
    """The table in the backup Region, and the standby pool."""

    table: BackupTable
    pool: Pool
    facts: PoolFacts = field(init=False)

    def __post_init__(self) -> None:
        self.facts = PoolFacts.of(self.pool.reader().describe())

    @property
    def places(self) -> StandbyPlaces:
        return StandbyPlaces(self.table, self.pool.pool_id)

    @property
    def groups(self) -> StandbyGroups:
        states = PoolStates(self.pool.client, self.pool.pool_id, UNLIMITED)
        changer = PoolChanger(self.pool.client, self.pool.pool_id, UNLIMITED)
        deletions = Deletions(self.table, self.pool.pool_id, PERCENT)
        return StandbyGroups(self.table, self.places, states, changer, deletions)

    @property
    def users(self) -> StandbyUsers:
        groups = self.groups
        return StandbyUsers(
            self.table,
            self.places,
            self.facts,
            groups.states,
            groups.changer,
            groups,
            groups.deletions,
            "",
        )

    # -- what the other Region does to the table -------------------------------------------------

    def put(self, user: User, *groups: str) -> None:
        """Put a user with exactly these groups into the backup."""
        before = self.table.user_with_groups(user_key(user.sub))
        self.table.delete_all(
            membership_key(user.sub, each.group_name) for each in (before[1] if before else [])
        )
        self._write(draft_user(user), *(draft_membership(Membership(user.sub, name)) for name in groups))

    def put_group(self, name: str, **properties: Any) -> None:
        self._write(draft_group(Group(name, **properties)))

    def drop(self, user: User) -> None:
        found = self.table.user_with_groups(user_key(user.sub))
        keys = [membership_key(user.sub, each.group_name) for each in (found[1] if found else [])]
        self.table.delete_all([user_key(user.sub), *keys])

    def drop_group(self, name: str) -> None:
        self.table.delete_all([group_key(name)])

    def listed(self, users: int, groups: int = 0) -> None:
        """The last export listed so many: what the guard reckons from."""
        counts = {"users": {"listed": users}, "groups": {"listed": groups}}
        Ledger(self.table, "export").update(LATEST, {"counts": counts})

    def _write(self, *drafts: Draft) -> None:
        self.table.put_all(draft.item(AT, Change.ADDED) for draft in drafts)

    # -- what must hold --------------------------------------------------------------------------

    def check_same(self, users: Iterable[User]) -> None:
        """The standby pool has exactly these users, as the backup has them."""
        there = self.pool.users()
        wanted = {user.username: user for user in users}
        assert there.keys() == wanted.keys()
        for name, user in wanted.items():
            found = self.table.user_with_groups(user_key(user.sub))
            assert found is not None
            assert comparable_attributes(there[name]) == {
                key: value for key, value in comparable_attributes(user).items() if value
            }
            assert there[name].enabled == user.enabled
            assert self.pool.groups_of(name) == {each.group_name for each in found[1]}

    def items(self, partition: str) -> list[Key]:
        return [Key(item["pk"], item["sk"]) for item in self.table.items(partition)]


def changed(user: User, *gone: str, **attributes: str) -> User:
    """The user with other attributes, and without some."""
    kept = {name: value for name, value in {**user.attributes, **attributes}.items() if name not in gone}
    assert settable_attributes(user)
    return replace(user, attributes=kept)
