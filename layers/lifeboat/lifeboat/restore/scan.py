"""Scanning the backup: every user becomes one message with its groups inside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lifeboat.aws.queues import Queue
from lifeboat.cognito.pool import PoolFacts
from lifeboat.model import Status, User
from lifeboat.pacing import Deadline
from lifeboat.restore.expectation import Files, Fingerprint, expected
from lifeboat.restore.messages import NewUser
from lifeboat.restore.tasks import ScanTask
from lifeboat.store.outcomes import Outcomes
from lifeboat.store.table import BackupTable


@dataclass(frozen=True, slots=True)
class Scan:
    """Enqueues the users of some shards."""

    table: BackupTable
    queue: Queue
    outcomes: Outcomes
    files: Files
    facts: PoolFacts

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

        def messages() -> Iterator[dict[str, Any]]:
            for user, memberships in self.table.users_with_groups(shard):
                groups = sorted(membership.group_name for membership in memberships)
                if user is None:
                    subs = memberships[0].sub
                    left_out.append(
                        {"sub": subs, "why": "membership without user", "memberships": len(groups)}
                    )
                elif user.federated:
                    left_out.append({"sub": user.sub, "why": "federated profile", "memberships": len(groups)})
                else:
                    if user.status != Status.CONFIRMED:
                        left_out.append({"sub": user.sub, "why": f"status {user.status}", "memberships": 0})
                    fingerprints.append(expected(user, groups, self.facts))
                    if user.sub not in complete:
                        yield self._message(task, user, groups)

        sent = self.queue.send(messages())
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

    @staticmethod
    def _message(task: ScanTask, user: User, groups: list[str]) -> dict[str, Any]:
        return NewUser(
            import_id=task["Run"]["ImportId"],
            pool_id=task["Run"]["UserPoolId"],
            sub=user.sub,
            username=user.username,
            attributes=dict(user.attributes),
            enabled=user.enabled,
            status=user.status,
            groups=groups,
        ).model_dump()
