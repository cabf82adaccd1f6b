"""User import jobs, which moto does not have: their operations, the upload, the import itself and its log.

Stricter than it is complete: a file, a request or a log that is not as documented fails. A job takes no time,
but is seen to run once: who describes it for the second time finds that it has ended.
https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-using-import-tool.html
"""

from __future__ import annotations

import re
import secrets
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
import urllib3
from moto.cognitoidp.exceptions import ResourceNotFoundError
from moto.cognitoidp.models import (
    CognitoIdpUser,
    CognitoIdpUserPool,
    CognitoIdpUserPoolAttribute,
    cognitoidp_backends,
)
from moto.cognitoidp.responses import CognitoIdpResponse
from moto.core.exceptions import JsonRESTError
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.core.responses import ActionResult
from moto.logs.models import logs_backends

ADDRESS = "https://import-jobs.example/"
"""Where files are uploaded to; requests to any other place go there."""

OWN_COLUMNS = ("cognito:mfa_enabled", "cognito:username")
NO_COLUMNS = ("sub", "identities")
LOG_BATCH = 10_000

Report = tuple[str, str]


@dataclass(eq=False)
class Job:
    """One job of a pool, with the file uploaded for it."""

    pool: CognitoIdpUserPool
    name: str
    role: str
    job_id: str = field(default_factory=lambda: f"import-{secrets.token_hex(5)}")
    token: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    status: str = "Created"
    content: bytes | None = None
    counts: Counter[str] = field(default_factory=Counter)
    completed: datetime | None = None

    def go_on(self) -> None:
        """A pending job begins to import, an importing one ends."""
        if self.status == "Pending":
            self.status = "InProgress"
        elif self.status == "InProgress":
            assert self.content is not None
            lines = list(import_file(self.pool, self.content.decode()))
            self.counts.update(result for result, _ in lines)
            self._log(lines)
            self.status, self.completed = "Succeeded", datetime.now(UTC)

    def describe(self) -> dict[str, Any]:
        """The job as DescribeUserImportJob answers."""
        return {
            "JobName": self.name,
            "JobId": self.job_id,
            "UserPoolId": self.pool.id,
            "PreSignedUrl": f"{ADDRESS}{self.job_id}?token={self.token}",
            "Status": self.status,
            "CloudWatchLogsRoleArn": self.role,
            "ImportedUsers": self.counts["SUCCEEDED"],
            "SkippedUsers": self.counts["SKIPPED"],
            "FailedUsers": self.counts["FAILED"],
            **({"CompletionDate": self.completed} if self.completed is not None else {}),
        }

    def _log(self, lines: list[Report]) -> None:
        # The header is line 1.
        texts = [
            f"[{result}] Line Number {number} - {text}" for number, (result, text) in enumerate(lines, 2)
        ]
        logs = logs_backends[self.pool.account_id][self.pool.region]
        group, stream = (
            f"/aws/cognito/userpools/{self.pool.id}/{self.pool.name}",
            f"{self.job_id}/{self.name}",
        )
        if group not in logs.groups:
            logs.create_log_group(group, {})
        logs.create_log_stream(group, stream)
        at = int(datetime.now(UTC).timestamp() * 1000)
        for start in range(0, len(texts), LOG_BATCH):
            batch = texts[start : start + LOG_BATCH]
            logs.put_log_events(group, stream, [{"timestamp": at, "message": text} for text in batch])


def header_of(pool: CognitoIdpUserPool) -> list[str]:
    """GetCSVHeader's columns: every attribute of the pool's schema, and two of its own."""
    names = {*CognitoIdpUserPoolAttribute.STANDARD_SCHEMA, *pool.schema_attributes}
    return [*sorted(names.difference(NO_COLUMNS)), *OWN_COLUMNS]


def import_file(pool: CognitoIdpUserPool, text: str) -> Iterator[Report]:
    """Import each row of a file; yields what became of it."""
    assert not text.startswith("\ufeff"), "a byte order mark"
    header, *rows = text.removesuffix("\n").split("\n")
    assert header.split(",") == header_of(pool), "another header than the pool's"
    for row in rows:
        cells = [cell.replace("\\,", ",").strip() for cell in re.split(r"(?<!\\),", row)]
        assert len(row) <= 16_000
        yield import_row(pool, dict(zip(header.split(","), cells, strict=True)))


def import_row(pool: CognitoIdpUserPool, cells: Mapping[str, str]) -> Report:
    """Import a user."""
    name = cells["cognito:username"]
    automatic = pool.extended_config.get("AutoVerifiedAttributes", [])
    if not name or re.search(r"\s", name):
        return "FAILED", "The username is missing or has white space."
    if not any(cells[each] and cells[f"{each}_verified"].lower() == "true" for each in automatic):
        return "FAILED", "The User Record does not set any of the auto verified attributes to true."
    if cells["cognito:mfa_enabled"] == "true" and not cells["phone_number"]:
        return "FAILED", "The User Record enables MFA without a phone number."
    if pool._get_user(name):
        return "SKIPPED", "The user already exists."
    attributes = {column: value for column, value in cells.items() if value and column not in OWN_COLUMNS}
    if "birthdate" in attributes:
        month, day, year = attributes["birthdate"].split("/")
        attributes["birthdate"] = f"{year}-{month}-{day}"
    generated = pool.extended_config.get("UsernameAttributes")
    pairs = [{"Name": column, "Value": value} for column, value in attributes.items()]
    user = CognitoIdpUser(pool.id, None if generated else name, None, "RESET_REQUIRED", pairs)
    user.sms_mfa_enabled = cells["cognito:mfa_enabled"] == "true"
    pool.users[user.username] = user
    return "SUCCEEDED", "The import succeeded."


def jobs_of(backend: Any) -> dict[str, Job]:
    """The jobs of an account and Region."""
    jobs: dict[str, Job] = vars(backend).setdefault("import_jobs", {})
    return jobs


def job_at(url: str) -> Job | None:
    """The job whose file is to be uploaded to an address; None if it is no job's."""
    for backend in cognitoidp_backends[DEFAULT_ACCOUNT_ID].values():
        for job in jobs_of(backend).values():
            if job.describe()["PreSignedUrl"] == url:
                return job
    return None


def _pool_of(call: CognitoIdpResponse) -> CognitoIdpUserPool:
    return call.backend.describe_user_pool(call._get_param("UserPoolId"))


def _job_of(call: CognitoIdpResponse) -> Job:
    job = jobs_of(call.backend).get(call._get_param("JobId"))
    if job is None or job.pool is not _pool_of(call):
        raise ResourceNotFoundError("There is no such job.")
    return job


def _get_header(call: CognitoIdpResponse) -> ActionResult:
    pool = _pool_of(call)
    return ActionResult({"UserPoolId": pool.id, "CSVHeader": header_of(pool)})


def _create(call: CognitoIdpResponse) -> ActionResult:
    job = Job(_pool_of(call), call._get_param("JobName"), call._get_param("CloudWatchLogsRoleArn"))
    assert job.role.startswith("arn:"), "no role to write the log with"
    jobs_of(call.backend)[job.job_id] = job
    return ActionResult({"UserImportJob": job.describe()})


def _start(call: CognitoIdpResponse) -> ActionResult:
    job = _job_of(call)
    active = [each for each in jobs_of(call.backend).values() if each.status in ("Pending", "InProgress")]
    if active or job.status != "Created" or job.content is None:
        raise JsonRESTError("PreconditionNotMetException", "Another job is active, or this has no file.")
    if not job.pool.extended_config.get("AutoVerifiedAttributes"):
        raise JsonRESTError("PreconditionNotMetException", "The pool verifies no attribute.")
    job.status = "Pending"
    return ActionResult({"UserImportJob": job.describe()})


def _describe(call: CognitoIdpResponse) -> ActionResult:
    job = _job_of(call)
    job.go_on()
    return ActionResult({"UserImportJob": job.describe()})


def teach(patch: pytest.MonkeyPatch) -> None:
    """Teach moto the operations, and urllib3 where to leave the files."""
    request = urllib3.PoolManager.request

    def upload(self: urllib3.PoolManager, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        if not url.startswith(ADDRESS):
            return request(self, method, url, *args, **kwargs)
        job = job_at(url)
        encrypted = kwargs["headers"].get("x-amz-server-side-encryption") == "aws:kms"
        if method != "PUT" or job is None or not encrypted:
            return SimpleNamespace(status=403)
        job.content = bytes(kwargs["body"])
        return SimpleNamespace(status=200)

    for name, respond in {
        "get_csv_header": _get_header,
        "create_user_import_job": _create,
        "start_user_import_job": _start,
        "describe_user_import_job": _describe,
    }.items():
        patch.setattr(CognitoIdpResponse, name, respond, raising=False)
    patch.setattr(urllib3.PoolManager, "request", upload)
