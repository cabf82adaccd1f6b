"""Second factors in the backup: read by AdminGetUser, and only of who is new or was changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from lifeboat.aws.bucket import Bucket
from lifeboat.cognito.reader import Listed, PoolReader
from lifeboat.errors import ResourceNotFound
from lifeboat.export.absences import Absences
from lifeboat.export.places import Places
from lifeboat.export.users import UserExport
from lifeboat.model import User
from lifeboat.store.items import Change
from lifeboat.store.keys import user_key
from lifeboat.store.table import BackupTable
from lifeboat.store.versions import VersionWriter
from tests.adapters.pools import SHARD
from tests.unit.examples import PLENTY

FIRST, SECOND, THIRD = (f"2026-03-0{day}T12:00:00.000Z" for day in (1, 2, 3))


class Listing(PoolReader):
    """A pool's listing, and what AdminGetUser says. `read` are the usernames it was called for."""

    def __init__(self) -> None:
        self.people: dict[str, User] = {}
        self.factors: dict[str, tuple[str, ...]] = {}
        self.gone: set[str] = set()
        self.read: list[str] = []

    def add(self, number: int, modified_at: str = FIRST, **attributes: str) -> str:
        sub = f"{SHARD}000000-0000-4000-8000-{number:012}"
        given = {"sub": sub, **attributes}
        self.people[sub] = User(sub, f"user-{number}", given, True, "CONFIRMED", FIRST, modified_at)
        return sub

    def user_pages(
        self, prefix: str = "", token: str = "", limit: int | None = None
    ) -> Iterator[Listed[User]]:
        yield Listed(list(self.people.values()), "")

    def with_mfa(self, user: User) -> User:
        self.read.append(user.username)
        if user.username in self.gone:
            raise ResourceNotFound("AdminGetUser", "UserNotFoundException")
        factors = self.factors.get(user.username, ())
        return replace(user, mfa=factors, preferred_mfa=factors[0] if factors else "")


class World:
    def __init__(self, table: BackupTable, bucket: Bucket) -> None:
        self.table, self.bucket, self.pool = table, bucket, Listing()

    def export(self, at: str, capture: bool = True) -> dict[str, Any]:
        self.pool.read = []
        export = UserExport(
            self.table,
            self.pool,
            Absences(self.bucket, at),
            Places(self.bucket, at),
            VersionWriter(self.table, at, 35),
            at,
            capture,
            lanes=1,
        )
        return dict(export.export({"Run": {}, "Prefixes": [SHARD]}, PLENTY))  # type: ignore[typeddict-item]

    def item(self, sub: str) -> dict[str, Any]:
        item = self.table.get(user_key(sub))
        assert item is not None
        return item

    def histories(self) -> int:
        items = self.table.table.scan()["Items"]
        return sum(str(item["pk"]).startswith("HISTORY#") for item in items)


@pytest.fixture
def world(table: BackupTable, bucket: Bucket) -> World:
    return World(table, bucket)


def changes(task: dict[str, Any]) -> tuple[int, int]:
    return task["Counts"]["added"], task["Counts"]["changed"]


def test_factors_are_kept_and_read_once(world: World) -> None:
    ann, bob = world.pool.add(1), world.pool.add(2)
    world.pool.factors["user-1"] = ("EMAIL_OTP", "SOFTWARE_TOKEN_MFA")
    assert changes(world.export(FIRST)) == (2, 0)
    assert world.pool.read == ["user-1", "user-2"]
    assert world.item(ann)["mfa"] == ["EMAIL_OTP", "SOFTWARE_TOKEN_MFA"]
    assert world.item(ann)["preferred_mfa"] == "EMAIL_OTP"
    assert "mfa" not in world.item(bob)
    assert changes(world.export(SECOND)) == (0, 0)
    assert world.pool.read == []
    assert world.item(ann)["valid_from"] == FIRST


def test_only_new_and_changed_users_are_read(world: World) -> None:
    world.pool.add(1)
    world.pool.add(2)
    world.export(FIRST)
    world.pool.add(2, name="changed")
    cyn = world.pool.add(3)
    assert changes(world.export(SECOND)) == (1, 1)
    assert world.pool.read == ["user-2", "user-3"]
    assert world.item(cyn)["valid_from"] == SECOND
    assert world.histories() == 1


def test_a_user_of_whom_a_date_alone_moved_keeps_its_version(world: World) -> None:
    ann = world.pool.add(1)
    world.pool.factors["user-1"] = ("SMS_MFA",)
    world.export(FIRST)
    before = world.item(ann)
    world.pool.add(1, modified_at=SECOND)
    assert changes(world.export(SECOND)) == (0, 0)
    after = world.item(ann)
    assert (after["valid_from"], after["change"], after["content_hash"]) == (
        FIRST,
        Change.ADDED,
        before["content_hash"],
    )
    assert after["modified_at"] == SECOND
    assert world.histories() == 0
    world.export(THIRD)
    assert world.pool.read == []  # not read again for the same date


def test_a_new_factor_is_a_change(world: World) -> None:
    ann = world.pool.add(1)
    world.export(FIRST)
    world.pool.factors["user-1"] = ("SMS_MFA",)
    world.pool.add(1, modified_at=SECOND)
    assert changes(world.export(SECOND)) == (0, 1)
    assert world.item(ann)["mfa"] == ["SMS_MFA"]
    assert world.histories() == 1


def test_switched_on_later_it_reads_everybody_once(world: World) -> None:
    ann, bob = world.pool.add(1), world.pool.add(2)
    world.export(FIRST, capture=False)
    world.pool.factors["user-1"] = ("SMS_MFA",)
    assert changes(world.export(SECOND)) == (0, 1)
    assert sorted(world.pool.read) == ["user-1", "user-2"]
    assert (world.item(ann)["valid_from"], world.item(bob)["valid_from"]) == (SECOND, FIRST)
    world.export(THIRD)
    assert world.pool.read == []


def test_an_export_that_is_begun_again_counts_the_same_and_reads_nobody_twice(world: World) -> None:
    world.pool.add(1)
    world.pool.add(2)
    world.export(FIRST)
    world.pool.add(2, name="changed")
    world.pool.add(3)
    once = world.export(SECOND)
    again = world.export(SECOND)
    assert world.pool.read == []
    assert again["Counts"] == once["Counts"]
    assert world.histories() == 1


def test_a_user_deleted_between_listing_and_reading_is_absent_and_disturbs_nobody(world: World) -> None:
    ann = world.pool.add(1)
    world.pool.add(2)
    world.export(FIRST)
    world.pool.add(1, name="changed")
    world.pool.add(2, name="changed")
    new = world.pool.add(3)
    world.pool.gone = {"user-1", "user-3"}
    task = world.export(SECOND)
    assert changes(task) == (0, 1)
    assert task["Counts"]["absent"] == 1
    assert world.table.get(user_key(new)) is None
    assert world.item(ann)["valid_from"] == FIRST  # until it is looked for again
    (manifest,) = task["Absences"]
    assert Absences(world.bucket, SECOND).get(manifest)[0]["subs"] == [ann]
