"""Finding the user that a person means: by sub, username, email address or phone number.

Present users are found by the table's indexes, which hold names in lower case and no federated users. Deleted
users are in history, which has no index: there, and for federated users, the partitions are read through.
Who asks is never told the name again: what is said names subs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from boto3.dynamodb.conditions import Attr, ConditionBase
from boto3.dynamodb.conditions import Key as KeyCondition

from cli.problems import Problem
from cli.terminal.counting import Advance, counted
from cli.terminal.output import Output
from lifeboat.model import User, now
from lifeboat.sign_in import sign_in_key
from lifeboat.store.items import user_from
from lifeboat.store.keys import SHARDS, history_partition, user_partition
from lifeboat.store.table import BackupTable
from lifeboat.store.user_versions import user_versions

READERS: Final = 16
"""Partitions that are read through side by side."""

MOST_NAMED: Final = 10
"""Of more users than this with one name not all are named."""


def sub_of_user(table: BackupTable, name: str, output: Output) -> str:
    """The sub of the one user that is meant. Raises Problem if there is none, or more than one.

    `output` is told when everything must be read through.
    """
    present, earlier = user_versions(table, name, now())
    if present or earlier:
        return name
    found = _by_index(table, name)
    if not found:
        output.say("Nobody signs in so now. Looking through everybody, and through those of the past …")
        with counted(output, "Partitions looked through", len(SHARDS)) as advance:
            found = _by_reading(table, name, advance)
    if not found:
        raise Problem(
            "the backup knows no such user",
            "Give the sub, the username, the email address or the phone number (+ and digits) exactly. "
            "Versions older than HistoryDays are gone.",
        )
    if len(found) > 1:
        some = ", ".join(sorted(found)[:MOST_NAMED])
        raise Problem(f"{len(found)} users have or had this name: {some}", "Name one of them by the sub.")
    return next(iter(found))


def _by_index(table: BackupTable, name: str) -> set[str]:
    key = sign_in_key(name)
    if key is None:
        return set()
    keys = {*table.users_by_username(key), *table.users_by_email(key), *table.users_by_phone_number(key)}
    users = [user_from(item) for item in table.get_all(keys)]
    # Names that differ in their case may be two users'; who typed one of them exactly means that one.
    exact = {user.sub for user in users if name in _names(user)}
    return exact or {user.sub for user in users if name.lower() in {each.lower() for each in _names(user)}}


def _names(user: User) -> tuple[str, str, str]:
    return user.username, user.attributes.get("email", ""), user.attributes.get("phone_number", "")


def _by_reading(table: BackupTable, name: str, advance: Advance) -> set[str]:
    spelt = sorted({name, name.lower()})
    wanted: ConditionBase = (
        Attr("username").is_in(spelt)
        | Attr("attributes.email").is_in(spelt)
        | Attr("attributes.phone_number").eq(name)
    )

    def of_shard(shard: str) -> set[str]:
        found = set(_subs(table, (user_partition(shard), history_partition(user_partition(shard))), wanted))
        advance(1)
        return found

    with ThreadPoolExecutor(READERS) as executor:
        return {sub for subs in executor.map(of_shard, SHARDS) for sub in subs}


def _subs(table: BackupTable, partitions: Iterable[str], wanted: ConditionBase) -> Iterator[str]:
    for partition in partitions:
        for item in table.query(KeyCondition("pk").eq(partition), wanted, ("sub",)):
            yield str(item["sub"])
