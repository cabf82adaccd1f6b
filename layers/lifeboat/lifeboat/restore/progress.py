"""Watching an import until its queues are drained, and noticing when it has stalled."""

from __future__ import annotations

from dataclasses import dataclass

from lifeboat.aws.queues import Queue
from lifeboat.errors import ImportStalled
from lifeboat.model import now, seconds_between
from lifeboat.restore.tasks import Progress, ProgressTask
from lifeboat.store.ledger import Ledger
from lifeboat.store.outcomes import Outcomes

SHORTEST_WAIT = 5
LONGEST_WAIT = 600
"""Seconds between two looks: 14 days of looks, nine events each, stay within an execution's history."""

EMPTY_GRACE = 90
"""Seconds for which the queues must seem empty before users without an outcome are given up: the
counts of SQS are approximate for about a minute."""

STALL = 1_800
"""Seconds without any change after which an import has stalled: five visibility timeouts."""

USERS_PER_SECOND = 20
"""About how many users are settled in a second, to choose the time of the next look."""


@dataclass(frozen=True, slots=True)
class ProgressCheck:
    """Compares the queues with the outcomes."""

    outcomes: Outcomes
    ledger: Ledger
    new_users: Queue
    api_users: Queue
    updates: Queue

    def check(self, task: ProgressTask) -> Progress:
        """Say whether everything expected is settled, and when to look again.

        Raises ImportStalled, naming the queue that does not move.
        """
        moment = now()
        expected = sum(task["Expected"])
        settled = failed = 0
        for outcome in self.outcomes.all():
            settled += outcome.settled
            failed += bool(outcome.failure)
        queues = (self.new_users, self.api_users, self.updates)
        depths = {queue.name: queue.depth() for queue in queues}
        waiting = sum(depths.values())
        before = task.get("Previous")
        job = task.get("Job")
        imported = job["Done"] if job else 0
        moved = before is None or (
            (before["Settled"], before["Waiting"], before["Imported"]) != (settled, waiting, imported)
        )
        changed_at = moment if moved or before is None else before["ChangedAt"]
        empty_since = ""
        if waiting == 0 and not (job and job["Active"]):
            empty_since = (before["EmptySince"] if before is not None else "") or moment
        if seconds_between(changed_at, moment) > STALL:
            stuck = ", ".join(f"{name} holds about {depth}" for name, depth in depths.items())
            raise ImportStalled(
                f"nothing has moved for {STALL // 60} minutes with {expected - settled} of {expected} users "
                f"unsettled; {stuck} messages. Look at the consumers' errors, then resume the import"
            )
        given_up = bool(empty_since) and seconds_between(empty_since, moment) >= EMPTY_GRACE
        self.ledger.update(
            task["Run"]["ImportId"],
            {
                "progress": {
                    "expected": expected,
                    "settled": settled,
                    "failed": failed,
                    "waiting": waiting,
                    "importing": job["Users"] - imported if job else 0,
                    "at": moment,
                }
            },
        )
        look_after = job["LookAfter"] if job and job["Active"] else LONGEST_WAIT
        remaining = max(0, expected - settled) / USERS_PER_SECOND
        return {
            # What is left in NewUsersQueue after a crash is of users that are there: to be cleared away.
            "Drained": (settled >= expected and not depths[self.new_users.name]) or given_up,
            "WaitSeconds": int(min(max(remaining / 4, SHORTEST_WAIT), look_after, LONGEST_WAIT)),
            "Settled": settled,
            "Waiting": waiting,
            "Imported": imported,
            "ChangedAt": changed_at,
            "EmptySince": empty_since,
        }
