"""Import jobs, their logs, the queues and the new pool in memory, with a clock that a test moves.

The jobs read their files by a reader of their own, written from the documented format and not from the
product. Every effect can be counted, and the process killed (or its answer lost) after any of them.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

from botocore.exceptions import ClientError

from lifeboat.aws.logs import LogStreams
from lifeboat.aws.queues import Received
from lifeboat.cognito.import_jobs import ImportJobs
from lifeboat.cognito.pool import PoolFacts
from lifeboat.cognito.reader import PoolReader
from lifeboat.cognito.writer import PoolWriter
from lifeboat.errors import CognitoRefused, ResourceNotFound, UserExists
from lifeboat.model import User, instant
from tests.adapters.pools import UNLIMITED
from tests.unit.fakes import MemoryQueue

HEADER = (
    "cognito:username",
    "name",
    "email",
    "email_verified",
    "birthdate",
    "phone_number",
    "phone_number_verified",
    "updated_at",
    "custom:note",
    "cognito:mfa_enabled",
)
FACTS = PoolFacts.of({"Id": "eu-west-1_New", "Name": "people", "AutoVerifiedAttributes": ["email"]})
"""A pool that keeps usernames."""


PER_REQUEST = 3
"""Messages that one request brings: SQS promises no more than one, and chunks stay small."""


class Clock:
    """The time, as a test has it."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def now(self) -> str:
        return instant(self.moment)

    def advance(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


class Killed(BaseException):
    """The function's process is gone: nothing in it can react to this."""


class Faults:
    """Counts effects while `watching`; fails once, after the one numbered `at` (from 0) has happened."""

    def __init__(self, at: int = -1, error: BaseException | None = None) -> None:
        self.at = at
        self.error = Killed() if error is None else error
        self.effects: list[str] = []
        self.watching = False
        self._lock = threading.Lock()

    def after(self, owner: Any, *names: str) -> None:
        """Make the methods of an object effects."""
        for name in names:
            setattr(owner, name, self._counting(f"{type(owner).__name__}.{name}", getattr(owner, name)))

    def _counting(self, name: str, operation: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **kwargs: Any) -> Any:
            answer = operation(*args, **kwargs)
            if not self.watching:
                return answer
            with self._lock:
                number = len(self.effects)
                self.effects.append(name)
            if number == self.at:
                raise self.error
            return answer

        return counted


@dataclass
class _Message:
    body: str
    visible_at: datetime
    receives: int = 0


class TimedQueue(MemoryQueue):
    """A queue whose received messages are hidden by the clock. `sent` is everything ever sent."""

    def __init__(self, name: str, clock: Clock) -> None:
        super().__init__(name)
        self._clock = clock
        self._messages: dict[str, _Message] = {}
        self._number = 0
        self._lock = threading.Lock()

    def send(self, documents: Iterable[Mapping[str, Any]]) -> int:
        given = list(documents)
        super().send(given)
        for document in given:
            self.put(json.dumps(document, ensure_ascii=False))
        return len(given)

    def put(self, body: str) -> None:
        with self._lock:
            self._number += 1
            self._messages[str(self._number)] = _Message(body, self._clock.moment)

    def receive(self, visibility_seconds: int) -> list[Received]:
        with self._lock:
            found = [
                (number, message)
                for number, message in self._messages.items()
                if message.visible_at <= self._clock.moment
            ][:PER_REQUEST]
            for _, message in found:
                message.visible_at = self._clock.moment + timedelta(seconds=visibility_seconds)
                message.receives += 1
            return [Received(message.body, number) for number, message in found]

    def delete(self, receipt_handles: Iterable[str]) -> None:
        with self._lock:
            for handle in receipt_handles:
                self._messages.pop(handle, None)

    def release(self, receipt_handles: Iterable[str]) -> None:
        for handle in receipt_handles:
            if handle in self._messages:
                self._messages[handle].visible_at = self._clock.moment

    def depth(self) -> int:
        return len(self._messages)

    def visible(self) -> int:
        return sum(message.visible_at <= self._clock.moment for message in self._messages.values())

    def take_all(self) -> Iterator[str]:
        """Everything visible, taken out."""
        while some := self.receive(30):
            for message in some:
                yield message.body
            self.delete(message.receipt_handle for message in some)


class PoolDouble:
    """The new pool: reader and writer in one. `created` says who made whom, in order."""

    def __init__(self) -> None:
        self.users: dict[str, User] = {}
        self.created: list[tuple[str, str]] = []
        self.groups: dict[str, set[str]] = {}
        self.links: dict[str, set[tuple[str, str]]] = {}
        self.factors: dict[str, tuple[str, ...]] = {}
        self.calls: list[str] = []

    def make(self, name: str, attributes: Mapping[str, str], status: str, by: str) -> User:
        sub = f"new-{len(self.created)}"
        user = User(sub, name, {**attributes, "sub": sub}, True, status)
        self.users[name] = user
        self.created.append((by, name))
        return user

    # -- as PoolWriter

    def create_user(self, username: str, attributes: Mapping[str, str]) -> User:
        if username in self.users:
            raise UserExists("AdminCreateUser", "UsernameExistsException")
        return self.make(username, attributes, "FORCE_CHANGE_PASSWORD", "api")

    def set_password(self, username: str, password: str) -> None:
        self.users[username] = replace(self._user(username), status="CONFIRMED")

    def sign_out(self, username: str) -> None:
        self._user(username)

    def disable(self, username: str) -> None:
        self.calls.append("disable")
        self.users[username] = replace(self._user(username), enabled=False)

    def change_mfa(self, username: str, factors: Iterable[str], preferred: str) -> None:
        self.calls.append("change_mfa")
        self._user(username)
        self.factors[username] = (*sorted(factors), preferred)

    def link(self, username: str, provider: str, user_id: str) -> None:
        self.calls.append("link")
        there, linked = self._user(username), self.links.setdefault(username, set())
        if (provider, user_id) in linked:
            raise CognitoRefused(
                "AdminLinkProviderForUser",
                "InvalidParameterException",
                "SourceUser is already linked to DestinationUser",
            )
        linked.add((provider, user_id))
        shown = [{"providerName": name, "userId": given} for name, given in sorted(linked)]
        self.users[username] = replace(
            there, attributes={**there.attributes, "identities": json.dumps(shown)}
        )

    def add_to_group(self, username: str, group_name: str) -> None:
        self.calls.append("add_to_group")
        self._user(username)
        self.groups.setdefault(username, set()).add(group_name)

    def _user(self, username: str) -> User:
        if username not in self.users:
            raise ResourceNotFound("AdminGetUser", "UserNotFoundException")
        return self.users[username]

    # -- as PoolReader

    def user_where(self, attribute: str, value: str) -> User | None:
        for user in self.users.values():
            if (user.username if attribute == "username" else user.attributes.get(attribute)) == value:
                return user
        return None

    def reader(self) -> PoolReader:
        return cast(PoolReader, self)

    def writer(self) -> PoolWriter:
        return cast(PoolWriter, self)


def cells(row: str) -> list[str]:
    r"""The values of a row: `,` separates, `\,` does not and stands for a comma, white space is trimmed."""
    return [re.sub(r"\\,", ",", cell).strip() for cell in re.split(r"(?<!\\),", row)]


def attributes_of(row: str, header: Iterable[str]) -> tuple[str, dict[str, str], str]:
    """A row's username, attributes and MFA flag, as the API would give them."""
    columns, values = list(header), cells(row)
    assert len(values) == len(columns)
    given = {column: value for column, value in zip(columns, values, strict=True) if value}
    username, mfa = given.pop("cognito:username"), given.pop("cognito:mfa_enabled", "")
    if "birthdate" in given:
        month, day, year = given["birthdate"].split("/")
        given["birthdate"] = f"{year}-{month}-{day}"
    return username, given, mfa


@dataclass
class Job:
    """One import job."""

    job_id: str
    name: str
    file: bytes = b""
    status: str = "Created"
    looks: int = 0
    imported: int = 0
    skipped: int = 0
    failed: int = 0
    message: str = ""
    ended: datetime | None = None
    log: list[str] = field(default_factory=list)

    @property
    def rows(self) -> list[str]:
        return self.file.decode().split("\n")[1:-1]


class JobsDouble:
    """The import-job part of the cognito-idp client, its upload address, and the client of its logs.

    A started job ends when it is looked at for the second time. What a test sets decides how:
    `refused`: usernames whose row fails; `stop_after`: so many rows, then `stop_status`; `first_line`: the
    number of the first user's line; `log_after`: seconds from a job's end until its log can be read;
    `log_lines`: how many of its lines ever can.
    """

    def __init__(self, pool: PoolDouble, clock: Clock, header: Iterable[str] = HEADER) -> None:
        self._pool, self._clock, self._header = pool, clock, tuple(header)
        self.jobs: dict[str, Job] = {}
        self.refused: set[str] = set()
        self.stop_after: int | None = None
        self.stop_status, self.stop_message = "Failed", "Too many users have failed or been skipped"
        self.first_line = 2
        self.log_after = 0.0
        self.log_lines: int | None = None
        self.completion_dates = True
        self.other_job_active = False
        self.forgotten: set[str] = set()
        self.errors: dict[str, list[ClientError]] = {}
        self.uploads: list[Any] = []
        self.calls: list[str] = []

    def as_jobs(self) -> ImportJobs:
        jobs = ImportJobs(cast(Any, self), FACTS.pool_id, "arn:aws:iam::123456789012:role/logs", UNLIMITED)
        jobs._http = cast(Any, SimpleNamespace(request=self._put))
        return jobs

    def as_logs(self) -> LogStreams:
        return LogStreams(cast(Any, self))

    @property
    def latest(self) -> Job:
        return list(self.jobs.values())[-1]

    # -- cognito-idp

    def get_csv_header(self, UserPoolId: str) -> dict[str, Any]:  # noqa: N803
        return {"UserPoolId": UserPoolId, "CSVHeader": list(self._header)}

    def create_user_import_job(self, UserPoolId: str, JobName: str, CloudWatchLogsRoleArn: str) -> Any:  # noqa: N803
        self._answer("CreateUserImportJob")
        assert re.fullmatch(r"[\w\s+=,.@-]{1,128}", JobName)
        assert CloudWatchLogsRoleArn
        job = Job(f"import-{len(self.jobs):010}", JobName)
        self.jobs[job.job_id] = job
        return {"UserImportJob": {**self._shown(job), "PreSignedUrl": f"https://files.example/{job.job_id}"}}

    def start_user_import_job(self, UserPoolId: str, JobId: str) -> Any:  # noqa: N803
        self._answer("StartUserImportJob")
        job = self._job(JobId, "StartUserImportJob")
        active = any(each.status in ("Pending", "InProgress") for each in self.jobs.values())
        if self.other_job_active or active or job.status != "Created":
            raise refusal("StartUserImportJob", "PreconditionNotMetException", "There is an active job")
        assert job.file, "a job was started without its file"
        job.status = "Pending"
        return {"UserImportJob": self._shown(job)}

    def describe_user_import_job(self, UserPoolId: str, JobId: str) -> Any:  # noqa: N803
        self._answer("DescribeUserImportJob")
        job = self._job(JobId, "DescribeUserImportJob")
        if job.status in ("Pending", "InProgress"):
            job.looks += 1
            job.status = "InProgress"
            if job.looks > 1:
                self.finish(job)
        return {"UserImportJob": self._shown(job)}

    def finish(self, job: Job) -> None:
        """Import the rows."""
        header, *rows = job.file.decode().split("\n")
        assert not job.file.startswith(b"\xef\xbb\xbf")
        assert header == ",".join(self._header)
        assert rows.pop() == ""
        for number, row in enumerate(rows):
            if self.stop_after is not None and number >= self.stop_after:
                job.status, job.message = self.stop_status, self.stop_message
                break
            result, text = self._import(row)
            setattr(job, _COUNTS[result], getattr(job, _COUNTS[result]) + 1)
            job.log.append(f"[{result}] Line Number {number + self.first_line} - {text}")
        else:
            job.status, job.message = "Succeeded", "The import job completed."
        job.ended = self._clock.moment

    def _import(self, row: str) -> tuple[str, str]:
        username, attributes, _ = attributes_of(row, self._header)
        if username in self._pool.users:
            return "SKIPPED", "The user already exists."
        if username in self.refused:
            return "FAILED", "The User Record does not set any of the auto verified attributes to true."
        self._pool.make(username, attributes, "RESET_REQUIRED", "csv")
        return "SUCCEEDED", "The import succeeded."

    def _job(self, job_id: str, operation: str) -> Job:
        if job_id in self.forgotten or job_id not in self.jobs:
            raise refusal(operation, "ResourceNotFoundException", "no such job")
        return self.jobs[job_id]

    def _answer(self, operation: str) -> None:
        self.calls.append(operation)
        if self.errors.get(operation):
            raise self.errors[operation].pop(0)

    def _shown(self, job: Job) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "JobId": job.job_id,
            "JobName": job.name,
            "Status": job.status,
            "ImportedUsers": job.imported,
            "SkippedUsers": job.skipped,
            "FailedUsers": job.failed,
        }
        if job.message:
            shown["CompletionMessage"] = job.message
        if job.ended is not None and self.completion_dates:
            shown["CompletionDate"] = job.ended
        return shown

    # -- the upload address

    def _put(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Any:
        assert method == "PUT"
        assert headers["x-amz-server-side-encryption"] == "aws:kms"
        answer = self.uploads.pop(0) if self.uploads else 200
        if isinstance(answer, BaseException):
            raise answer
        if answer == 200:
            self.jobs[url.rsplit("/", 1)[-1]].file = body
        return SimpleNamespace(status=answer)

    # -- logs

    def get_log_events(self, **request: Any) -> Any:
        assert request["startFromHead"]
        job_id, _, name = request["logStreamName"].partition("/")
        job = self.jobs[job_id]
        assert (request["logGroupName"], name) == (
            f"/aws/cognito/userpools/{FACTS.pool_id}/{FACTS.name}",
            job.name,
        )
        if job.ended is None or self._clock.moment < job.ended + timedelta(seconds=self.log_after):
            raise refusal("GetLogEvents", "ResourceNotFoundException", "no such stream")
        lines = job.log if self.log_lines is None else job.log[: self.log_lines]
        start = int(request.get("nextToken", 0))
        page = lines[start : start + 3]
        return {"events": [{"message": line} for line in page], "nextForwardToken": str(start + len(page))}


_COUNTS = {"SUCCEEDED": "imported", "SKIPPED": "skipped", "FAILED": "failed"}


def refusal(operation: str, code: str, message: str = "") -> ClientError:
    """An answer with an error."""
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)
