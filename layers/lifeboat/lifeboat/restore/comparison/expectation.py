"""What a restored user must look like, and how two sides of a comparison are brought together.

Both the backup's users and the new pool's are reduced to fingerprints: a digest for each field, so
that a difference can be named by its field while no value leaves the table or the pool. Fingerprints
lie in the bucket below `imports/<import id>/`, spread over `Buckets` parts by what joins the two sides.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from typing import NotRequired, TypedDict

from lifeboat.aws.bucket import Bucket
from lifeboat.cognito.pool import (
    RESETTABLE,
    PoolFacts,
    comparable_attributes,
    linked_identities,
    restored_statuses,
)
from lifeboat.model import User


class Fingerprint(TypedDict):
    """A user without its attributes' values. `join` is the digest both sides share.

    The username is there for the map of old and new ones. `at_sign_in` says that the groups come when
    the user signs in: they may be there or not. `status` is the backup's, for counting.
    """

    join: str
    sub: str
    username: str
    fields: dict[str, str]
    groups: list[str]
    at_sign_in: NotRequired[bool]
    status: NotRequired[str]


class MemberFingerprint(TypedDict):
    """A membership in the new pool."""

    join: str
    group: str


LINKED = "linked identities"
"""The field of the identities that are linked to a local user."""

RESET_POSSIBLE = "CONFIRMED or RESET_REQUIRED"


def digest(text: str) -> str:
    """96 bits of a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _fields(user: User, facts: PoolFacts, statuses: Collection[str]) -> dict[str, str]:
    fields = {f"attribute {name}": digest(value) for name, value in comparable_attributes(user).items()}
    links = linked_identities(user)
    if links:
        fields[LINKED] = digest(json.dumps(links))
    fields["enabled"] = str(user.enabled)
    fields["status"] = _status(statuses)
    if not facts.generates_usernames:
        fields["username"] = digest(user.username if facts.case_sensitive else user.username.lower())
    return fields


def expected(user: User, groups: Iterable[str], facts: PoolFacts, at_sign_in: bool = False) -> Fingerprint:
    """What the new pool should show for a user of the backup."""
    fields = _fields(user, facts, restored_statuses(user))
    fingerprint = _fingerprint(user, facts, fields, sorted(groups))
    fingerprint["status"] = user.status
    return {**fingerprint, "at_sign_in": True} if at_sign_in else fingerprint


def found(user: User, facts: PoolFacts) -> Fingerprint:
    """What the new pool shows."""
    return _fingerprint(user, facts, _fields(user, facts, {user.status}), [])


def _fingerprint(user: User, facts: PoolFacts, fields: dict[str, str], groups: list[str]) -> Fingerprint:
    return {
        "join": digest(facts.join_key(user)),
        "sub": user.sub,
        "username": user.username,
        "fields": fields,
        "groups": groups,
    }


def _status(statuses: Collection[str]) -> str:
    """A status as it is compared: both that allow "Forgot password" are the same."""
    return RESET_POSSIBLE if RESETTABLE.issuperset(statuses) else "".join(sorted(statuses))


def differing_fields(expectation: Fingerprint, actual: Fingerprint) -> list[str]:
    """The names of the fields in which a restored user is not what it should be."""
    names = expectation["fields"].keys() | actual["fields"].keys()
    differing = [name for name in names if expectation["fields"].get(name) != actual["fields"].get(name)]
    if not expectation.get("at_sign_in"):
        differing += [f"not in group {name}" for name in set(expectation["groups"]) - set(actual["groups"])]
    differing += [
        f"unexpectedly in group {name}" for name in set(actual["groups"]) - set(expectation["groups"])
    ]
    return sorted(differing)


class Files:
    """Where an import's working files and report lie in the bucket.

    Each `attempt` (the first, and every resumed one) has working files of its own: what an earlier one found
    in the pool is not believed again.
    """

    def __init__(self, bucket: Bucket, import_id: str, buckets: int, attempt: str = "first") -> None:
        self.bucket = bucket
        self.report = f"imports/{import_id}/report.json"
        self.page = f"imports/{import_id}/report.html"
        self.maps = f"imports/{import_id}/maps/"
        self.client_map = f"imports/{import_id}/maps/clients.csv"
        self.folder = f"imports/{import_id}/work/{attempt}"
        self._import = f"imports/{import_id}"
        self._buckets = buckets

    def spread(
        self, side: str, writer: str, records: Iterable[Fingerprint] | Iterable[MemberFingerprint]
    ) -> None:
        """Write one worker's records, each into the part that its join digest belongs to.

        Parts without records are written too: they replace what an earlier attempt left.
        """
        parts: dict[int, list[Mapping[str, object]]] = {number: [] for number in range(self._buckets)}
        for record in records:
            parts[int(record["join"][:8], 16) % self._buckets].append(record)
        for number, part in parts.items():
            self.bucket.put_lines(f"{self.folder}/{side}/{number:05}/{writer}.jsonl.gz", part)

    def user_map(self, number: int) -> str:
        """One part of the map from old users to new ones."""
        return f"{self.maps}users-{number:05}.csv"

    def job_manifest(self, number: int) -> str:
        """Which sub is in which row of an import job; kept for every attempt."""
        return f"{self._import}/jobs/{number:05}.jsonl.gz"

    def part(self, side: str, number: int) -> str:
        """The prefix of one part of a side: expected, found or members."""
        return f"{self.folder}/{side}/{number:05}/"
