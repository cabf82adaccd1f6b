"""Pools too large to be made anywhere, page by page as Cognito would list them, and a table in memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from lifeboat.cognito.reader import Listed, PoolReader
from lifeboat.errors import CognitoRefused, ResourceNotFound
from lifeboat.model import Group, User
from lifeboat.pacing import Deadline
from lifeboat.store.items import Item
from lifeboat.store.keys import Key
from lifeboat.store.table import BackupTable, StoredVersion, _stored

PAGE = 60


class Budget(Deadline):
    """A deadline that comes near after so many pages, as if they took the time of an invocation."""

    def __init__(self, pages: int) -> None:
        self.left = pages

    def near(self) -> bool:
        return self.left <= 0


class PagedReader(PoolReader):
    """A reader of a pool that is given as sequences of subs. Tokens are positions.

    `budget` is spent page by page. Tokens in `refused` are refused, once each. `asked` is what was listed.
    The listings in `stops` (a prefix, a group's name, "groups") end silently after so many entries.
    `between` is called between two pages.
    """

    def __init__(
        self,
        users: Sequence[str] = (),
        groups: Mapping[str, Sequence[str]] | None = None,
        budget: Budget | None = None,
        person: Callable[[str], User] | None = None,
    ) -> None:
        self.people = users
        self.of_groups = dict(groups or {})
        self.budget = budget or Budget(1_000_000_000)
        self.refused: list[str] = []
        self.asked: list[tuple[str, str]] = []
        self.stops: dict[str, int] = {}
        self.between: Callable[[], None] = lambda: None
        self._person = person or plain
        self._lock = threading.Lock()

    def user_pages(
        self, prefix: str = "", token: str = "", limit: int | None = None
    ) -> Iterator[Listed[User]]:
        subs = [sub for sub in self.people if sub.startswith(prefix)] if prefix else self.people
        for page, following in self._paged(prefix, subs, token):
            yield Listed([self._person(sub) for sub in page], following)

    def member_pages(self, group_name: str, token: str = "") -> Iterator[Listed[User]]:
        if group_name not in self.of_groups:
            raise ResourceNotFound("ListUsersInGroup", "ResourceNotFoundException")
        for page, following in self._paged(group_name, self.of_groups[group_name], token):
            yield Listed([self._person(sub) for sub in page], following)

    def group_pages(self, token: str = "") -> Iterator[Listed[Group]]:
        for page, following in self._paged("groups", list(self.of_groups), token):
            yield Listed([Group(name) for name in page], following)

    def group_exists(self, name: str) -> bool:
        self.budget.left -= 1
        return name in self.of_groups

    def user_where(self, attribute: str, value: str) -> User | None:
        self.budget.left -= 1
        return self._person(value) if value in self.people else None

    def _paged(self, what: str, subs: Sequence[str], token: str) -> Iterator[tuple[Sequence[str], str]]:
        if token in self.refused:
            self.refused.remove(token)
            raise CognitoRefused("List", "InvalidParameterException", "Invalid pagination token")
        position = int(token or 0)
        if what in self.stops:
            subs = subs[: self.stops[what]]
        while True:
            with self._lock:
                self.budget.left -= 1
                self.asked.append((what, str(position)))
            end = position + PAGE
            yield subs[position:end], str(end) if end < len(subs) else ""
            self.between()
            position = end
            if position >= len(subs):
                return


class MemoryTable(BackupTable):
    """The backup table, as far as an export uses it, as items in a dict."""

    def __init__(self) -> None:
        self.name = "backup"
        self.content: dict[Key, Item] = {}
        self.writes = 0
        self.streamed = 0

    def stored_users(self, prefix: str) -> dict[str, StoredVersion]:
        return {
            item["sub"]: _stored(item) for item in self._of("users") if str(item["sub"]).startswith(prefix)
        }

    def stored_groups(self) -> dict[str, StoredVersion]:
        return {item["name"]: _stored(item) for item in self._of("groups")}

    def retired_groups(self) -> set[str]:
        return {str(item["name"]) for key, item in self.content.items() if key.pk == "HISTORY#GROUP"}

    def stored_members(
        self, group_name: str, since: str = "", until: str = ""
    ) -> Iterator[tuple[str, StoredVersion]]:
        members = {item["sub"]: item for item in self._of("memberships") if item["member_of"] == group_name}
        for sub in sorted(members):
            if sub >= since and (not until or sub < until):
                self.streamed += 1
                yield sub, _stored(members[sub])

    def get_all(self, keys: Iterable[Key]) -> Iterator[Item]:
        return iter([self.content[key] for key in keys if key in self.content])

    def put_all(self, items: Iterable[Mapping[str, Any]]) -> None:
        for item in items:
            self.writes += 1
            self.content[Key(item["pk"], item["sk"])] = dict(item)

    def delete_all(self, keys: Iterable[Key]) -> None:
        for key in keys:
            self.content.pop(key, None)

    def subs(self, kind: str) -> list[str]:
        """The subs of all items of a kind that are in the backup."""
        return sorted(str(item["sub"]) for item in self._of(kind))

    def _of(self, kind: str) -> list[Item]:
        return [
            item
            for key, item in list(self.content.items())
            if item.get("kind") == kind and not key.pk.startswith("HISTORY#")
        ]


def plain(sub: str) -> User:
    """A user of whom little is known."""
    return User(sub, sub, {"sub": sub}, True, "CONFIRMED")


def made_up(number: int) -> str:
    """A sub like a UUID, the same for the same number; consecutive ones begin differently."""
    scattered = number * 2_654_435_761 % 2**32
    return f"{scattered:08x}-0000-4000-8000-{number:012x}"
