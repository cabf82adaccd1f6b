"""Everything the backup has of one user: its versions and those of its memberships."""

from __future__ import annotations

from boto3.dynamodb.conditions import Key as KeyCondition

from lifeboat.model import epoch_after
from lifeboat.store.items import Item
from lifeboat.store.keys import history_partition, user_key
from lifeboat.store.table import BackupTable


def user_versions(table: BackupTable, sub: str, read_at: str) -> tuple[list[Item], list[Item]]:
    """The items of a user and its memberships as they are, and as they were, in no order.

    The present is read before history, as for an import of an earlier moment (AsOf): what is replaced
    meanwhile is in at least one of the two; if in both, only the present one is given. What had expired at
    `read_at` is not seen.
    """
    key = user_key(sub)
    begun = KeyCondition("sk").begins_with(key.sk)
    present = [
        item
        for item in table.query(KeyCondition("pk").eq(key.pk) & begun, consistent=True)
        if item["sub"] == sub  # other subs may begin with the same characters
    ]
    held = {(item["kind"], item.get("member_of"), item["valid_from"]) for item in present}
    kept = epoch_after(read_at, 0)
    past = KeyCondition("pk").eq(history_partition(key.pk)) & begun
    earlier = [
        item
        for item in table.query(past, consistent=True)
        if item["sub"] == sub
        and item["expires_at"] > kept
        and (item["kind"], item.get("group_name"), item["valid_from"]) not in held
    ]
    return present, earlier
