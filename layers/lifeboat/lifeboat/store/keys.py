"""Where each item lies in the backup table.

A user and its memberships share a partition, chosen by the first two characters of the sub: 256
partitions that can be read side by side. Cognito does not promise that a sub is a UUID, so a sub
that does not begin with two hexadecimal digits is placed by its hash, below its first digit if it has one:
every sub has one of the 256, and those with a common hexadecimal prefix are found together.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from lifeboat.listing import HEX

HEX_DIGITS = frozenset(HEX)
SHARDS: tuple[str, ...] = tuple(first + second for first in HEX for second in HEX)
"""The 256 shards of the table."""

GROUPS = "GROUP"
"""The partition of the groups."""

POOL = "POOL"
"""The partition of the pool's configuration."""

HISTORY = "HISTORY#"


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """A primary key."""

    pk: str
    sk: str


def shard_of(sub: str) -> str:
    """The shard of a user: one of SHARDS."""
    digits = hashlib.sha256(sub.encode()).hexdigest()
    first = sub[0] if sub[:1] in HEX_DIGITS else digits[0]
    second = sub[1] if first == sub[:1] and sub[1:2] in HEX_DIGITS else digits[1]
    return first + second


def shards_under(prefix: str) -> tuple[str, ...]:
    """The shards that may hold subs beginning with a hexadecimal `prefix` ("" for all)."""
    if len(prefix) >= 2:
        return (prefix[:2],)
    return tuple(shard for shard in SHARDS if shard.startswith(prefix))


def _escaped(sub: str) -> str:
    return sub.replace("%", "%25").replace("#", "%23")


def user_partition(shard: str) -> str:
    """The partition of the users and memberships of a shard."""
    return f"USER#{shard}"


def user_key(sub: str) -> Key:
    """A user."""
    return Key(user_partition(shard_of(sub)), _escaped(sub))


def sub_of(key: Key) -> str:
    """The sub of the user whose key it is."""
    return key.sk.replace("%23", "#").replace("%25", "%")


def membership_key(sub: str, group_name: str) -> Key:
    """A membership, beside its user."""
    return Key(user_partition(shard_of(sub)), f"{_escaped(sub)}#{group_name}")


def group_key(name: str) -> Key:
    """A group."""
    return Key(GROUPS, name)


def pool_key(name: str) -> Key:
    """A part of the pool's configuration."""
    return Key(POOL, name)


def history_partition(partition: str) -> str:
    """Where the earlier versions of a partition's items lie."""
    return f"{HISTORY}{partition}"


def history_key(key: Key, valid_from: str) -> Key:
    """The earlier version of an item that began at `valid_from`."""
    return Key(history_partition(key.pk), f"{key.sk}@{valid_from}")


def key_of_version(history: Key, valid_from: str) -> Key:
    """The key of the item that an earlier version is of."""
    return Key(history.pk.removeprefix(HISTORY), history.sk.removesuffix(f"@{valid_from}"))


def export_key(export_id: str) -> Key:
    """An export's ledger entry; `LATEST` is the last completed one."""
    return Key("EXPORT", export_id)


def import_key(import_id: str) -> Key:
    """An import's ledger entry."""
    return Key("IMPORT", import_id)


def samples_key(entry: Key) -> Key:
    """The samples of how far a run was, by the key of its ledger entry."""
    return Key(f"{entry.pk}#{entry.sk}", "SAMPLES")


def drill_key(drill_id: str) -> Key:
    """A drill's ledger entry; `LATEST` is the last successful one."""
    return Key("DRILL", drill_id)


def outcome_partition(import_id: str, shard: str) -> str:
    """The partition of an import's outcomes for the users of a shard."""
    return f"IMPORT#{import_id}#{shard}"


def outcome_key(import_id: str, sub: str) -> Key:
    """What became of one user in an import."""
    return Key(outcome_partition(import_id, shard_of(sub)), sub)


def federated_key(pool_id: str, sub: str) -> Key:
    """What a user has been given back in a pool at sign-in; `sub` is the backup's."""
    return Key(f"FEDERATED#{pool_id}", sub)


def on_demand_key(pool_id: str) -> Key:
    """What an import has arranged for users who come back to a pool by signing in."""
    return Key("ON_DEMAND", pool_id)


CAPTURES = "CAPTURE#"


def marker_partition(shard: str) -> str:
    """The partition of the markers of the captured users of a shard."""
    return f"{CAPTURES}{shard}"


def marker_key(sub: str) -> Key:
    """The marker of a captured user."""
    return Key(marker_partition(shard_of(sub)), sub)


GROUPS_MARKER = Key(marker_partition(GROUPS), GROUPS)
"""The marker of all groups, which are captured together."""


def lock_key(workflow: str, region: str) -> Key:
    """The lock of a workflow in a Region."""
    return Key("LOCK", f"{workflow}#{region}")
