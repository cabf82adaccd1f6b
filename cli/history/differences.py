"""What changed in the backup between two moments: users, groups, memberships, the pool's configuration."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, Literal

from cli.history.exports import State
from cli.history.fields import changes, group_fields, user_fields
from cli.terminal.counting import Advance
from lifeboat.model import Kind
from lifeboat.store.backup import Backup
from lifeboat.store.items import Item, group_from, membership_from, user_from
from lifeboat.store.keys import GROUPS, SHARDS, user_partition

READERS: Final = 8
"""Shards that are compared side by side."""

Change = Literal["added", "changed", "removed"]

KINDS: Final = (Kind.USER, Kind.GROUP, Kind.MEMBERSHIP, Kind.POOL)

PARTITIONS: Final = len(SHARDS) + 2
"""What is read: the shards, the groups, the configuration."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs. `fields` are names only, of what changed; `username` is the later one."""

    kind: Kind
    change: Change
    sub: str = ""
    group: str = ""
    part: str = ""
    fields: tuple[str, ...] = ()
    username: str = ""

    def document(self, usernames: bool) -> dict[str, Any]:
        """The difference as JSON has it, without what it has nothing of."""
        named = {"sub": self.sub, "group": self.group, "part": self.part}
        document: dict[str, Any] = {"kind": self.kind.value, "change": self.change}
        document |= {name: value for name, value in named.items() if value}
        if self.fields:
            document["fields"] = list(self.fields)
        if usernames and self.username:
            document["username"] = self.username
        return document


@dataclass(frozen=True, slots=True)
class Comparison:
    """All differences, and how many items of each kind are the same."""

    differences: list[Difference]
    unchanged: Mapping[str, int]

    def counts(self) -> dict[str, dict[str, int]]:
        """How many were added, changed, removed, and are unchanged, by kind."""
        found = Counter((each.kind, each.change) for each in self.differences)
        return {
            kind.value: {
                "added": found[kind, "added"],
                "changed": found[kind, "changed"],
                "removed": found[kind, "removed"],
                "unchanged": self.unchanged.get(kind.value, 0),
            }
            for kind in KINDS
        }


def compare(before: State, after: State, advance: Advance) -> Comparison:
    """Compare two states of the backup. `advance` is told of each partition that is done, of PARTITIONS."""
    unchanged: Counter[str] = Counter()

    def of_partition(partition: str) -> tuple[list[Difference], Counter[str]]:
        same: Counter[str] = Counter()
        found = list(_items(before.backup, after.backup, partition, same))
        advance(1)
        return found, same

    differences: list[Difference] = []
    with ThreadPoolExecutor(READERS) as executor:
        for found, same in executor.map(of_partition, [*map(user_partition, SHARDS), GROUPS]):
            differences += found
            unchanged += same
    differences += _configurations(before.backup, after.backup, unchanged)
    advance(1)
    order = {kind: place for place, kind in enumerate(KINDS)}
    differences.sort(key=lambda each: (order[each.kind], each.change, each.part, each.sub, each.group))
    return Comparison(differences, unchanged)


def _items(before: Backup, after: Backup, partition: str, same: Counter[str]) -> Iterator[Difference]:
    """The differences of one partition of users and memberships, or of that of the groups."""
    earlier = {str(item["sk"]): item for item in before.items(partition, consistent=True)}
    for item in after.items(partition, consistent=True):
        old = earlier.pop(str(item["sk"]), None)
        if old is None:
            yield _difference(item, "added")
            continue
        # A hash may differ where a later release keeps more of a user; only what a person sees counts.
        fields = _changed(old, item) if old["content_hash"] != item["content_hash"] else ()
        if fields:
            yield _difference(item, "changed", fields)
        else:
            same[item["kind"]] += 1
    for item in earlier.values():
        yield _difference(item, "removed")


def _changed(before: Item, after: Item) -> tuple[str, ...]:
    if after["kind"] == Kind.USER.value:
        pair = user_fields(user_from(before)), user_fields(user_from(after))
    elif after["kind"] == Kind.GROUP.value:
        pair = group_fields(group_from(before)), group_fields(group_from(after))
    else:
        return ()
    return tuple(each.field for each in changes(*pair))


def _difference(item: Item, change: Change, fields: Iterable[str] = ()) -> Difference:
    kind = Kind(item["kind"])
    if kind is Kind.GROUP:
        return Difference(kind, change, group=str(item["name"]), fields=tuple(fields))
    if kind is Kind.MEMBERSHIP:
        membership = membership_from(item)
        return Difference(kind, change, sub=membership.sub, group=membership.group_name)
    return Difference(
        kind, change, sub=str(item["sub"]), fields=tuple(fields), username=str(item["username"])
    )


def _configurations(before: Backup, after: Backup, same: Counter[str]) -> Iterator[Difference]:
    earlier, later = before.configurations(), after.configurations()
    for name in sorted(earlier.keys() | later.keys()):
        old, new = earlier.get(name), later.get(name)
        if new is None:
            yield Difference(Kind.POOL, "removed", part=name)
        elif old is None:
            yield Difference(Kind.POOL, "added", part=name)
        elif old.document == new.document:
            same[Kind.POOL.value] += 1
        else:
            fields = tuple(each.field for each in changes(old.document, new.document))
            yield Difference(Kind.POOL, "changed", part=name, fields=fields)
