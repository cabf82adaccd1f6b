"""Absence manifests: what a listing did not show, kept in the bucket until the cleanup.

A manifest's name says what it is about: `users-<prefix>` and `memberships-<portion>-<number>`, each about
one or more listings, `groups`, `configuration-<part>`. It holds subs and names of groups and of parts of the
pool's configuration only.
"""

from __future__ import annotations

import threading
from typing import Any, NotRequired, TypedDict

from lifeboat.aws.bucket import Bucket

MANIFEST_SUBS = 50_000
"""About how many subs a manifest holds at most, about 2 MB: it is read and gone through as a whole."""


class UserAbsences(TypedDict):
    """Users that a listing of `prefix` did not show; `listed` is how many it did show."""

    prefix: str
    listed: int
    subs: list[str]


class MemberAbsences(TypedDict):
    """Memberships that the listing of a group did not show."""

    group: str
    subs: list[str]


class GroupNames(TypedDict):
    """The groups whose members a worker lists: those that were listed, and those the backup holds besides.

    Beside captures also when each group that was listed was created, and the groups' marker from before they
    were listed: how often it was counted up and when, None if there was none.
    """

    listed: list[str]
    gone: list[str]
    created: NotRequired[dict[str, str]]
    marker: NotRequired[tuple[int, str] | None]


class Absences:
    """The manifests of one export."""

    def __init__(self, bucket: Bucket, export_id: str) -> None:
        self._bucket = bucket
        self._folder = f"exports/{export_id}"

    def put_users(self, found: list[UserAbsences]) -> str:
        """Keep the absent users of prefixes; returns the manifest's name."""
        return self._put(f"users-{found[0]['prefix']}", found)

    def put_groups(self, names: list[str]) -> str:
        """Keep the absent groups."""
        return self._put("groups", names)

    def put_memberships(self, part: str, found: list[MemberAbsences]) -> str:
        """Keep absent memberships."""
        return self._put(f"memberships-{part}", found)

    def put_configuration(self, part: str, names: list[str]) -> str:
        """Keep absent parts of the pool's configuration."""
        return self._put(f"configuration-{part}", names)

    def get(self, name: str) -> Any:
        """A manifest's content."""
        return self._bucket.get_document(f"{self._folder}/absent/{name}.json")

    def put_group_names(self, portion: int, names: GroupNames) -> None:
        """Keep the names of the groups whose members a worker is to list."""
        self._bucket.put_document(f"{self._folder}/groups/{portion}.json", names)

    def group_names(self, portion: int) -> GroupNames:
        """The names kept for a worker."""
        names: GroupNames = self._bucket.get_document(f"{self._folder}/groups/{portion}.json")
        return names

    def put_configuration_names(self, names: list[str]) -> None:
        """Keep the names of the parts of the pool's configuration that there may be."""
        self._bucket.put_document(f"{self._folder}/configuration.json", names)

    def configuration_names(self) -> list[str]:
        """The names kept of the parts of the pool's configuration."""
        names: list[str] = self._bucket.get_document(f"{self._folder}/configuration.json")
        return names

    def _put(self, name: str, content: Any) -> str:
        self._bucket.put_document(f"{self._folder}/absent/{name}.json", content)
        return name


class UsersAbsent:
    """The absences of one invocation of Export Users, several prefixes to a manifest. Safe for threads."""

    def __init__(self, absences: Absences) -> None:
        self._absences = absences
        self._lock = threading.Lock()
        self._waiting: list[UserAbsences] = []
        self._names: list[str] = []

    def add(self, found: UserAbsences) -> None:
        """Take note of the absent users of a prefix that was listed to its end."""
        with self._lock:
            self._waiting.append(found)
            if sum(len(each["subs"]) for each in self._waiting) >= MANIFEST_SUBS:
                self._put()

    def names(self) -> list[str]:
        """Keep the rest; returns the names of all manifests."""
        with self._lock:
            if self._waiting:
                self._put()
            return sorted(self._names)

    def _put(self) -> None:
        self._names.append(self._absences.put_users(self._waiting))
        self._waiting = []


class MembersAbsent:
    """The absences of one invocation of Export Memberships. Safe for threads.

    `before` is how many manifests the portion's earlier invocations have written.
    """

    def __init__(self, absences: Absences, portion: int, before: int) -> None:
        self._absences = absences
        self._portion = portion
        self._before = before
        self._lock = threading.Lock()
        self._waiting: list[MemberAbsences] = []
        self._subs = 0
        self._names: list[str] = []

    def add(self, group: str, subs: list[str]) -> None:
        """Take note of absent members of a group that was listed to its end."""
        with self._lock:
            self._waiting.append({"group": group, "subs": subs})
            self._subs += len(subs)
            if self._subs >= MANIFEST_SUBS:
                self._put()

    def names(self) -> list[str]:
        """Keep the rest; returns the names of all manifests."""
        with self._lock:
            if self._waiting:
                self._put()
            return self._names

    def _put(self) -> None:
        part = f"{self._portion}-{self._before + len(self._names)}"
        self._names.append(self._absences.put_memberships(part, self._waiting))
        self._waiting, self._subs = [], 0
