"""Compares a shard of users with the backup, and prints the most memory that the process ever had (bytes).

A program of its own: what counts is a function's whole process, with boto3 and all that it imports. The code
is the product's; made up as it goes are only the pages of Cognito and of DynamoDB, which are given back to
memory as theirs are.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from functions.export_users import app
from lifeboat.aws import clients
from lifeboat.export.absences import Absences
from lifeboat.export.places import Places
from lifeboat.export.users import UserExport
from lifeboat.model import User
from lifeboat.store.items import Change, Item, draft_user, listing_hash
from lifeboat.store.table import BackupTable
from lifeboat.store.versions import VersionWriter
from tests.unit.examples import PLENTY
from tests.unit.fakes import MemoryBucket
from tests.unit.large_pools import PagedReader, made_up

AT, EARLIER = "2026-03-02T12:00:00.000Z", "2026-03-01T12:00:00.000Z"
SHARD = "ab"
GONE = 100
"""One user in so many is not listed any more."""


def person(sub: str) -> User:
    """A user with the attributes of many."""
    attributes = {
        "sub": sub,
        "email": f"user-{sub}@example.com",
        "email_verified": "true",
        "given_name": "Ann",
        "family_name": "Example",
        "custom:tenant": sub[:6],
    }
    return User(sub, f"user-{sub}", attributes, True, "CONFIRMED", EARLIER, EARLIER)


def of_shard(number: int) -> str:
    """A sub of the shard."""
    return SHARD + made_up(number)[2:]


class ShardTable(BackupTable):
    """A table whose queries find so many users, and which forgets what it is given."""

    def __init__(self, users: int) -> None:
        super().__init__(clients.dynamodb(), "backup")
        self.users = users
        self.written = 0

    def query(self, *_: Any, **__: Any) -> Iterator[Item]:
        for number in range(self.users):
            user = person(of_shard(number))
            yield {
                "sub": user.sub,
                "content_hash": draft_user(user).content_hash,
                "valid_from": "".join(EARLIER),
                "change": "".join(Change.ADDED.value),
                "listing_hash": listing_hash(user),
            }

    def put_all(self, items: Any) -> None:
        self.written += sum(1 for _ in items)


def peak_bytes() -> int:
    """The most memory that this program has had.

    On Linux not by getrusage: its maximum is handed on by whoever started the program, and pytest is large.
    """
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = (each for each in status.read_text("utf-8").splitlines() if each.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main(users: int) -> None:
    """Compare a shard of so many users with a backup that has them all."""
    assert callable(app.handler), "all that the function imports is in memory"
    listed = [of_shard(number) for number in range(users) if number % GONE]
    before = peak_bytes()
    bucket, table = MemoryBucket(), ShardTable(users)
    export = UserExport(
        table,
        PagedReader(listed, person=person),
        Absences(bucket, AT),
        Places(bucket, AT),
        VersionWriter(table, AT, 35),
        AT,
        False,
        lanes=1,
    )
    task = export.export({"Run": {}, "Prefixes": [SHARD]}, PLENTY)  # type: ignore[typeddict-item]
    print(json.dumps({"before": before, "peak": peak_bytes(), "counts": task["Counts"]}))  # noqa: T201


if __name__ == "__main__":
    main(int(sys.argv[1]))
