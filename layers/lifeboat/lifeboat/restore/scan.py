"""Scanning the backup: every user becomes one message with its groups inside."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from lifeboat.aws.queues import Queue
from lifeboat.cognito.pool import FACTOR_ADDRESSES, wanted, wants_password
from lifeboat.model import Membership, Status, User
from lifeboat.pacing import Deadline
from lifeboat.restore.comparison.expectation import Files, Fingerprint, expected
from lifeboat.restore.csv_lane.rows import RowFormat, Uncarried
from lifeboat.restore.drills import Drills
from lifeboat.restore.memberships import at_sign_in, groups_now
from lifeboat.restore.messages import NewUser, new_user
from lifeboat.restore.tasks import Run, ScanTask
from lifeboat.restore.users.creation import BROUGHT_BACK
from lifeboat.store.backup import Backup
from lifeboat.store.given import GivenGroups
from lifeboat.store.keys import SHARDS
from lifeboat.store.ledger import Ledger
from lifeboat.store.outcomes import Outcomes

BY_CHOICE = "UserLane is api"

HEAD_START = "head start: so that memberships begin at once"

AT_A_TIME = 100
"""Messages gathered before they are sent, so that the queues' batches are full."""

READERS = 4
"""Shards that a worker reads side by side."""

USERS_AT_A_TIME = 2_000
MOST_SHARDS_AT_A_TIME = 16
"""A worker takes shards together that hold about so many users, but not more shards than this: each time has
its own files, and says how far the scan is."""


def shards_at_a_time(users: int) -> int:
    """How many shards are scanned together in a backup of so many users."""
    return max(1, min(MOST_SHARDS_AT_A_TIME, len(SHARDS) * USERS_AT_A_TIME // max(1, users)))


def scan_field(portion: int) -> str:
    """The attribute of the import's ledger entry in which a worker says how far it is."""
    return f"scan_{portion}"


@dataclass(frozen=True, slots=True)
class Scan:
    """Enqueues the users of some shards. `given` tells who has come back meanwhile, where users may.

    `drills` is asked before every step whether the drill is still on that the import may be of.
    """

    backup: Backup
    new_users: Queue
    api_users: Queue
    outcomes: Outcomes
    files: Files
    rows: RowFormat
    ledger: Ledger
    given: GivenGroups | None = None
    drills: Drills | None = None

    def enqueue(self, task: ScanTask, deadline: Deadline) -> ScanTask:
        """Enqueue the users of some shards after others until all are done or time runs short.

        Users that an earlier run of the same import has settled well are not enqueued again. Enqueuing
        a user twice is harmless.
        """
        waiting = list(task["Shards"])
        entry = self.ledger.get(task["Run"]["ImportId"]) or {}
        at_a_time, resumed = shards_at_a_time(int(entry.get("users", 0))), bool(entry.get("resumed", True))
        known = {group.name for group in self.backup.groups()} if waiting else set()
        done: ScanTask = {
            **task,
            "Enqueued": task.get("Enqueued", 0),
            "Expected": task.get("Expected", 0),
            "Complete": task.get("Complete", 0),
            "Finished": not waiting,
        }
        if not waiting:
            self._tell(done)
        while waiting and not (deadline.near() and len(waiting) < len(task["Shards"])):
            if self.drills is not None:
                self.drills.check(task["Run"])
            some, waiting = waiting[:at_a_time], waiting[at_a_time:]
            self._enqueue_shards(done, some, resumed, known)
            done |= {"Shards": waiting, "Finished": not waiting}
            self._tell(done)
        return done

    def _tell(self, done: ScanTask) -> None:
        """Say how far the worker is: import jobs begin, and progress is shown, while the scan goes on."""
        told = {"expected": done["Expected"], "complete": done["Complete"], "finished": done["Finished"]}
        self.ledger.update(done["Run"]["ImportId"], {scan_field(done["Portion"]): told})

    def _enqueue_shards(
        self, done: ScanTask, shards: list[str], resumed: bool, known: Collection[str]
    ) -> None:
        """Enqueue the users of some shards, and add to what is done. `known` are the backup's groups."""
        run = done["Run"]
        fingerprints: list[Fingerprint] = []
        left_out: list[dict[str, object]] = []
        ahead = max(0, done["HeadStart"])

        def messages() -> Iterator[NewUser]:
            nonlocal ahead
            for user, memberships, complete, back in self._users(shards, resumed):
                groups = sorted(membership.group_name for membership in memberships)
                if user is None:
                    subs = memberships[0].sub
                    left_out.append(
                        {"sub": subs, "why": "membership without user", "memberships": len(groups)}
                    )
                elif user.federated:
                    left_out.append({"sub": user.sub, "why": "federated profile", "memberships": len(groups)})
                else:
                    new = wanted(user, self.rows.facts, run["SourceSubAttribute"])
                    unknown = len(groups)
                    groups = [name for name in groups if name in known]
                    unknown -= len(groups)
                    if unknown:
                        left_out.append(
                            {"sub": user.sub, "why": "membership without group", "memberships": unknown}
                        )
                    left_out.extend(
                        {"sub": user.sub, "why": why, "memberships": 0} for why in lost(user, new)
                    )
                    fingerprints.append(expected(new, groups, self.rows.facts, at_sign_in(run, new)))
                    groups = groups_now(run, new, groups)
                    if not complete:
                        reason = BROUGHT_BACK if user.sub in back else self._why_api(run, new)
                        if groups and ahead > 0:
                            reason = reason or HEAD_START
                            ahead -= len(groups)
                        yield new_user(run["ImportId"], run["UserPoolId"], new, groups, reason)

        sent = self._send(messages())
        # Named by the first shard: whoever repeats it has the same shards together.
        self.files.spread("expected", shards[0], fingerprints)
        self.files.bucket.put_lines(f"{self.files.folder}/left-out/{shards[0]}.jsonl.gz", left_out)
        done["HeadStart"] = max(0, ahead)
        done["Enqueued"] += sent
        done["Expected"] += len(fingerprints)
        done["Complete"] += len(fingerprints) - sent

    def _users(
        self, shards: list[str], resumed: bool
    ) -> Iterator[tuple[User | None, list[Membership], bool, Collection[str]]]:
        """The users of some shards with their memberships, each with whether it needs nothing more.

        With each come the subs of those who have come back by signing in, of its shard.

        Several shards are read side by side; their users are held in memory meanwhile.
        """

        def read(
            shard: str,
        ) -> tuple[Iterable[tuple[User | None, list[Membership]]], set[str], Collection[str]]:
            complete = self._settled_well(shard) if resumed else set()
            users = self.backup.users_with_groups(shard)
            if self.given is None:
                return (users if len(shards) == 1 else list(users)), complete, ()
            held = list(users)
            given = self.given.of_users(user.sub for user, _ in held if user is not None)
            return held, complete, {sub for sub, each in given.items() if each.brought_back}

        with ThreadPoolExecutor(READERS) as executor:
            for users, complete, back in executor.map(read, shards):
                for user, memberships in users:
                    yield user, memberships, user is not None and user.sub in complete, back

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
