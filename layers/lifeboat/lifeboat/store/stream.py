"""The table's stream: whom a record is about.

A record is believed only as to whom it concerns, never as to what became of it: records may come twice, late
and, for different items, in any order, and what holds is in the table
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from lifeboat.model import User
from lifeboat.store.items import user_from
from lifeboat.store.keys import GROUPS, Key, sub_of, user_partition

_plain = TypeDeserializer().deserialize


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a record concerns: a user by its sub, or a group by its name."""

    sub: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True)
class Concern:
    """A record: its number in the stream, its subject, and the user that it removed."""

    number: str
    subject: Subject
    removed: User | None = None


def concern_of(record: Mapping[str, Any]) -> Concern | None:
    """What a stream record concerns; None if it is nothing that a standby pool has, or nothing changed."""
    change = record["dynamodb"]
    pk, sk = change["Keys"]["pk"]["S"], change["Keys"]["sk"]["S"]
    number = str(change["SequenceNumber"])
    old, new = change.get("OldImage", {}), change.get("NewImage", {})
    if record.get("eventName") == "MODIFY" and _hash(old) is not None and _hash(old) == _hash(new):
        return None  # dates and notes
    if pk == GROUPS:
        return Concern(number, Subject(group=sk))
    if not pk.startswith(user_partition("")):
        return None
    name, _, group = sk.partition("#")
    subject = Subject(sub=sub_of(Key(pk, name)))
    if record.get("eventName") != "REMOVE" or group or "username" not in old:
        return Concern(number, subject)
    return Concern(number, subject, user_from({key: _plain(value) for key, value in old.items()}))


def _hash(image: Mapping[str, Any]) -> str | None:
    found = image.get("content_hash")
    return None if found is None else str(found.get("S"))
