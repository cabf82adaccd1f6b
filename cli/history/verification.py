"""A pool compared with the backup, user by user, as it is at this moment.

The pool that is backed up must be what the backup says, user by user by its sub. In another pool the users
are those that an import has restored: they have other subs, and the statuses that a restore can bring about,
so they are matched and judged as the import's own verification does. What is held in memory of a user is a
digest of its fields and the names of its groups; who differs is read once more.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeVar, cast

from cli.history.fields import changes, group_fields
from cli.terminal.counting import Advance
from lifeboat.cognito.pool import PoolFacts, wanted
from lifeboat.cognito.reader import PoolReader
from lifeboat.errors import ResourceNotFound
from lifeboat.model import Group, Membership, User
from lifeboat.restore.comparison.expectation import Fingerprint, differing_fields, digest, expected, found
from lifeboat.restore.memberships import at_sign_in
from lifeboat.restore.tasks import Run
from lifeboat.store.backup import Backup
from lifeboat.store.keys import SHARDS, shard_of

Thing = TypeVar("Thing")

READERS: Final = 8
"""Shards of the backup, or groups of the pool, that are read side by side."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How a pool's users are compared. `exact` is for the pool that is backed up itself.

    `source_sub_attribute`, `arn_map` and `memberships_given` are those of the import that filled the pool.
    """

    facts: PoolFacts
    exact: bool
    source_sub_attribute: str = ""
    memberships_given: str = ""
    arn_map: Mapping[str, str] = field(default_factory=dict)

    def wanted(self, user: User, groups: Iterable[str]) -> Fingerprint | None:
        """What the pool should show for a user of the backup; None for whom no import can create."""
        if self.exact:
            return self._as_is(user, groups)
        if user.federated:
            return None
        new = wanted(user, self.facts, self.source_sub_attribute)
        later = at_sign_in(cast(Run, {"Memberships": self.memberships_given or "NOW"}), new)
        return expected(new, groups, self.facts, later)

    def shown(self, user: User, groups: Iterable[str]) -> Fingerprint:
        """What the pool shows of a user."""
        if self.exact:
            return self._as_is(user, groups)
        return {**found(user, self.facts), "groups": sorted(groups)}

    def join(self, user: User) -> str:
        """What the backup's user and the pool's have in common."""
        return user.sub if self.exact else digest(self.facts.join_key(user))

    def _as_is(self, user: User, groups: Iterable[str]) -> Fingerprint:
        shown = found(user, self.facts)
        fields = {**shown["fields"], "status": user.status}
        return {**shown, "join": user.sub, "fields": fields, "groups": sorted(groups)}


@dataclass(frozen=True, slots=True)
class Verification:
    """What the comparison has found. Lists name users by sub, those of the pool by the pool's."""

    in_backup: int
    in_pool: int
    equal: int
    memberships: int
    federated: int
    different: list[dict[str, Any]]
    missing: list[str]
    unexpected: list[str]
    groups: list[dict[str, Any]]
    groups_in_backup: int

    @property
    def fine(self) -> bool:
        """Whether the pool is as the backup says."""
        return not (self.different or self.missing or self.unexpected or self.groups)

    def fields(self) -> Counter[str]:
        """In how many users each field differs; all groups count as one field."""
        names = ({_kind(name) for name in each["fields"]} for each in self.different)
        return Counter(name for each in names for name in each)

    def document(self, listed: bool) -> dict[str, Any]:
        """The verification as JSON has it."""
        document: dict[str, Any] = {
            "equal": self.fine,
            "users": {
                "in_backup": self.in_backup,
                "in_pool": self.in_pool,
                "equal": self.equal,
                "different": len(self.different),
                "missing": len(self.missing),
                "unexpected": len(self.unexpected),
                "federated": self.federated,
            },
            "memberships": {"equal": self.memberships},
            "groups": {"in_backup": self.groups_in_backup, "different": len(self.groups)},
            "fields": dict(self.fields().most_common()),
        }
        if listed:
            document |= {
                "different": self.different,
                "missing": self.missing,
                "unexpected": self.unexpected,
                "different_groups": self.groups,
            }
        return document


@dataclass(frozen=True, slots=True)
class _Held:
    """What is kept of a user of the backup while the pool is listed."""

    sub: str
    fields: bytes
    groups: frozenset[str]
    later: bool


def verify(backup: Backup, reader: PoolReader, rules: Rules, advance: Advance) -> Verification:
    """Compare. `advance` is told of users and members listed, and of users of the backup read.

    Changes that are made to the pool meanwhile may be seen or not. Raises ResourceNotFound if there is no
    such pool.
    """
    there = list(reader.groups())
    groups = _memberships(reader, there, rules, advance)
    held = _backed_up(backup, rules, advance)
    in_backup = len(held)
    differing: dict[str, Fingerprint] = {}
    unexpected: list[str] = []
    in_pool = equal = memberships = federated = 0
    for user in _told(reader.users(), advance):
        in_pool += 1
        shown = rules.shown(user, groups.get(rules.join(user), ()))
        expectation = held.pop(shown["join"], None)
        if expectation is None:
            if user.federated and not rules.exact:
                federated += 1  # appears when the user signs in: no import brings it
            else:
                unexpected.append(user.sub)
            continue
        memberships += len(expectation.groups.intersection(shown["groups"]))
        if _same(expectation, shown):
            equal += 1
        else:
            differing[expectation.sub] = shown
    return Verification(
        in_backup=in_backup,
        in_pool=in_pool,
        equal=equal,
        memberships=memberships,
        federated=federated,
        different=sorted(_named(backup, differing, rules), key=lambda each: str(each["sub"])),
        missing=sorted(each.sub for each in held.values()),
        unexpected=sorted(unexpected),
        groups=_groups(backup, there, rules.arn_map),
        groups_in_backup=sum(1 for _ in backup.groups()),
    )


def _memberships(
    reader: PoolReader, groups: Iterable[Group], rules: Rules, advance: Advance
) -> Mapping[str, set[str]]:
    """The names of the groups of each member, by what joins the two sides."""
    by_user: defaultdict[str, set[str]] = defaultdict(set)

    def members(name: str) -> tuple[str, list[str]]:
        try:
            return name, [rules.join(user) for user in _told(reader.members(name), advance)]
        except ResourceNotFound:  # deleted since the groups were listed
            return name, []

    with ThreadPoolExecutor(READERS) as executor:
        for name, joins in executor.map(members, [group.name for group in groups]):
            for join in joins:
                by_user[join].add(name)
    return by_user


def _backed_up(backup: Backup, rules: Rules, advance: Advance) -> dict[str, _Held]:
    """The users of the backup by what joins the two sides."""

    def of_shard(shard: str) -> dict[str, _Held]:
        users = _told(backup.users_with_groups(shard), advance)
        wanted = (_of(user, memberships, rules) for user, memberships in users if user is not None)
        return {each["join"]: _held(each, alike) for each in wanted if each is not None}

    alike: dict[frozenset[str], frozenset[str]] = {}  # many users are in the same groups
    everybody: dict[str, _Held] = {}
    with ThreadPoolExecutor(READERS) as executor:
        for held in executor.map(of_shard, SHARDS):
            everybody.update(held)
    return everybody


def _held(fingerprint: Fingerprint, alike: dict[frozenset[str], frozenset[str]]) -> _Held:
    groups = frozenset(fingerprint["groups"])
    shared = alike.setdefault(groups, groups)
    return _Held(fingerprint["sub"], _digest(fingerprint), shared, fingerprint.get("at_sign_in", False))


def _of(user: User, memberships: Collection[Membership], rules: Rules) -> Fingerprint | None:
    return rules.wanted(user, (each.group_name for each in memberships))


def _digest(fingerprint: Fingerprint) -> bytes:
    return hashlib.sha256(json.dumps(fingerprint["fields"], sort_keys=True).encode()).digest()[:16]


def _same(held: _Held, shown: Fingerprint) -> bool:
    groups = frozenset(shown["groups"])
    return held.fields == _digest(shown) and (groups == held.groups or (held.later and groups < held.groups))


def _named(backup: Backup, differing: Mapping[str, Fingerprint], rules: Rules) -> Iterator[dict[str, Any]]:
    """In which fields users differ: their shards are read once more."""
    for shard in sorted({shard_of(sub) for sub in differing}):
        for user, memberships in backup.users_with_groups(shard):
            if user is None or user.sub not in differing:
                continue
            expectation, shown = _of(user, memberships, rules), differing[user.sub]
            fields = [] if expectation is None else differing_fields(expectation, shown)
            if fields:  # none if the backup has been written meanwhile
                yield {"sub": user.sub, "pool_sub": shown["sub"], "fields": fields}


def _groups(backup: Backup, there: Iterable[Group], arn_map: Mapping[str, str]) -> list[dict[str, Any]]:
    found_groups = {group.name: group for group in there}
    different: list[dict[str, Any]] = []
    for group in backup.groups():
        role = group.role_arn
        should = replace(group, role_arn=arn_map.get(role, role) if role else role)
        has = found_groups.pop(group.name, None)
        if has is None:
            different.append({"group": group.name, "fields": ["missing"]})
        elif has != should:
            fields = [each.field for each in changes(group_fields(should), group_fields(has))]
            different.append({"group": group.name, "fields": fields})
    return different + [{"group": name, "fields": ["not in the backup"]} for name in sorted(found_groups)]


def _kind(field_name: str) -> str:
    """A field's name, without the name of a group."""
    for kind in ("not in group", "unexpectedly in group"):
        if field_name.startswith(f"{kind} "):
            return kind
    return field_name


def _told(things: Iterable[Thing], advance: Callable[[int], None]) -> Iterator[Thing]:
    """The same things, each told of as it comes."""
    for thing in things:
        advance(1)
        yield thing
