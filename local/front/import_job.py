"""A user import job: its status, its counts, its file.

    Created → Pending → InProgress → Succeeded | Failed
       ↓         ↓          ↓
    Expired   Stopped    Stopping → Stopped

API_UserImportJobType.html; the messages are those of the answers shown in cognito/latest/developerguide/
cognito-user-pools-using-import-tool.html and in the examples of ListUserImportJobs.
"""

import secrets
import string
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from local.front.homes import Home

CREATED = "Created"
PENDING = "Pending"
IN_PROGRESS = "InProgress"
STOPPING = "Stopping"
STOPPED = "Stopped"
EXPIRED = "Expired"
FAILED = "Failed"
SUCCEEDED = "Succeeded"
ACTIVE = frozenset({PENDING, IN_PROGRESS, STOPPING})

COMPLETED = "Import Job Completed Successfully."
STOPPED_BY_DEVELOPER = "The Import Job was stopped by the developer."
HAS_EXPIRED = "The user import job has expired."

UPLOAD_PREFIX = "/_upload/"

_ACCOUNT = "000000000000"
_LETTERS = string.ascii_letters + string.digits


def _new_id() -> str:
    return "import-" + "".join(secrets.choice(_LETTERS) for _ in range(10))


@dataclass(slots=True, eq=False)
class Job:
    """One job. Times are seconds since 1970, None for what has not happened yet.

    `content` is the uploaded file: gone when the job has ended, as at AWS. `token` is what makes the upload
    URL a credential. `counts` are the rows by what became of them: SUCCEEDED, SKIPPED, FAILED.
    """

    home: Home
    name: str
    role_arn: str
    created: float
    clock: Callable[[], float]
    job_id: str = field(default_factory=_new_id)
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    status: str = CREATED
    content: bytes | None = None
    started: float | None = None
    completed: float | None = None
    message: str = ""
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def active(self) -> bool:
        """Whether the job counts as the one that its account may have at a time."""
        return self.status in ACTIVE

    @property
    def owner(self) -> tuple[str, str]:
        """The Region and account that the job belongs to. ministack: a key of 12 digits is an account."""
        key = self.home.access_key
        return self.home.region, key if len(key) == 12 and key.isdigit() else _ACCOUNT

    @property
    def log_stream(self) -> str:
        """The name of the stream that the job logs to."""
        return f"{self.job_id}/{self.name}"

    def start(self) -> None:
        """Begin to wait for the import."""
        self.status, self.started = PENDING, self.clock()

    def finish(self, status: str, message: str, at: float | None = None) -> None:
        """End the job, and forget its file."""
        self.status, self.message, self.content = status, message, None
        self.completed = self.clock() if at is None else at

    def describe(self, host: str) -> dict[str, Any]:
        """Return a UserImportJobType for a caller who reaches the front as `host`."""
        dates = {"StartDate": self.started, "CompletionDate": self.completed}
        return {
            "JobId": self.job_id,
            "JobName": self.name,
            "UserPoolId": self.home.pool_id,
            "PreSignedUrl": f"http://{host}{UPLOAD_PREFIX}{self.job_id}?token={self.token}",
            "CreationDate": self.created,
            "Status": self.status,
            "CloudWatchLogsRoleArn": self.role_arn,
            "ImportedUsers": self.counts["SUCCEEDED"],
            "SkippedUsers": self.counts["SKIPPED"],
            "FailedUsers": self.counts["FAILED"],
            **{name: date for name, date in dates.items() if date is not None},
            **({"CompletionMessage": self.message} if self.message else {}),
        }
