"""The CSV lane: one user import job at a time, each with a chunk of NewUsersQueue.

What is known of a job is in the import's ledger entry, so that any crash can be gone on from:

    PLANNED   the job exists, its file may not be uploaded: given up, its messages come back by themselves
    UPLOADED  the file and the manifest (row → sub) are complete: started, unless Cognito says that it was
    STARTED   watched until it ends, then settled row by row

Messages are deleted once the job has started. Those that survive come back after it has ended, and are
known by their outcomes. Rows that a job did not import, or may not have, go to the API lane, which adopts a
user that is in the pool after all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lifeboat.aws.logs import LogStreams
from lifeboat.cognito.import_jobs import NOT_STARTED, ImportJob, ImportJobs
from lifeboat.cognito.pool import PoolFacts, wanted
from lifeboat.errors import CognitoRefused, ImportStalled, LifeboatError, ResourceNotFound
from lifeboat.model import User, now, seconds_between
from lifeboat.pacing import Deadline
from lifeboat.restore.comparison.expectation import Files, digest
from lifeboat.restore.csv_lane.chunk import Chunk, Drain
from lifeboat.restore.csv_lane.job_log import SUCCEEDED, log_group, log_stream, row_results
from lifeboat.restore.lanes import SMALLEST_FIRST, JobSize
from lifeboat.restore.memberships import groups_now
from lifeboat.restore.messages import NewUser, new_user, updates_for
from lifeboat.restore.scanned import Scanned
from lifeboat.restore.tasks import JobProgress, JobTask, Run
from lifeboat.store.backup import Backup
from lifeboat.store.keys import shard_of
from lifeboat.store.ledger import Ledger
from lifeboat.store.outcomes import Outcomes, State
from lifeboat.store.tally import Count, Tally
from lifeboat.telemetry import logger

PLANNED, UPLOADED, STARTED = "PLANNED", "UPLOADED", "STARTED"

START_SECONDS = 10
USERS_PER_SECOND = 35
"""What import jobs were seen to do; used only to choose when to look again."""

LONGEST_LOOK = 3_600
LOG_LOOK = 5
BUSY_LOOK = 15
SCAN_LOOK = 1
"""Seconds until the next look: at a running job, an incomplete log, a job that may not start yet, a queue
that the scan is still filling."""

LOG_GRACE = 120
"""Seconds after a job's end for which its log may still grow."""

PATIENCE = 900
"""Seconds for which a refusal to start is put down to another job: an account has one active at a time."""

BUSY = "PreconditionNotMetException"

NOTHING: JobProgress = {"Active": False, "Users": 0, "Done": 0, "LookAfter": 0}


@dataclass(frozen=True, slots=True)
class ImportJobStep:
    """Takes the CSV lane of one import a step further."""

    run: Run
    facts: PoolFacts
    jobs: ImportJobs
    logs: LogStreams
    drain: Drain
    backup: Backup
    outcomes: Outcomes
    ledger: Ledger
    files: Files
    largest_chunk: int
    updates_per_second: float
    tally: Tally

    def take(self, task: JobTask, deadline: Deadline) -> JobProgress:
        """Settle the job that has ended, start the next one. Safe to repeat at any point.

        Raises ImportStalled where only import jobs are wanted and none can be run.
        """
        entry = self.ledger.get(self.run["ImportId"]) or {}
        job: Mapping[str, Any] = entry.get("job") or {}
        if job:
            progress = self._go_on(job)
            if progress is not None:
                return progress
            entry = self.ledger.get(self.run["ImportId"]) or {}
        return self._next(entry, deadline)

    # -- the job at hand ------------------------------------------------------------------------------

    def _go_on(self, job: Mapping[str, Any]) -> JobProgress | None:
        """What the job still needs; None if it is done with."""
        if job["state"] == PLANNED:
            self._done(job)
            return None
        described = self._describe(job)
        if described is None:
            self._settle(job, None)
            return None
        if described.status == NOT_STARTED and self.run["UserLane"] == "api":
            self._done(job)  # its messages come back by themselves
            return None
        if described.status == NOT_STARTED:
            return self._start(job, [])
        if described.running:
            return self._active(job, described)
        if not self._settle(job, described):
            return _progress(int(job["rows"]), int(job["rows"]), LOG_LOOK)
        return None

    def _describe(self, job: Mapping[str, Any]) -> ImportJob | None:
        try:
            return self.jobs.describe(str(job["job_id"]))
        except (
            ResourceNotFound
        ):  # the job is forgotten; the pool is not, or every other call would fail as well
            return None

    def _active(self, job: Mapping[str, Any], described: ImportJob) -> JobProgress:
        rows = int(job["rows"])
        left = rows - described.imported - described.skipped - described.failed
        seconds = left / USERS_PER_SECOND + (START_SECONDS / 2 if left == rows else 0)
        return _progress(rows, rows - left, int(min(max(seconds, 1), LONGEST_LOOK)))

    def _start(self, job: Mapping[str, Any], handles: list[str]) -> JobProgress | None:
        try:
            self.jobs.start(str(job["job_id"]))
        except CognitoRefused as error:
            return self._refused(job, error)
        rows = int(job["rows"])
        self.ledger.update(self.run["ImportId"], {"job": {**job, "state": STARTED}})
        self.drain.new_users.delete(handles)
        logger.info("import job started", number=int(job["number"]), users=rows)
        return _progress(rows, 0, START_SECONDS // 2)

    def _refused(self, job: Mapping[str, Any], error: CognitoRefused) -> JobProgress | None:
        described = self._describe(job)
        if described is not None and described.status != NOT_STARTED:
            return self._active(job, described)  # started, and the answer was lost
        since = str(job.get("refused_since") or now())
        if error.code == BUSY and seconds_between(since, now()) < PATIENCE:
            self.ledger.update(self.run["ImportId"], {"job": {**job, "refused_since": since}})
            return _progress(int(job["rows"]), 0, BUSY_LOOK)
        # A resumed import is to be as patient again.
        patient = {name: value for name, value in job.items() if name != "refused_since"}
        self.ledger.update(self.run["ImportId"], {"job": patient})
        self._close(str(error))
        self._settle(job, None)
        return None

    # -- the end of a job ------------------------------------------------------------------------------

    def _settle(self, job: Mapping[str, Any], described: ImportJob | None) -> bool:
        """Write the outcomes of a job's rows; False if its log does not tell them all yet.

        Without a description nothing is known of any row. Nothing here depends on having been done before.
        """
        subs = list(self.files.bucket.get_lines(self.files.job_manifest(int(job["number"]))))
        reasons = self._reasons(described, len(subs), self._ended(job, described) if described else "")
        if reasons is None:
            return False
        others = {subs[row]: reason for row, reason in reasons.items()}
        imported = [sub for sub in subs if sub not in others]
        users = self._users(subs)
        before = self.outcomes.of_users(imported)
        updates = {
            sub: updates_for(users[sub], self.facts.sign_in_name(users[sub].user()) or "", by_api=False)
            for sub in imported
            if sub in users
        }
        self.outcomes.created_by_csv(
            {
                sub: len(updates.get(sub, ()))
                for sub in imported
                if sub not in before or before[sub].state is not State.CREATED
            }
        )
        self.tally.add(
            self.run["ImportId"],
            Count(settled=sum(sub not in before and not updates.get(sub) for sub in imported)),
        )
        self.tally.flush()
        self.drain.divert((users[sub], reason) for sub, reason in others.items() if sub in users)
        self.drain.updates.send(
            update
            for sub, documents in updates.items()
            if sub not in before or not before[sub].complete
            for update in documents
        )
        logger.info(
            "import job settled",
            number=int(job["number"]),
            status=described.status if described else "unknown",
            imported=len(imported),
            others=len(others),
        )
        self._done(job)
        return True

    def _ended(self, job: Mapping[str, Any], described: ImportJob) -> str:
        """When the job ended, or was first seen to have; Cognito need not say."""
        ended = described.ended_at or str(job.get("ended_seen", ""))
        if not ended:
            ended = now()
            self.ledger.update(self.run["ImportId"], {"job": {**job, "ended_seen": ended}})
        return ended

    def _reasons(self, described: ImportJob | None, rows: int, ended: str) -> dict[int, str] | None:
        """Why rows were not imported, by row; None if the log is not complete yet."""
        if described is None:
            return dict.fromkeys(range(rows), "the import job could not be run")
        if described.imported == rows and not (described.skipped or described.failed):
            return {}
        stream = log_stream(described.job_id, described.name)
        results = row_results(
            self.logs.messages(log_group(self.facts.pool_id, self.facts.name), stream), rows
        )
        handled = described.imported + described.skipped + described.failed
        if len(results) < min(handled, rows) and seconds_between(ended, now()) < LOG_GRACE:
            return None
        ended_early = f"the import job ended as {described.status}: {described.message}".rstrip(": ")
        return {
            row: f"the import job refused the row: {results[row].reason}" if row in results else ended_early
            for row in range(rows)
            if row not in results or results[row].result != SUCCEEDED
        }

    def _users(self, subs: list[str]) -> dict[str, NewUser]:
        """The users of a job as the backup has them; those deleted from it meanwhile are left out."""
        wanted = set(subs)
        known = {group.name for group in self.backup.groups()}
        return {
            user.sub: self._message(
                user, [each.group_name for each in memberships if each.group_name in known]
            )
            for shard in sorted({shard_of(sub) for sub in wanted})
            for user, memberships in self.backup.users_with_groups(shard)
            if user is not None and user.sub in wanted
        }

    def _message(self, user: User, groups: list[str]) -> NewUser:
        new = wanted(user, self.facts, self.run["SourceSubAttribute"])
        given = groups_now(self.run, new, groups)
        return new_user(self.run["ImportId"], self.run["UserPoolId"], new, given, "")

    def _done(self, job: Mapping[str, Any]) -> None:
        self.ledger.update(self.run["ImportId"], {"job": {}, "jobs": int(job["number"]) + 1})

    # -- the next job ------------------------------------------------------------------------------

    def _next(self, entry: Mapping[str, Any], deadline: Deadline) -> JobProgress:
        """Drain a chunk and start a job with it, or hand it on where the lane is closed."""
        closed = "UserLane is api" if self.run["UserLane"] == "api" else str(entry.get("csv_closed", ""))
        scanned = Scanned.of(entry)
        depth = self.drain.new_users.depth()
        number = int(entry.get("jobs", 0))
        size = self._size(entry, scanned, number, depth)
        if not scanned.finished and depth < (1 if closed else size):
            return _progress(0, 0, SCAN_LOOK)
        if not depth:
            return NOTHING
        chunk = self.drain.fill(size, deadline)
        if not chunk:
            return NOTHING
        if closed:
            return self._hand_on(chunk, closed)
        name = f"lifeboat-{digest(self.run['ImportId'])[:12]}-{number}"
        job: dict[str, Any] = {"number": number, "rows": len(chunk), "state": PLANNED, "job_id": ""}
        self.ledger.update(self.run["ImportId"], {"job": job})
        try:
            refusal = self._prepare(job, name, chunk)
            if refusal:
                self._close(refusal)
        except LifeboatError:
            self.drain.new_users.release(chunk.handles)
            raise
        if refusal:
            self._done(job)
            return self._hand_on(chunk, refusal)
        job["state"] = UPLOADED
        self.ledger.update(self.run["ImportId"], {"job": job})
        return self._start(job, chunk.handles) or _progress(0, 0, 1)

    def _size(self, entry: Mapping[str, Any], scanned: Scanned, number: int, depth: int) -> int:
        """How many users the next job takes: see `lanes`."""
        in_hand = self.drain.updates.depth() + self.drain.api_users.depth()
        first, growing = int(entry.get("first_job", SMALLEST_FIRST)), bool(entry.get("jobs_grow", False))
        sizes = JobSize(first, growing, self.largest_chunk)
        return sizes.of(number, in_hand / self.updates_per_second, depth + scanned.to_come)

    def _prepare(self, job: dict[str, Any], name: str, chunk: Chunk) -> str:
        """Create a job and hand its file in; returns why Cognito refuses it, "" if it does not."""
        try:
            job["job_id"], address = self.jobs.create(name)
            self.files.bucket.put_lines(self.files.job_manifest(int(job["number"])), chunk.rows)
            self.jobs.upload(address, "\n".join(self._lines(chunk)).encode())
        except CognitoRefused as error:
            return str(error)
        return ""

    def _lines(self, chunk: Chunk) -> Iterator[str]:
        yield self.drain.rows.header_line
        yield from chunk.rows.values()
        yield ""

    def _hand_on(self, chunk: Chunk, reason: str) -> JobProgress:
        why = f"no import job can be run: {reason}"
        self.drain.divert((message, why) for message in chunk.messages.values())
        self.drain.new_users.delete(chunk.handles)
        return _progress(len(chunk), len(chunk), 1)

    def _close(self, reason: str) -> None:
        """Run no further jobs in this import: the rest goes by the API lane."""
        if self.run["UserLane"] == "csv":
            raise ImportStalled(
                f"UserLane is csv, but no import job can be run: {reason}. Mend the cause and resume the "
                'import, or resume it with "UserLane": "auto"'
            )
        logger.warning("no import job can be run", reason=reason)
        self.ledger.update(self.run["ImportId"], {"csv_closed": reason})


def _progress(users: int, done: int, look_after: int) -> JobProgress:
    return {"Active": True, "Users": users, "Done": done, "LookAfter": look_after}
