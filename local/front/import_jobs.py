"""User import jobs: the operations, which ministack does not have.

API_CreateUserImportJob.html and the operations beside it; cognito/latest/developerguide/
cognito-user-pools-using-import-tool.html. One job may be active at a time in an account (and, as everything
in Cognito, in a Region), 1,000 may be in a pool (quotas.html), and one that is not started within a day
expires. Jobs are kept in the front's memory, and go with their pool.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from local.front.aliases import Aliases
from local.front.constraints import Constraints
from local.front.exclusion import Exclusion
from local.front.homes import Home
from local.front.hooks import Hooks
from local.front.import_file import header_for
from local.front.import_job import (
    CREATED,
    EXPIRED,
    HAS_EXPIRED,
    IN_PROGRESS,
    PENDING,
    STOPPED,
    STOPPED_BY_DEVELOPER,
    STOPPING,
    Job,
)
from local.front.import_run import Runs, lock_of
from local.front.import_upload import Uploads
from local.front.import_users import ImportedUsers
from local.front.pool_settings import existing_pool
from local.front.pools import Pools
from local.front.protocol import Answer, Call, CognitoError, success
from local.front.settings import Conditions, ImportSettings
from local.front.taken import TakenAliases

JOBS_PER_POOL = 1_000
LONGEST_PAGE = 50  # API_ListUserImportJobs.html: of the 60 that may be asked for


class ImportJobs:
    """A feature: answers these operations. The limit can be lowered for a test."""

    def __init__(
        self,
        pools: Pools,
        aliases: Aliases,
        taken: TakenAliases,
        exclusion: Exclusion,
        constraints: Constraints,
        conditions: Conditions,
        clock: Callable[[], float] = time.time,
        per_pool: int = JOBS_PER_POOL,
    ) -> None:
        self._pools = pools
        self._conditions = conditions
        self._clock = clock
        self._per_pool = per_pool
        self._jobs: dict[str, Job] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        users = ImportedUsers(pools, aliases, taken, exclusion, constraints)
        self._runs = Runs(pools, users, exclusion, conditions)
        self._uploads = Uploads(self._find, conditions, clock)

    def register(self, hooks: Hooks) -> None:
        """Plug in."""
        hooks.before(self._header, "GetCSVHeader")
        hooks.before(self._create, "CreateUserImportJob")
        hooks.before(self._start, "StartUserImportJob")
        hooks.before(self._stop, "StopUserImportJob")
        hooks.before(self._describe, "DescribeUserImportJob")
        hooks.before(self._list, "ListUserImportJobs")
        hooks.claim(self._looks_at_users, "AdminGetUser", "ListUsers")
        hooks.after(self._pool_deleted, "DeleteUserPool")
        self._uploads.register(hooks)

    async def stop(self) -> None:
        """Let go of the jobs that are under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def reset(self) -> None:
        """Take the settings of the start, and stop the jobs that are active."""
        self._conditions.imports = ImportSettings()
        for job in self._jobs.values():
            if job.active:
                job.finish(STOPPED, STOPPED_BY_DEVELOPER)

    async def _header(self, call: Call) -> Answer:
        pool = await existing_pool(self._pools, call)
        return success({"UserPoolId": call.pool_id, "CSVHeader": list(header_for(list(pool.schema)))})

    async def _create(self, call: Call) -> Answer:
        await existing_pool(self._pools, call)
        if call.data.get("PasswordHashingAlgorithm") is not None:
            text = "Password hash import is not available for this user pool."
            raise CognitoError("InvalidParameterException", text)
        if len(self._of_pool(call)) >= self._per_pool:
            text = "Exceeded maximum number of import jobs per user pool."
            raise CognitoError("LimitExceededException", text)
        home = Home(call.region, call.access_key, call.pool_id)
        role = str(call.data["CloudWatchLogsRoleArn"])
        job = Job(home, str(call.data["JobName"]), role, self._clock(), self._clock)
        self._jobs[job.job_id] = job
        return _shown(call, job)

    async def _start(self, call: Call) -> Answer:
        pool = await existing_pool(self._pools, call)
        job = self._named(call)
        if job.status != CREATED:
            raise _unmet(f"Import job {job.job_id} cannot be started: its status is {job.status}.")
        if job.content is None:
            raise _unmet(f"No csv file was uploaded for {job.job_id}")
        if not pool.names("AutoVerifiedAttributes"):
            raise _unmet("The user pool does not verify any attributes automatically.")
        if any(other.active and other.owner == job.owner for other in self._jobs.values()):
            raise _unmet("Another import job of the account is active.")
        job.start()
        task = asyncio.create_task(self._runs.run(job))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return _shown(call, job)

    async def _stop(self, call: Call) -> Answer:
        """Stop a job: at once while it waits, else when the users that are being made are done."""
        await existing_pool(self._pools, call)
        job = self._named(call)
        if not job.active:
            raise _unmet(f"Import job {job.job_id} cannot be stopped: its status is {job.status}.")
        if job.status == PENDING:
            job.finish(STOPPED, STOPPED_BY_DEVELOPER)
        elif job.status == IN_PROGRESS:
            job.status = STOPPING
        return _shown(call, job)

    async def _describe(self, call: Call) -> Answer:
        await existing_pool(self._pools, call)
        return _shown(call, self._named(call))

    async def _list(self, call: Call) -> Answer:
        """List a pool's jobs, the last created first; the token names the last one that was listed."""
        await existing_pool(self._pools, call)
        jobs = self._of_pool(call)[::-1]
        start = 0
        if call.data.get("PaginationToken") is not None:
            tokens = [_token(job) for job in jobs]
            if call.data["PaginationToken"] not in tokens:
                raise CognitoError("InvalidParameterException", "Invalid pagination token given.")
            start = tokens.index(call.data["PaginationToken"]) + 1
        end = start + min(int(call.data["MaxResults"]), LONGEST_PAGE)
        answer: dict[str, Any] = {"UserImportJobs": [_described(call, job) for job in jobs[start:end]]}
        return success(answer | {"PaginationToken": _token(jobs[end - 1])} if end < len(jobs) else answer)

    def _looks_at_users(self, call: Call) -> set[str]:
        """Wait for the users that an import is making; there is none, nobody waits."""
        active = any(job.active and job.home.pool_id == call.pool_id for job in self._jobs.values())
        return {lock_of(call.pool_id)} if active else set()

    async def _pool_deleted(self, call: Call, answer: Answer) -> Answer:
        if answer.ok:
            self._jobs = {
                job_id: job for job_id, job in self._jobs.items() if job.home.pool_id != call.pool_id
            }
        return answer

    def _find(self, job_id: str) -> Job | None:
        """Return the job of an id, as it is now."""
        job = self._jobs.get(job_id)
        if job is not None and job.status == CREATED:
            end = job.created + self._conditions.imports.expire_seconds
            if self._clock() >= end:
                job.finish(EXPIRED, HAS_EXPIRED, end)
        return job

    def _named(self, call: Call) -> Job:
        """Return the job that a call names; raises ResourceNotFoundException."""
        job = self._find(str(call.data["JobId"]))
        if job is None or job.home.pool_id != call.pool_id:
            raise CognitoError("ResourceNotFoundException", "User import job does not exist.")
        return job

    def _of_pool(self, call: Call) -> list[Job]:
        """Return the jobs of a call's pool, the first created first."""
        ids = [job.job_id for job in self._jobs.values() if job.home.pool_id == call.pool_id]
        return [job for job in map(self._find, ids) if job is not None]


def _described(call: Call, job: Job) -> dict[str, Any]:
    return job.describe(call.headers.get("Host", ""))


def _shown(call: Call, job: Job) -> Answer:
    return success({"UserImportJob": _described(call, job)})


def _token(job: Job) -> str:
    return f"{job.home.pool_id}#{job.job_id}#{int(job.created * 1000)}"


def _unmet(message: str) -> CognitoError:
    return CognitoError("PreconditionNotMetException", message)
