"""Applying records of the table's stream to the standby pool, and what an operator lets pass.

A batch is reduced to the users and groups it concerns, each of which is brought to what the table says: many
changes of one user cost as much as one. Lambda hands over the records of one user and its groups in order and
never two batches of a shard at a time; but nothing here rests on it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, TypedDict

from lifeboat.aws.queues import Queue
from lifeboat.aws.topic import Topic
from lifeboat.errors import (
    TRANSIENT,
    AliasExists,
    CognitoError,
    InvalidInput,
    ResourceNotFound,
    UserExists,
)
from lifeboat.model import Kind, User, now
from lifeboat.pacing import Deadline
from lifeboat.store.stream import Concern, Subject, concern_of
from lifeboat.sync.standby.groups import Applied, StandbyGroups
from lifeboat.sync.standby.users import StandbyUsers
from lifeboat.telemetry import logger, publish

THREADS = 10
"""Users that are worked on at a time, so that Cognito's latency costs no quota."""


class StreamEvent(TypedDict):
    """What Lambda hands over of a DynamoDB stream."""

    Records: list[dict[str, Any]]


class ItemFailure(TypedDict):
    """The sequence number of a record."""

    itemIdentifier: str


class StreamAnswer(TypedDict):
    """The record from which on Lambda is to hand over again; none if all are done.

    (https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html)
    """

    batchItemFailures: list[ItemFailure]


class ReleaseTask(TypedDict):
    """An operator's word that the deletions held for a standby pool are meant."""

    StandbyUserPoolId: str


class Released(TypedDict):
    """How many held deletions were made, how many failed, and how many are left for another call."""

    Deleted: int
    Failed: int
    Left: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one subject: applied, to be tried again, or refused for good with a reason.

    `in_the_way` says that another user has its name or address.
    """

    subject: Subject
    applied: Applied | None = None
    again: str = ""
    refused: str = ""
    in_the_way: bool = False


@dataclass(frozen=True, slots=True)
class StandbyChanges:
    """Applies changes to one standby pool."""

    users: StandbyUsers
    groups: StandbyGroups
    dead_letters: Queue
    topic: Topic
    stack_name: str

    def take(self, event: StreamEvent, deadline: Deadline) -> StreamAnswer:
        """Apply what a batch of stream records concerns; the answer says where to go on from.

        What can never be applied goes to the dead-letter queue with its reason, and holds nobody up.
        """
        concerns = [found for each in event["Records"] if (found := concern_of(each)) is not None]
        outcomes = {each.subject: each for each in self.apply(_subjects(concerns), deadline)}
        for each in concerns:  # in the order of the stream
            outcome = outcomes.get(each.subject)
            if outcome is None or outcome.again:
                return {"batchItemFailures": [{"itemIdentifier": each.number}]}
        return {"batchItemFailures": []}

    def apply(self, subjects: Mapping[Subject, User | None], deadline: Deadline) -> list[Outcome]:
        """Apply groups and users; those that the time did not suffice for are left out."""
        groups = [each.group for each in subjects if each.group]
        outcomes = list(self._each(groups, self._group, deadline))
        users = [each for each in subjects if each.sub]

        def user(subject: Subject, taking: bool) -> Outcome:
            return self._attempt(
                subject, lambda: self.users.apply(subject.sub, subjects[subject], taking=taking), taking
            )

        outcomes += self._and_in_turn(users, user, deadline)
        self._report(outcomes)
        return outcomes

    def bring(self, subs: Sequence[str], deadline: Deadline) -> list[Outcome]:
        """Look at users in the standby pool, and change what differs, whatever was applied before."""
        outcomes = self._and_in_turn(subs, self._look_at, deadline)
        self._report(outcomes)
        return outcomes

    def release(self, task: ReleaseTask, deadline: Deadline) -> Released:
        """Make the deletions that are held, unless the backup has the user or group again.

        Raises InvalidInput.
        """
        places = self.users.places
        if task.get("StandbyUserPoolId") != places.pool_id:
            raise InvalidInput("StandbyUserPoolId", "name the standby pool whose deletions are meant")
        held = places.held()

        def permitted(each: tuple[Kind, str]) -> Outcome:
            kind, name = each
            if kind is Kind.GROUP:
                return self._attempt(Subject(group=name), lambda: self.groups.apply(name, permitted=True))
            return self._attempt(Subject(sub=name), lambda: self.users.apply(name, permitted=True))

        outcomes = self._side_by_side(held, permitted, deadline)
        for outcome, (kind, name) in zip(outcomes, held, strict=False):
            if outcome.applied is not None:
                places.let_go(kind, name)
        self._report(outcomes)
        return {
            "Deleted": sum(each.applied is Applied.DELETED for each in outcomes),
            "Failed": sum(each.applied is None for each in outcomes),
            "Left": len(held) - len(outcomes),
        }

    def _group(self, name: str) -> Outcome:
        """Apply a group, and then whoever has been waiting for it."""
        outcome = self._attempt(Subject(group=name), lambda: self.groups.apply(name))
        if outcome.applied is None:
            return outcome
        for sub in self.users.places.awaiting(name):
            member = self._look_at(sub)
            if member.again:
                return Outcome(Subject(group=name), again=member.again)
            self.users.places.arrived(name, sub)
        return outcome

    def _look_at(self, sub: str, taking: bool = True) -> Outcome:
        return self._attempt(
            Subject(sub=sub), lambda: self.users.apply(sub, look=True, taking=taking), taking
        )

    def _attempt(self, subject: Subject, work: Callable[[], Applied], final: bool = True) -> Outcome:
        """What work comes to. Unless it is the `final` attempt, whoever is in the way is let be."""
        try:
            return Outcome(subject, work())
        except (*TRANSIENT, ResourceNotFound) as error:
            # A resource just created may not be found yet, one just deleted no longer.
            reason = str(getattr(error, "code", type(error).__name__))
            logger.warning("change put off", sub=subject.sub, error=reason)
            return Outcome(subject, again=reason)
        except CognitoError as error:
            if not final and isinstance(error, AliasExists | UserExists):
                return Outcome(subject, again=error.code, in_the_way=True)
            named = {"sub": subject.sub} if subject.sub else {"group": subject.group}
            self.dead_letters.send_raw(json.dumps(named), str(error))
            logger.error("change given up", sub=subject.sub, error=error.code)
            return Outcome(subject, refused=str(error))

    @staticmethod
    def _each(names: Iterable[str], work: Callable[[str], Outcome], deadline: Deadline) -> Iterator[Outcome]:
        for name in names:
            if deadline.near():
                return
            yield work(name)

    @staticmethod
    def _side_by_side(
        things: Sequence[Any], work: Callable[[Any], Outcome], deadline: Deadline
    ) -> list[Outcome]:
        outcomes: list[Outcome] = []
        with ThreadPoolExecutor(THREADS) as executor:
            for start in range(0, len(things), THREADS):
                if deadline.near():
                    break
                outcomes += executor.map(work, things[start : start + THREADS])
        return outcomes

    def _and_in_turn(
        self, things: Sequence[Any], work: Callable[[Any, bool], Outcome], deadline: Deadline
    ) -> list[Outcome]:
        """Work side by side, and once more, one by one, on those in whose way another user was.

        Most often that one has moved by then. If two or more wait for each other, `work` is told to take the
        address from who is not to have it any more; alone, so that they do not take turns for ever.
        """
        outcomes = self._side_by_side(things, lambda each: work(each, False), deadline)
        for number, (each, outcome) in enumerate(zip(things, outcomes, strict=False)):
            if outcome.in_the_way and not deadline.near():
                found = work(each, True)
                # Who had something to change and has not was changed by one of the others' turns.
                brought = found.applied is Applied.UNCHANGED
                outcomes[number] = replace(found, applied=Applied.CHANGED) if brought else found
        return outcomes

    def _report(self, outcomes: Iterable[Outcome]) -> None:
        counts = dict.fromkeys(("Applied", "Replayed", "Held", "Refused", "PutOff"), 0)
        for each in outcomes:
            if each.applied in (Applied.UNCHANGED, Applied.LEFT_OUT):
                counts["Replayed"] += 1
            elif each.applied is Applied.HELD:
                counts["Held"] += 1
            elif each.applied is not None:
                counts["Applied"] += 1
            else:
                counts["Refused" if each.refused else "PutOff"] += 1
        if any(counts.values()):
            publish(self.stack_name, {f"Standby{name}": count for name, count in counts.items() if count})
        if counts["Held"]:
            self._announce()

    def _announce(self) -> None:
        """Tell once a day; the alarm tells as long as it goes on."""
        if not self.users.places.first_of(now()[:10]):
            return
        self.topic.announce(
            f"{self.stack_name}: deletions from the standby pool are held",
            "More users or groups were deleted within a day than MaxRetirePercent allows. No more are "
            f"deleted from the standby pool {self.users.places.pool_id}; all else is applied as before.\n\n"
            "If the deletions are meant, invoke the function Release Deletions (docs/warm-standby.md). "
            "If not, the users are still in the standby pool, and in the backup's history.",
            error=True,
        )


def _subjects(concerns: Iterable[Concern]) -> dict[Subject, User | None]:
    """Whom a batch concerns, each once, with the user as it was last if it was removed."""
    subjects: dict[Subject, User | None] = {}
    for each in concerns:
        subjects[each.subject] = each.removed or subjects.get(each.subject)
    return subjects
