"""User import jobs of one pool, within the request budget.

Developer guide: https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-using-import-tool.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import urllib3

from lifeboat.cognito.calls import call
from lifeboat.errors import CognitoUnavailable
from lifeboat.model import instant
from lifeboat.pacing import Budget, Category

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_cognito_idp.type_defs import UserImportJobTypeTypeDef

NOT_STARTED = "Created"
RUNNING = frozenset({"Pending", "InProgress", "Stopping"})

_UPLOAD_HEADERS = {"x-amz-server-side-encryption": "aws:kms"}
_UPLOAD_TIMEOUT = urllib3.Timeout(connect=5, read=60)


@dataclass(frozen=True, slots=True)
class ImportJob:
    """A job as DescribeUserImportJob shows it. `ended_at` is an instant, "" while the job has not ended."""

    job_id: str
    name: str
    status: str
    imported: int
    skipped: int
    failed: int
    message: str
    ended_at: str

    @property
    def running(self) -> bool:
        """Whether the job is about to import or importing."""
        return self.status in RUNNING


class ImportJobs:
    """Creates, starts and watches the jobs of a pool."""

    def __init__(
        self, client: CognitoIdentityProviderClient, pool_id: str, role_arn: str, budget: Budget
    ) -> None:
        self._client = client
        self._pool_id = pool_id
        self._role_arn = role_arn
        self._reads = budget.bucket(Category.USER_POOL_RESOURCE_READ)
        self._writes = budget.bucket(Category.USER_POOL_RESOURCE_UPDATE)
        self._http = urllib3.PoolManager(retries=False, timeout=_UPLOAD_TIMEOUT)

    def header(self) -> tuple[str, ...]:
        """The columns that every file must have."""
        answer = call(self._reads, self._client.get_csv_header, UserPoolId=self._pool_id)
        return tuple(answer["CSVHeader"])

    def create(self, name: str) -> tuple[str, str]:
        """A new job: its id and the address to upload its file to, good for 15 minutes."""
        answer = call(
            self._writes,
            self._client.create_user_import_job,
            UserPoolId=self._pool_id,
            JobName=name,
            CloudWatchLogsRoleArn=self._role_arn,
        )
        return answer["UserImportJob"]["JobId"], answer["UserImportJob"]["PreSignedUrl"]

    def upload(self, url: str, content: bytes) -> None:
        """Upload a job's file. Raises CognitoUnavailable; the address is a credential and is not repeated."""
        try:
            answer = self._http.request("PUT", url, body=content, headers=_UPLOAD_HEADERS)
        except urllib3.exceptions.HTTPError as error:
            raise CognitoUnavailable("UploadUserImportFile", type(error).__name__) from None
        if answer.status >= 300:
            raise CognitoUnavailable("UploadUserImportFile", f"HTTP {answer.status}")

    def start(self, job_id: str) -> None:
        """Start a job whose file is uploaded. Refused while another job of the account is active."""
        call(self._writes, self._client.start_user_import_job, UserPoolId=self._pool_id, JobId=job_id)

    def describe(self, job_id: str) -> ImportJob:
        """How the job is."""
        answer = call(
            self._reads, self._client.describe_user_import_job, UserPoolId=self._pool_id, JobId=job_id
        )
        return _job(answer["UserImportJob"])


def _job(entry: UserImportJobTypeTypeDef) -> ImportJob:
    ended = entry.get("CompletionDate")
    return ImportJob(
        job_id=entry["JobId"],
        name=entry["JobName"],
        status=entry["Status"],
        imported=entry.get("ImportedUsers", 0),
        skipped=entry.get("SkippedUsers", 0),
        failed=entry.get("FailedUsers", 0),
        message=entry.get("CompletionMessage", ""),
        ended_at="" if ended is None else instant(ended),
    )
