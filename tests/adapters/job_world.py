"""An import's CSV lane with everything around it: backup, queues, jobs, the consumers of the other queues."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest

from lifeboat.aws.bucket import Bucket
from lifeboat.cognito.pool import PoolFacts, comparable_attributes, linked_identities, wants_password
from lifeboat.errors import ImportStalled, LifeboatError
from lifeboat.model import Group, Membership, User
from lifeboat.pacing import Deadline
from lifeboat.restore import progress
from lifeboat.restore.comparison.expectation import Files
from lifeboat.restore.csv_lane import job as import_job
from lifeboat.restore.csv_lane.chunk import Drain
from lifeboat.restore.csv_lane.job import ImportJobStep
from lifeboat.restore.csv_lane.rows import RowFormat
from lifeboat.restore.messages import new_user, read_new_user, read_update
from lifeboat.restore.scan import Scan
from lifeboat.restore.tasks import JobProgress, Run, ScanTask
from lifeboat.restore.users.creation import UserRestore
from lifeboat.restore.users.pace import UserPace
from lifeboat.restore.users.updates import UserUpdate
from lifeboat.store.given import GivenGroups
from lifeboat.store.items import Change, draft_group, draft_membership, draft_user
from lifeboat.store.ledger import Ledger
from lifeboat.store.outcomes import Outcome, Outcomes
from lifeboat.store.table import BackupTable
from lifeboat.store.tally import Tally
from tests.adapters.job_double import FACTS, HEADER, Clock, Faults, JobsDouble, Killed, PoolDouble, TimedQueue
from tests.adapters.pools import SHARD
from tests.unit.examples import EARLIER, PLENTY

CHUNK = 5
UPDATES_PER_SECOND = 25.0
UNPACED = UserPace(share=1e8, workers=1)
MOST_STEPS = 500


def person(number: int, **changes: object) -> User:
    """A user whom a row can carry."""
    sub = f"{SHARD}000000-0000-4000-8000-{number:012}"
    user = User(
        sub,
        f"user-{number}",
        {
            "sub": sub,
            "email": f"u{number}@example.com",
            "email_verified": "true",
            "name": f"Nr. {number}, Esq.",
        },
        True,
        "CONFIRMED",
    )
    return replace(user, **changes)  # type: ignore[arg-type]


class World:
    """One import at a time; `resume` begins another attempt."""

    def __init__(
        self, table: BackupTable, bucket: Bucket, patch: pytest.MonkeyPatch, import_id: str = "an-import"
    ) -> None:
        self.table, self.bucket = table, bucket
        self.clock = Clock()
        patch.setattr(import_job, "now", self.clock.now)
        patch.setattr(progress, "now", self.clock.now)
        patch.setattr(progress, "publish", lambda *_: None)
        self.pool = PoolDouble()
        self.jobs = JobsDouble(self.pool, self.clock)
        self.facts: PoolFacts = FACTS
        self.header: tuple[str, ...] = HEADER
        self.chunk = CHUNK
        self.head_start = 0
        self.new_users = TimedQueue("NewUsers", self.clock)
        self.dead = TimedQueue("NewUsersDead", self.clock)
        self.api_users = TimedQueue("ApiUsers", self.clock)
        self.updates = TimedQueue("Updates", self.clock)
        self.faults = Faults()
        self.run: Run = {
            "ImportId": import_id,
            "UserPoolId": FACTS.pool_id,
            "ExecutionArn": "arn:an-execution",
            "ExportId": "an-export",
            "AsOf": "",
            "Buckets": 1,
            "UserLane": "auto",
            "SourceSubAttribute": "",
            "Warnings": [],
        }
        self.users: dict[str, tuple[User, tuple[str, ...]]] = {}
        self.handled_updates: list[tuple[str, int]] = []

    # -- what there is

    def back_up(self, user: User, *groups: str) -> User:
        self.back_up_users([(user, groups)])
        return user

    def back_up_users(self, users: Iterable[tuple[User, Sequence[str]]]) -> None:
        """Put users with their groups into the backup, all at once."""
        given = {user.sub: (user, tuple(groups)) for user, groups in users}
        drafts = [
            draft_group(Group(name)) for name in sorted({each for _, of in given.values() for each in of})
        ]
        drafts += [
            draft
            for user, groups in given.values()
            for draft in (
                draft_user(user),
                *(draft_membership(Membership(user.sub, group)) for group in groups),
            )
        ]
        self.table.put_all(draft.item(EARLIER, Change.ADDED) for draft in drafts)
        self.users.update(given)

    def back_up_all(self, count: int, groups: Sequence[str] = ()) -> None:
        self.back_up_users((person(number), groups) for number in range(count))

    def forget_user(self, sub: str) -> None:
        """Take a user out of the backup."""
        self.table.delete_all([draft_user(self.users.pop(sub)[0]).key])

    def enqueue(self, user: User, groups: Iterable[str] = (), import_id: str = "") -> None:
        """A message of one user, as the scan sends it."""
        message = new_user(import_id or self.run["ImportId"], FACTS.pool_id, user, groups, "")
        self.new_users.send([message.model_dump()])

    def scan(self) -> int:
        """What Enqueue Users does; returns how many messages it sent."""
        scan = Scan(
            self.table,
            self.new_users,
            self.api_users,
            self.outcomes(),
            self._files(),
            self._rows(),
            self.ledger(),
        )
        task: ScanTask = {
            "Run": self.run,
            "Portion": 0,
            "Shards": [SHARD],
            "HeadStart": self.head_start,
        }
        return scan.enqueue(task, PLENTY)["Enqueued"]

    def resume(self, lane: str) -> None:
        """What Begin Import does to the ledger, and the scan."""
        self.run["UserLane"] = lane
        self.ledger().update(self.run["ImportId"], {"csv_closed": ""})
        self.scan()

    # -- the parts

    def outcomes(self) -> Outcomes:
        return Outcomes(self.table, self.run["ImportId"])

    def ledger(self) -> Ledger:
        return Ledger(self.table, "import")

    def _files(self) -> Files:
        return Files(self.bucket, self.run["ImportId"], 1)

    def _rows(self) -> RowFormat:
        return RowFormat(self.facts, self.header)

    def step(self) -> ImportJobStep:
        """A new process of the function, whose effects are counted."""
        jobs, outcomes, ledger, files = self.jobs.as_jobs(), self.outcomes(), self.ledger(), self._files()
        files.bucket = Bucket(self.bucket._client, self.bucket.name)
        self.faults.after(jobs, "create", "upload", "start")
        self.faults.after(outcomes, "created_by_csv", "failed", "reopen")
        self.faults.after(ledger, "update")
        self.faults.after(files.bucket, "put_lines")
        drain = Drain(
            self.run["ImportId"],
            self.run["UserLane"] == "csv",
            self.facts,
            self._rows(),
            outcomes,
            self.new_users,
            self.dead,
            self.api_users,
            self.updates,
        )
        return ImportJobStep(
            self.run,
            self.facts,
            jobs,
            self.jobs.as_logs(),
            drain,
            self.table,
            outcomes,
            ledger,
            files,
            self.chunk,
            UPDATES_PER_SECOND,
            Tally(self.table),
        )

    def watch(self, faults: Faults) -> None:
        """Count the step's effects, the queues' among them."""
        self.faults = faults
        faults.after(self.new_users, "receive", "delete", "release")
        faults.after(self.api_users, "send")
        faults.after(self.updates, "send")
        faults.after(self.dead, "send_raw")

    # -- what happens

    def take(self, deadline: Deadline = PLENTY) -> JobProgress:
        """One invocation of Run Import Job."""
        self.faults.watching = True
        try:
            return self.step().take({"Run": self.run}, deadline)
        finally:
            self.faults.watching = False

    def consume(self) -> None:
        """The consumers of the other two queues, until these are empty."""
        restore = UserRestore(
            self.facts,
            self.pool.reader(),
            self.pool.writer(),
            self.outcomes(),
            self.updates,
            GivenGroups(self.table, FACTS.pool_id),
        )
        for body in self.api_users.take_all():
            restore.restore(read_new_user(body))
        update = UserUpdate(
            self.facts,
            self.pool.reader(),
            self.pool.writer(),
            self.outcomes(),
            UNPACED,
        )
        for body in self.updates.take_all():
            message = read_update(body)
            update.apply(message)
            self.handled_updates.append((message.sub, message.number))

    def until_quiet(self) -> None:
        """Repeat the workflow's loop, its retries among it, until nothing is left to do."""
        for _ in range(MOST_STEPS):
            try:
                progress = self.take()
            except ImportStalled:
                raise
            except (Killed, LifeboatError):
                self.clock.advance(5)
                continue
            self.consume()
            if not progress["Active"] and not self.new_users.depth():
                assert not self.job
                return
            # An idle look while messages are hidden: the workflow waits, and they come back.
            self.clock.advance(max(progress["LookAfter"], 1) if progress["Active"] else 60)
        raise AssertionError(f"not quiet after {MOST_STEPS} steps")

    @property
    def job(self) -> dict[str, object]:
        entry = self.ledger().get(self.run["ImportId"]) or {}
        job: dict[str, object] = entry.get("job") or {}
        return job

    # -- what is to be true in the end

    def outcome(self, sub: str) -> Outcome:
        outcome = self.outcomes().get(sub)
        assert outcome is not None
        return outcome

    def lanes(self) -> dict[str, str]:
        """By username, by what each user was created: csv or api."""
        return {name: by for by, name in self.pool.created}

    def check_restored(self) -> None:
        """Every user of the backup is in the pool, once and as it was, and everything is accounted for."""
        local = {sub: entry for sub, entry in self.users.items() if not entry[0].federated}
        names = sorted(user.username for user, _ in local.values())
        assert sorted(name for _, name in self.pool.created) == names
        outcomes = self.outcomes().of_users(local)
        for sub, (user, groups) in local.items():
            there = self.pool.users[user.username]
            assert comparable_attributes(there) == comparable_attributes(user)
            assert there.enabled == user.enabled
            assert self.pool.groups.get(user.username, set()) == set(groups)
            assert self.pool.links.get(user.username, set()) == set(linked_identities(user))
            if wants_password(user):
                assert there.status in ("CONFIRMED", "RESET_REQUIRED")
            assert outcomes[sub].complete, sub
            assert outcomes[sub].updates_done == frozenset(range(outcomes[sub].updates_expected))
        for queue in (self.new_users, self.api_users, self.updates):
            assert queue.depth() == 0


def many_kinds(world: World) -> None:
    """Twelve users: plain ones, with groups, disabled, linked, and some that no row can carry."""
    links = json.dumps([{"providerName": "Google", "userId": "g-1", "primary": False}])
    linked, lined, bare = person(8), person(9), person(11)
    world.back_up_users(
        [
            *((person(number), ()) for number in range(5)),
            (person(5), ["staff"]),
            (person(6), [f"group-{number}" for number in range(12)]),
            (person(7, enabled=False), ["staff"]),
            (replace(linked, attributes={**linked.attributes, "identities": links}), ()),
            (replace(lined, attributes={**lined.attributes, "custom:note": "two\nlines"}), ["staff"]),
            (person(10, status="UNCONFIRMED"), ()),
            (replace(bare, attributes={"sub": bare.sub, "name": "nobody"}), ()),
            (person(12, status="EXTERNAL_PROVIDER"), ["staff"]),
        ]
    )
