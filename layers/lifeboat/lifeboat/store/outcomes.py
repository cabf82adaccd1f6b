"""What became of each user in an import: the import ledger's per-user part.

An outcome is written once the user exists in the new pool, and before the messages for its further
updates are sent; each update adds its number to a set, so that a message delivered twice counts once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from boto3.dynamodb.conditions import Attr
from boto3.dynamodb.conditions import Key as KeyCondition
from botocore.exceptions import ClientError

from lifeboat.aws.translation import store_errors
from lifeboat.store.keys import SHARDS, outcome_key, outcome_partition
from lifeboat.store.table import BackupTable

FAILURE = "update_failure_"
"""The attribute with the reason of a failed update is named by this and the update's number."""

UPDATE_FAILED = "update_failed"
"""The attribute that marks an outcome with a failed update, whatever its number."""

COUNTERS = 8
"""Shards that are counted at a time."""

NEVER_QUEUED = -1
"""The number that stands for all updates of a user, when their messages could not be sent."""


class State(StrEnum):
    """CREATED: the user is in the pool. FAILED: it is not, for a reason that repeating will not mend."""

    CREATED = "CREATED"
    FAILED = "FAILED"


class Lane(StrEnum):
    """The way by which a user was created."""

    CSV = "csv"
    API = "api"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One user's outcome. `updates_expected` messages are to be handled after the creation.

    `lane_reason` says why a user of the API lane did not go by an import job. An import job tells no subs,
    so `new_sub` is "" for a user of the CSV lane.
    """

    sub: str
    state: State | None
    reason: str = ""
    new_sub: str = ""
    lane: Lane | None = None
    lane_reason: str = ""
    updates_expected: int = 0
    updates_done: frozenset[int] = field(default_factory=frozenset)
    update_failures: Mapping[int, str] = field(default_factory=dict)

    @property
    def update_failure(self) -> str:
        """Why an update could not be made; "" if none failed, or those that did were made after all."""
        left = (reason for number, reason in self.update_failures.items() if number not in self.updates_done)
        return next(left, "")

    @property
    def failure(self) -> str:
        """Why the user failed; "" if it did not."""
        return self.reason if self.state is State.FAILED else self.update_failure

    @property
    def complete(self) -> bool:
        """Whether the user was created and every update was made."""
        return (
            self.state is State.CREATED
            and not self.update_failure
            and len(self.updates_done) >= self.updates_expected
        )

    @property
    def settled(self) -> bool:
        """Whether nothing more is to be expected."""
        return self.complete or bool(self.failure)


class Outcomes:
    """The outcomes of one import."""

    def __init__(self, table: BackupTable, import_id: str) -> None:
        self._table = table
        self._import_id = import_id

    def get(self, sub: str) -> Outcome | None:
        """A user's outcome; None if the import has not come to it."""
        item = self._table.get(outcome_key(self._import_id, sub))
        return None if item is None else _outcome(item)

    def of_shard(self, shard: str) -> Iterator[Outcome]:
        """The outcomes of a shard's users."""
        condition = KeyCondition("pk").eq(outcome_partition(self._import_id, shard))
        for item in self._table.query(condition, consistent=True):
            yield _outcome(item)

    def all(self) -> Iterator[Outcome]:
        """The outcomes of all users."""
        for shard in SHARDS:
            yield from self.of_shard(shard)

    def settled(self) -> int:
        """How many users are settled, counted by DynamoDB, many shards at a time.

        As `Outcome.settled` has it, but an update that failed settles its user even if it was made after all.
        """
        all_made = Attr("updates_done").size().gte(Attr("updates_expected"))
        done = Attr("updates_expected").eq(0) | (Attr("updates_done").exists() & all_made)
        condition = (Attr("state").eq(State.CREATED.value) & done) | (
            Attr("state").eq(State.FAILED.value) | Attr(UPDATE_FAILED).exists()
        )

        def of_shard(shard: str) -> int:
            key = KeyCondition("pk").eq(outcome_partition(self._import_id, shard))
            return self._table.count(key, condition)

        with ThreadPoolExecutor(COUNTERS) as executor:
            return sum(executor.map(of_shard, SHARDS))

    def created(self, sub: str, new_sub: str, updates_expected: int, lane_reason: str) -> bool:
        """The API lane has created the user, and any failure is forgotten. Says whether that settles it."""
        before = self._update(
            sub,
            "SET #state = :state, new_sub = :new_sub, updates_expected = :expected, lane = :lane, "
            "lane_reason = :lane_reason REMOVE reason",
            {
                ":state": State.CREATED.value,
                ":new_sub": new_sub,
                ":expected": updates_expected,
                ":lane": Lane.API.value,
                ":lane_reason": lane_reason,
            },
        )
        return not updates_expected and before is not None and not before.settled

    def created_by_csv(self, updates_expected: Mapping[str, int]) -> None:
        """The CSV lane has created these users, each with so many updates to come; written in batches.

        To be called before the updates are sent: it forgets those that were made before.
        """
        self._table.put_all(
            {
                "pk": (key := outcome_key(self._import_id, sub)).pk,
                "sk": key.sk,
                "state": State.CREATED.value,
                "new_sub": "",
                "updates_expected": expected,
                "lane": Lane.CSV.value,
            }
            for sub, expected in updates_expected.items()
        )

    def of_users(self, subs: Iterable[str]) -> dict[str, Outcome]:
        """The outcomes of some users; those that have none are left out."""
        found = self._table.get_all(outcome_key(self._import_id, sub) for sub in subs)
        return {str(item["sk"]): _outcome(item) for item in found}

    def failed(self, sub: str, reason: str) -> bool:
        """The user cannot be created; never said of one that was. Says whether that settles it."""
        before = self._update(
            sub,
            "SET #state = :state, reason = :reason",
            {":state": State.FAILED.value, ":reason": reason, ":created": State.CREATED.value},
            "attribute_not_exists(#state) OR #state <> :created",
        )
        return before is not None and not before.settled

    def updated(self, sub: str, number: int) -> bool:
        """One update message of a user was handled. Says whether that settles the user."""
        before = self._update(sub, "ADD updates_done :done", {":done": {number}})
        if before is None or before.settled:
            return False
        return replace(before, updates_done=before.updates_done | {number}).settled

    def update_failed(self, sub: str, number: int, reason: str) -> bool:
        """One update of a user cannot be made. Says whether that settles the user."""
        names = {"#failure": _failure(number), "#failed": UPDATE_FAILED}
        values = {":reason": reason, ":yes": True}
        before = self._update(sub, "SET #failure = :reason, #failed = :yes", values, names=names)
        return before is not None and not before.settled

    def reopen(self, outcome: Outcome) -> None:
        """Forget a failure, because the user is about to be tried again."""
        failures = {f"#f{place}": _failure(number) for place, number in enumerate(outcome.update_failures)}
        removed = ", ".join(["reason", UPDATE_FAILED, *failures])
        if outcome.state is State.FAILED:
            expression, names = f"REMOVE {removed}, #state", {**failures, "#state": "state"}
        else:
            expression, names = f"REMOVE {removed}", failures
        self._update(outcome.sub, expression, {}, names=names)

    def forget(self, subs: Iterable[str]) -> None:
        """Drop outcomes, so that a resumed import begins with these users anew."""
        self._table.delete_all(outcome_key(self._import_id, sub) for sub in subs)

    def _update(
        self,
        sub: str,
        expression: str,
        values: dict[str, Any],
        condition: str | None = None,
        names: dict[str, str] | None = None,
    ) -> Outcome | None:
        """Update one outcome and return it as it was before; None if the condition was not met."""
        key = outcome_key(self._import_id, sub)
        arguments: dict[str, Any] = {
            "Key": {"pk": key.pk, "sk": key.sk},
            "UpdateExpression": expression,
            "ReturnValues": "ALL_OLD",
        }
        if values:
            arguments["ExpressionAttributeValues"] = values
        if names is None and "#state" in expression:
            names = {"#state": "state"}
        if names:
            arguments["ExpressionAttributeNames"] = names
        if condition is not None:
            arguments["ConditionExpression"] = condition
        try:
            with store_errors("DynamoDB"):
                answer = self._table.table.update_item(**arguments)
        except ClientError:
            return None
        return _outcome({"sk": sub, **answer.get("Attributes", {})})


def _failure(number: int) -> str:
    return f"{FAILURE}{number}"


def _outcome(item: dict[str, Any]) -> Outcome:
    state = item.get("state")
    return Outcome(
        sub=item["sk"],
        state=None if state is None else State(state),
        reason=item.get("reason", ""),
        new_sub=item.get("new_sub", ""),
        lane=Lane(item["lane"]) if item.get("lane") else None,
        lane_reason=item.get("lane_reason", ""),
        updates_expected=int(item.get("updates_expected", 0)),
        updates_done=frozenset(int(number) for number in item.get("updates_done", ())),
        update_failures={
            int(name.removeprefix(FAILURE)): reason
            for name, reason in item.items()
            if name.startswith(FAILURE)
        },
    )
