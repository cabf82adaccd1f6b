"""Captures and exports beside each other in one process, one read or write at a time in a drawn order.

Every actor is a thread that waits for its turn before each request to the pool or the table, so that whatever
order of requests AWS might see can be tried, and tried again from its seed.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from lifeboat.cognito.reader import Listed, PoolReader
from lifeboat.errors import ResourceNotFound
from lifeboat.model import Group, Membership, User, instant, moment_after
from lifeboat.store.items import Draft, Item, draft_group, draft_membership, draft_user
from lifeboat.store.keys import GROUPS, Key, marker_key, membership_key, user_key
from lifeboat.store.live_writer import LiveVersionWriter
from lifeboat.store.markers import Marker, Markers, captured_since
from lifeboat.store.table import BackupTable, StoredVersion
from lifeboat.store.transactions import Check, Delete, Expected, Put, Write
from lifeboat.sync.capture.groups import GroupCapture
from lifeboat.sync.capture.users import UserCapture
from tests.unit.examples import PLENTY, USER

BEGINNING = datetime(2026, 3, 1, 12, tzinfo=UTC)
TURN_SECONDS = 20
"""What a turn takes: a few of them are longer than two clocks may be apart."""


GROUP_CHANGES = ("group", "ungroup", "again")


class Turns:
    """Lets one actor at a time go on with its next request."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._actors: dict[int, tuple[threading.Semaphore, threading.Semaphore]] = {}
        self._finished: set[int] = set()
        self._slow: dict[int, int] = {}
        self._mine = threading.local()
        self._problems: list[BaseException] = []
        self.count = 0

    @property
    def moment(self) -> str:
        return instant(BEGINNING + timedelta(seconds=self.count * TURN_SECONDS))

    def take(self) -> None:
        """Wait for the next turn; outside of `run` there is nothing to wait for."""
        self.count += 1
        number = getattr(self._mine, "number", None)
        if number is not None:
            go, done = self._actors[number]
            done.release()
            go.acquire()

    def run(self, actors: Iterable[Callable[[], None]]) -> None:
        """Run actors until all have ended, and raise what one of them raised."""
        threads = []
        for number, actor in enumerate(actors):
            self._actors[number] = (threading.Semaphore(0), threading.Semaphore(0))
            threads.append(threading.Thread(target=self._act, args=(number, actor), daemon=True))
            threads[-1].start()
            self._actors[number][1].acquire()
        while waiting := sorted(self._actors.keys() - self._finished):
            go, done = self._actors[self._next(waiting)]
            go.release()
            done.acquire()
        for thread in threads:
            thread.join()
        self._actors.clear()
        self._finished.clear()
        if self._problems:
            raise self._problems[0]

    def _next(self, waiting: list[int]) -> int:
        """Whose turn it is. Now and then somebody is slow, and others go on for a while."""
        if self._random.random() < 0.1:
            self._slow[self._random.choice(waiting)] = self.count + self._random.randrange(80)
        quick = [number for number in waiting if self._slow.get(number, 0) <= self.count]
        return self._random.choice(quick or waiting)

    def _act(self, number: int, actor: Callable[[], None]) -> None:
        self._mine.number = number
        try:
            self.take()
            actor()
        except BaseException as error:
            self._problems.append(error)
        finally:
            self._finished.add(number)
            self._actors[number][1].release()


class MemoryTable:
    """The part of BackupTable that captures and exports use, each request a turn of its own."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self.held: dict[Key, Item] = {}

    def get_all(self, keys: Iterable[Key]) -> Iterator[Item]:
        self._turns.take()
        found = [dict(self.held[key]) for key in keys if key in self.held]
        return iter(found)

    def items(self, partition: str, consistent: bool = False) -> Iterator[Item]:
        self._turns.take()
        return iter([dict(item) for key, item in sorted(self.held.items()) if key.pk == partition])

    def items_of_user(self, sub: str) -> dict[Key, Item]:
        return {
            Key(each["pk"], each["sk"]): each for each in self.items(user_key(sub).pk) if each["sub"] == sub
        }

    def stored_members(self, group: str) -> Iterator[tuple[str, StoredVersion]]:
        self._turns.take()
        return iter(
            [(item["sub"], version(item)) for item in self._items() if item.get("member_of") == group]
        )

    def stored(self, kind: str, name: str) -> dict[str, StoredVersion]:
        self._turns.take()
        return {item[name]: version(item) for item in self._items() if item["kind"] == kind}

    def retired_groups(self) -> set[str]:
        self._turns.take()
        return {str(item["name"]) for key, item in self.held.items() if key.pk == f"HISTORY#{GROUPS}"}

    def transact(self, writes: Iterable[Write]) -> bool:
        self._turns.take()
        wanted = list(writes)
        keys = [write.key for write in wanted]
        assert len(set(keys)) == len(keys) <= 100
        if not all(self._as_expected(write.key, write.expected) for write in wanted):
            return False
        for write in wanted:
            if isinstance(write, Put):
                self.held[write.key] = write.item
            elif isinstance(write, Delete):
                del self.held[write.key]
            else:
                assert isinstance(write, Check)
        return True

    def _items(self) -> list[Item]:
        return [
            item for key, item in sorted(self.held.items()) if not key.pk.startswith(("HISTORY", "CAPTURE"))
        ]

    def _as_expected(self, key: Key, expected: Expected | None) -> bool:
        if expected is None:
            return True
        item = self.held.get(key)
        if not expected:
            return item is None
        return item is not None and all(item[name] == value for name, value in expected.items())


class MemoryMarkers(Markers):
    """Markers of a MemoryTable."""

    def __init__(self, table: MemoryTable, turns: Turns) -> None:
        super().__init__(cast(BackupTable, table))
        object.__setattr__(self, "_memory", (table, turns))
        object.__setattr__(self, "underway", {})

    def touch(self, key: Key) -> Marker:
        table, turns = self._memory
        turns.take()
        held = table.held.get(key, {"rev": 0, "captured_at": ""})
        at = turns.moment
        if held["captured_at"] >= at:
            at = moment_after(held["captured_at"], 0.001)
        table.held[key] = {"pk": key.pk, "sk": key.sk, "rev": held["rev"] + 1, "captured_at": at}
        self.underway[threading.get_ident()] = at
        return Marker(key, held["rev"] + 1, at)

    def since(self, shard: str, moment: str, after: str = "") -> Iterator[str]:
        table, turns = self._memory
        turns.take()
        for key, item in sorted(table.held.items()):
            if key.pk == f"CAPTURE#{shard}" and item["captured_at"] >= moment and key.sk > after:
                yield key.sk

    underway: dict[int, str]
    """When the captures that are underway began, by thread."""
    _memory: Any


def named(sub: str, name: str) -> User:
    return replace(USER, sub=sub, username=f"u-{sub}", attributes={"sub": sub, "name": name})


def version(item: Item) -> StoredVersion:
    return StoredVersion(item["content_hash"], item["valid_from"], item["change"])


@dataclass
class MemoryPool:
    """A pool and how it is read, each request a turn of its own; whatever was true of it is noted."""

    turns: Turns

    def __post_init__(self) -> None:
        self.users: dict[str, User] = {}
        self.memberships: set[tuple[str, str]] = set()
        self.all_groups: dict[str, Group] = {}
        self.ever: set[tuple[Key, str]] = set()

    def drafts(self) -> dict[Key, Draft]:
        """What the backup should hold."""
        every = [
            *map(draft_user, self.users.values()),
            *map(draft_group, self.all_groups.values()),
            *(draft_membership(Membership(sub, name)) for sub, name in self.memberships),
        ]
        return {draft.key: draft for draft in every}

    def change(self, chance: random.Random, subs: list[str]) -> str:
        """One change; returns the sub it is about, "" for the groups."""
        self.turns.take()
        sub = chance.choice(subs)
        what = chance.choice(["user", "user", "user", "gone", "join", "join", "leave", *GROUP_CHANGES])
        group = chance.choice(["a", "b"])
        if what == "user":
            name = chance.choice(["Ann", "Anna"])
            self.users[sub] = replace(
                USER, sub=sub, username=f"u-{sub}", attributes={"sub": sub, "name": name}
            )
        elif what == "gone":
            self.users.pop(sub, None)
            self.memberships = {(each, of) for each, of in self.memberships if each != sub}
        elif what == "join" and sub in self.users and group in self.all_groups:
            self.memberships.add((sub, group))
        elif what == "leave":
            self.memberships.discard((sub, group))
        elif what == "group":
            made = self.all_groups[group].created_at if group in self.all_groups else self.turns.moment
            self.all_groups[group] = Group(group, precedence=chance.randrange(2), created_at=made)
            sub = ""
        elif what in ("ungroup", "again"):
            self.all_groups.pop(group, None)
            self.memberships = {(each, of) for each, of in self.memberships if of != group}
            if what == "again":
                self.all_groups[group] = Group(group, precedence=0, created_at=self.turns.moment)
            sub = ""
        self.note()
        return sub

    def note(self) -> None:
        """Keep in mind what is true now."""
        self.ever |= {(key, draft.content_hash) for key, draft in self.drafts().items()}

    # -- as PoolReader reads it

    def user_where(self, attribute: str, value: str) -> User | None:
        assert attribute == "sub"
        self.turns.take()
        return self.users.get(value)

    def groups_joined(self, username: str) -> list[Group]:
        self.turns.take()
        sub = username.removeprefix("u-")
        if sub not in self.users:
            raise ResourceNotFound("AdminListGroupsForUser", "UserNotFoundException")
        return [self.all_groups[name] for each, name in sorted(self.memberships) if each == sub]

    def group_pages(self) -> Iterator[Listed[Group]]:
        self.turns.take()
        return iter([Listed(list(self.all_groups.values()), "")])

    def group(self, name: str) -> Group | None:
        self.turns.take()
        return self.all_groups.get(name)

    def members(self, name: str) -> Iterator[User]:
        for page in self.member_pages(name):
            yield from page.entries

    def member_pages(self, name: str) -> Iterator[Listed[User]]:
        self.turns.take()
        if name not in self.all_groups:
            raise ResourceNotFound("ListUsersInGroup", "ResourceNotFoundException")
        yield Listed([self.users[sub] for sub, of in sorted(self.memberships) if of == name], "")

    def list_users(self) -> list[User]:
        self.turns.take()
        return list(self.users.values())

    def list_members(self, name: str) -> list[str]:
        self.turns.take()
        return sorted(sub for sub, of in self.memberships if of == name)


class World:
    """A pool, its backup, and who keeps the backup up to date."""

    def __init__(self, seed: int) -> None:
        self.turns = Turns(seed)
        self.chance = random.Random(seed + 1)
        self.memory = MemoryTable(self.turns)
        self.table = cast(BackupTable, self.memory)
        self.markers = MemoryMarkers(self.memory, self.turns)
        self.pool = MemoryPool(self.turns)
        reader = cast(PoolReader, self.pool)
        self.users = UserCapture(self.table, self.markers, reader, 35, lambda: False, self.pause)
        self.groups = GroupCapture(self.table, self.markers, reader, 35, pause=self.pause)
        self.events: list[str] = []
        self.changing = True
        self.drift: Counter[str] = Counter()

    def fill(self, subs: list[str]) -> None:
        """Let there be users, groups and memberships, and a backup of them from some time ago."""
        self.pool.all_groups = {
            name: Group(name, precedence=0, created_at=self.turns.moment) for name in "ab"
        }
        for sub in subs:
            self.pool.users[sub] = named(sub, "Ann")
            self.pool.memberships.add((sub, "a"))
        self.pool.note()
        self.export()
        self.turns.count += 100
        self.drift.clear()

    def pause(self, attempt: int) -> None:
        """Let others have some turns, more of them each time."""
        self.wait(4 * 2**attempt)

    def wait(self, most: int) -> None:
        """Let others have some turns."""
        for _ in range(self.chance.randrange(most)):
            self.turns.take()

    def change(self, times: int, subs: list[str], loss: float = 0.0) -> None:
        """Change the pool; each change makes an event or two, which are taken in any order."""
        for _ in range(times):
            sub = self.pool.change(self.chance, subs)
            if self.chance.random() >= loss:
                self.events += [sub] * self.chance.choice([1, 1, 2])
            self.wait(30)
        self.changing = False

    def consume(self) -> None:
        """Capture whatever events there are until no more will come."""
        while self.changing or self.events:
            if not self.events:
                self.turns.take()
                continue
            sub = self.events.pop(self.chance.randrange(len(self.events)))
            if sub:
                self.users.capture(sub)
            else:
                self.groups.capture(PLENTY)
            self.markers.underway.pop(threading.get_ident(), None)

    def export(self) -> None:
        """What an export does, in its order: list, compare, write; look again, retire; settle."""
        self.wait(100)
        at = self.turns.moment
        self.markers.underway.pop(threading.get_ident(), None)
        # Capture Changes ends within the time that clocks may be apart: what began earlier is over.
        while min(self.markers.underway.values(), default=at) < captured_since(at):
            self.turns.take()
        writer = InlineWriter(self.table, self.markers, at, 35, self.drift.update, self.pool.group)
        users = self.memory.stored("users", "sub")
        listed = self.pool.list_users()
        for user in listed:
            writer.write(draft_user(user), users.get(user.sub))
        writer.flush()
        groups = self.memory.stored("groups", "name")
        marker = self.markers.of_groups()
        [page] = self.pool.group_pages()
        names = page.entries
        for group in names:
            writer.write(draft_group(group), groups.get(group.name))
        writer.flush()
        absent = [user_key(sub) for sub in users.keys() - {user.sub for user in listed}]
        absent += [Key(GROUPS, name) for name in groups.keys() - {group.name for group in names}]
        writer.groups_listed({group.name: group.created_at for group in names}, marker)
        for name in sorted({group.name for group in names} | groups.keys() | self.memory.retired_groups()):
            members = self.pool.list_members(name)
            held = dict(self.memory.stored_members(name))
            for sub in members:
                writer.write(draft_membership(Membership(sub, name)), held.get(sub))
            absent += [membership_key(sub, name) for sub in held.keys() - set(members)]
        writer.flush()
        self.turns.take()  # the second look
        there = self.pool.drafts()
        writer.retire([key for key in sorted(absent) if key not in there])

    def settle(self, since: str) -> None:
        """What the export's last state does."""
        self.groups.capture(PLENTY)
        for shard in {marker_key(sub).pk.removeprefix("CAPTURE#") for sub in self.subs()}:
            for sub in list(self.markers.since(shard, since)):
                self.users.capture(sub)

    def subs(self) -> list[str]:
        return [key.sk for key in self.memory.held if key.pk.startswith("CAPTURE#") and key.sk != GROUPS]

    def current(self) -> Mapping[Key, str]:
        """What the backup holds now: content hashes."""
        return {Key(item["pk"], item["sk"]): item["content_hash"] for item in self.memory._items()}


class InlineWriter(LiveVersionWriter):
    """A LiveVersionWriter whose batches are written by the thread that hands them over."""

    def _hand_over(self) -> None:
        noted, self._buffer = self._buffer, {}
        self._write_out(noted)
