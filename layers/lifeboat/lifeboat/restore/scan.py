"""Scanning the backup: every user becomes one message with its groups inside."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from lifeboat.aws.queues import Queue
from lifeboat.cognito.pool import FACTOR_ADDRESSES, wanted, wants_password
from lifeboat.model import Status, User
from lifeboat.pacing import Deadline
from lifeboat.restore.csv_rows import RowFormat, Uncarried
from lifeboat.restore.expectation import Files, Fingerprint, expected
from lifeboat.restore.messages import NewUser, new_user
from lifeboat.restore.tasks import Run, ScanTask
from lifeboat.store.backup import Backup
from lifeboat.store.outcomes import Outcomes

BY_CHOICE = "UserLane is api"

AT_A_TIME = 100
"""Messages gathered before they are sent, so that the queues' batches are full."""


@dataclass(frozen=True, slots=True)
class Scan:
    """Enqueues the users of some shards."""

    backup: Backup
    new_users: Queue
    api_users: Queue
    outcomes: Outcomes
    files: Files
    rows: RowFormat

    def enqueue(self, task: ScanTask, deadline: Deadline) -> ScanTask:
        """Enqueue shard after shard until all are done or time runs short.

        Users that an earlier run of the same import has settled well are not enqueued again. Enqueuing
        a user twice is harmless.
        """
        waiting = list(task["Shards"])
        enqueued, counted = task.get("Enqueued", 0), task.get("Expected", 0)
        while waiting and not (deadline.near() and len(waiting) < len(task["Shards"])):
            sent, users = self._enqueue_shard(task, waiting.pop(0))
            enqueued, counted = enqueued + sent, counted + users
        return {
            "Run": task["Run"],
            "Shards": waiting,
            "Enqueued": enqueued,
            "Expected": counted,
            "Finished": not waiting,
        }

    def _enqueue_shard(self, task: ScanTask, shard: str) -> tuple[int, int]:
        complete = self._settled_well(shard)
        fingerprints: list[Fingerprint] = []
        left_out: list[dict[str, object]] = []

        def messages() -> Iterator[NewUser]:
            for user, memberships in self.backup.users_with_groups(shard):
                groups = sorted(membership.group_name for membership in memberships)
                if user is None:
                    subs = memberships[0].sub
                    left_out.append(
                        {"sub": subs, "why": "membership without user", "memberships": len(groups)}
                    )
                elif user.federated:
                    left_out.append({"sub": user.sub, "why": "federated profile", "memberships": len(groups)})
                else:
                    new = wanted(user, self.rows.facts, task["Run"]["SourceSubAttribute"])
                    left_out.extend(
                        {"sub": user.sub, "why": why, "memberships": 0} for why in lost(user, new)
                    )
                    fingerprints.append(expected(new, groups, self.rows.facts))
                    if user.sub not in complete:
                        reason = self._why_api(task["Run"], new)
                        yield new_user(
                            task["Run"]["ImportId"], task["Run"]["UserPoolId"], new, groups, reason
                        )

        sent = self._send(messages())
        self.files.spread("expected", shard, fingerprints)
        self.files.bucket.put_lines(f"{self.files.folder}/left-out/{shard}.jsonl.gz", left_out)
        return sent, len(fingerprints)

    def _settled_well(self, shard: str) -> set[str]:
        """The users that need nothing more; those that failed before are opened again."""
        complete: set[str] = set()
        for outcome in self.outcomes.of_shard(shard):
            if outcome.complete:
                complete.add(outcome.sub)
            elif outcome.failure:
                self.outcomes.reopen(outcome)
        return complete

    def _send(self, messages: Iterator[NewUser]) -> int:
        """Send each message to its lane's queue; returns how many."""
        sent = 0
        while some := list(itertools.islice(messages, AT_A_TIME)):
            self.api_users.send(message.model_dump() for message in some if message.lane_reason)
            self.new_users.send(message.model_dump() for message in some if not message.lane_reason)
            sent += len(some)
        return sent

    def _why_api(self, run: Run, user: User) -> str:
        """Why the user goes by the API lane; "" if an import job can create it.

        Where only import jobs are wanted, all users go that way, and those that cannot are failed there.
        """
        if run["UserLane"] == "api":
            return BY_CHOICE
        if run["UserLane"] == "csv":
            return ""
        try:
            self.rows.row(user)
        except Uncarried as error:
            return str(error)
        return ""


def lost(user: User, new: User) -> Iterator[str]:
    """What of a user is not restored as it was, in the words of the report."""
    if user.status == Status.FORCE_CHANGE_PASSWORD and wants_password(user):
        yield "status FORCE_CHANGE_PASSWORD, verified address"
    elif user.status != Status.CONFIRMED:
        yield f"status {user.status}"
    if "SOFTWARE_TOKEN_MFA" in user.mfa_factors:
        yield "authenticator"
    if (user.mfa_factors & FACTOR_ADDRESSES.keys()) - set(new.mfa):
        yield "second factor"
