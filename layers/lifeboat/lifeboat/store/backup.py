"""What a restore reads of the backup, at whatever moment: users with their groups, groups, configuration."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator

from lifeboat.model import Group, Kind, Membership, PoolConfiguration, User
from lifeboat.store.configurations import joined_all
from lifeboat.store.items import Item, group_from, membership_from, user_from
from lifeboat.store.keys import GROUPS, POOL, user_partition


class Backup(ABC):
    """The backup as it is (BackupTable) or as it was (AsOf)."""

    @abstractmethod
    def items(self, partition: str, consistent: bool = False) -> Iterator[Item]:
        """The items of a partition, each under the key that it has or had there."""

    def groups(self) -> Iterator[Group]:
        """All groups, by name."""
        for item in sorted(self.items(GROUPS), key=lambda item: str(item["name"])):
            yield group_from(item)

    def users_with_groups(self, shard: str) -> Iterator[tuple[User | None, list[Membership]]]:
        """The users of a shard, each with its memberships.

        Items of one user need not lie next to each other when another sub begins with the same
        characters, so a shard is gathered before it is given out. Memberships whose user is not in
        the backup come with None.
        """
        users: dict[str, User] = {}
        memberships: dict[str, list[Membership]] = {}
        for item in self.items(user_partition(shard)):
            if item["kind"] == Kind.USER.value:
                users[item["sub"]] = user_from(item)
            else:
                membership = membership_from(item)
                memberships.setdefault(membership.sub, []).append(membership)
        for sub, user in users.items():
            yield user, memberships.pop(sub, [])
        for orphans in memberships.values():
            yield None, orphans

    def configurations(self) -> dict[str, PoolConfiguration]:
        """All parts of the pool's configuration, by name."""
        return joined_all(self.items(POOL, consistent=True))
