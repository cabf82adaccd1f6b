"""Carrying out user import jobs: when they begin, how fast they go, how they end.

A job begins some seconds after its start and then imports so many users a second, as was observed at AWS; how
many rows may fail before "Too many users have failed or been skipped" is not documented, so that by default
any number may. All of it can be set. While a Region is lost its jobs stand still.

A user is made in several steps. Until they are done nobody may look: calls that would show the user wait
(`lock_of`).
"""

import asyncio
import logging
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from local.front.exclusion import Exclusion
from local.front.import_file import BadRow, ImportFile, UnreadableFile, header_for, read_file, values_of
from local.front.import_job import (
    COMPLETED,
    FAILED,
    IN_PROGRESS,
    PENDING,
    STOPPED,
    STOPPED_BY_DEVELOPER,
    STOPPING,
    SUCCEEDED,
    Job,
)
from local.front.import_log import JobLog, role_problem
from local.front.import_rows import user_of
from local.front.import_users import INTERNAL_ERROR, ImportedUsers, RowResult, failed
from local.front.pools import Pool, Pools
from local.front.protocol import Call, CognitoError
from local.front.settings import Conditions, ImportSettings

logger = logging.getLogger(__name__)

TOO_MANY = "Too many users have failed or been skipped during the import."
POOL_DELETED = "The user pool has been deleted."
JOB_CRASHED = "The import job failed due to an internal error."

BATCH = 8  # rows for which others wait; so many are made at a time
TICK_SECONDS = 0.05
LOG_SECONDS = 1.0


def lock_of(pool_id: str) -> str:
    """Return the name that is held (`exclusion.py`) while users of a pool are being made."""
    return f"import/{pool_id}"


class Pace:
    """How many rows are due: at most a second's worth is made up for."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._at = clock()
        self._due = 0.0

    def take(self, rate: float, most: int) -> int:
        """Return how many rows may be imported now."""
        now = self._clock()
        self._due = min(self._due + (now - self._at) * rate, max(rate, 1.0))
        self._at = now
        taken = min(int(self._due), most)
        self._due -= taken
        return taken

    def rest(self) -> None:
        """Let the time since the last look go by."""
        self._at = self._clock()

    def wait(self, rate: float) -> float:
        """Return for how many seconds to wait until a row is due, or until the next look."""
        return min(max(1.0 - self._due, 0.0) / rate, TICK_SECONDS)


@dataclass(frozen=True, slots=True)
class _Import:
    """What is known about a job that imports."""

    job: Job
    file: ImportFile
    log: JobLog
    sms_mfa: bool  # the pool has SMS messages as a second factor


class Runs:
    """Carries out jobs, each in a task."""

    def __init__(
        self, pools: Pools, users: ImportedUsers, exclusion: Exclusion, conditions: Conditions
    ) -> None:
        self._pools = pools
        self._users = users
        self._exclusion = exclusion
        self._conditions = conditions

    @property
    def _settings(self) -> ImportSettings:
        return self._conditions.imports

    async def run(self, job: Job) -> None:
        """Carry out a job that has been started. Of a crash only its class and where it was are logged."""
        try:
            if await self._wait(job):
                await self._run(job)
        except UnreadableFile as error:
            _end(job, FAILED, str(error))
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            logger.error("An import job crashed: %s in %s:%s", type(error).__name__, place.name, place.lineno)
            _end(job, FAILED, JOB_CRASHED)

    async def _wait(self, job: Job) -> bool:
        """Wait until a job begins; False if it ended before."""
        waited, last = 0.0, time.monotonic()
        while job.status == PENDING:
            lost, left = self._lost(job), self._settings.start_seconds - waited
            if left <= 0 and not lost:
                return True
            await asyncio.sleep(min(max(left, 0.001), TICK_SECONDS))
            now = time.monotonic()
            waited, last = waited + (0.0 if lost else now - last), now
        return False

    async def _run(self, job: Job) -> None:
        job.status = IN_PROGRESS
        problem = await role_problem(self._pools.upstream, job.home, job.role_arn)
        if problem:
            _end(job, FAILED, problem)
            return
        pool = await self._pool(job)
        if pool is None or job.content is None:
            _end(job, FAILED, POOL_DELETED)
            return
        file = await asyncio.to_thread(read_file, job.content, header_for(list(pool.schema)))
        group = f"/aws/cognito/userpools/{job.home.pool_id}/{pool.description['Name']}"
        log = JobLog(self._pools.upstream, job.home, group, job.log_stream)
        await log.open()
        mfa = await self._pools.ask(pool, "GetUserPoolMfaConfig")
        work = _Import(job, file, log, bool(mfa.get("SmsMfaConfiguration")))
        try:
            status, message = await self._import(work)
        finally:
            await log.flush()
        _end(job, status, message)

    async def _import(self, work: _Import) -> tuple[str, str]:
        """Import row after row; return how the job ends."""
        job, rows, row = work.job, work.file.rows, 0
        pace, flushed = Pace(), time.monotonic()
        while True:
            if self._lost(job):
                pace.rest()
                await asyncio.sleep(TICK_SECONDS)
                continue
            if job.status == STOPPING or not job.active:
                return STOPPED, STOPPED_BY_DEVELOPER
            limit = self._settings.failure_threshold
            if limit is not None and job.counts["FAILED"] + job.counts["SKIPPED"] > limit:
                return FAILED, TOO_MANY
            if row >= len(rows):
                return SUCCEEDED, COMPLETED
            pool = await self._pool(job)
            if pool is None:
                return FAILED, POOL_DELETED
            if time.monotonic() - flushed > LOG_SECONDS:
                await work.log.flush()
                flushed = time.monotonic()
            rate = self._settings.users_per_second
            due = pace.take(rate, BATCH)
            if due:
                await self._import_batch(work, pool, row, rows[row : row + due])
                row += due
            else:
                await asyncio.sleep(pace.wait(rate))

    async def _import_batch(self, work: _Import, pool: Pool, first: int, rows: Sequence[str]) -> None:
        """Import some rows, unseen until they are done. Their lines come last first: no order is promised."""
        async with self._exclusion.hold({lock_of(pool.home.pool_id)}):
            making = [self._import_row(work, pool, row) for row in rows]
            # To find a name that may be an address, ministack goes through all users, and fails when one is
            # added meanwhile.
            if pool.names("UsernameAttributes") | pool.names("AliasAttributes"):
                results = [await result for result in making]
            else:
                results = await asyncio.gather(*making)
        for place in reversed(range(len(results))):
            await work.log.add(first + place, results[place])

    async def _import_row(self, work: _Import, pool: Pool, row: str) -> RowResult:
        result = await self._result(work, pool, row)
        work.job.counts[result.result] += 1
        return result

    async def _result(self, work: _Import, pool: Pool, row: str) -> RowResult:
        try:
            user = user_of(values_of(row, work.file.columns), pool)
            status = user.status(pool, self._settings.default_status)
            return await self._users.make(pool, user, status, user.sms_mfa and work.sms_mfa)
        except BadRow as error:
            return failed(str(error))
        except CognitoError:
            return INTERNAL_ERROR

    async def _pool(self, job: Job) -> Pool | None:
        call = Call("StartUserImportJob", job.home.region, job.home.access_key, b"", {})
        call.data["UserPoolId"] = job.home.pool_id
        return await self._pools.of_call(call)

    def _lost(self, job: Job) -> bool:
        return job.home.region in self._conditions.lost_regions


def _end(job: Job, status: str, message: str) -> None:
    """End a job, unless it was ended from outside."""
    if job.active:
        job.finish(status, message)
