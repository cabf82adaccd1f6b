"""Absence manifests: what a listing did not show, kept in the bucket until the cleanup.

A manifest's name says what it is about: `users-<prefix>`, `groups`, `memberships-<portion>-<start>`
or `memberships-gone`, `configuration-<part>`. It holds subs and names of groups and of parts of the pool's
configuration only.
"""

from __future__ import annotations

from typing import Any, TypedDict

from lifeboat.aws.bucket import Bucket


class UserAbsences(TypedDict):
    """Users that a listing of `prefix` did not show; `listed` is how many it did show."""

    prefix: str
    listed: int
    subs: list[str]


class MemberAbsences(TypedDict):
    """Memberships that the listing of a group did not show."""

    group: str
    subs: list[str]


class Absences:
    """The manifests of one export."""

    def __init__(self, bucket: Bucket, export_id: str) -> None:
        self._bucket = bucket
        self._folder = f"exports/{export_id}"

    def put_users(self, found: UserAbsences) -> str:
        """Keep a prefix's absent users; returns the manifest's name."""
        return self._put(f"users-{found['prefix']}", found)

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

    def put_group_names(self, portion: int, names: list[str]) -> None:
        """Keep the names of the groups whose members a worker is to list."""
        self._bucket.put_document(f"{self._folder}/groups/{portion}.json", names)

    def group_names(self, portion: int) -> list[str]:
        """The names kept for a worker."""
        names: list[str] = self._bucket.get_document(f"{self._folder}/groups/{portion}.json")
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
