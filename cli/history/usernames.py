"""Usernames of the backup, for the eyes of an operator who asks for them."""

from __future__ import annotations

from collections.abc import Iterable

from boto3.dynamodb.conditions import Key as KeyCondition

from lifeboat.store.items import user_from
from lifeboat.store.keys import history_partition, user_key
from lifeboat.store.table import BackupTable


def usernames(table: BackupTable, subs: Iterable[str]) -> dict[str, str]:
    """The usernames of some subs; of users whom the backup no longer has, that of the last version.

    Subs that are not known are left out.
    """
    wanted = set(subs)
    found = {
        str(item["sub"]): user_from(item).username for item in table.get_all(map(user_key, sorted(wanted)))
    }
    for sub in sorted(wanted - found.keys()):
        key = user_key(sub)
        earlier = KeyCondition("pk").eq(history_partition(key.pk)) & KeyCondition("sk").begins_with(
            f"{key.sk}@"
        )
        versions = [item for item in table.query(earlier) if item["sub"] == sub]
        if versions:
            found[sub] = str(max(versions, key=lambda item: str(item["valid_from"]))["username"])
    return found
