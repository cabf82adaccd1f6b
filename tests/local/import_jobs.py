"""User import jobs over HTTP, as a client of Cognito runs them: create, upload, start, wait, read the log."""

from __future__ import annotations

import http.client
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3

from local.front.import_file import MFA_ENABLED, USERNAME
from local.front.import_job import ACTIVE
from tests.local.waiting import wait_for

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp.type_defs import UserImportJobTypeTypeDef

    from tests.local.front_stack import FrontStack

FAST = {"start_seconds": 0.05, "users_per_second": 2_000}
ENCRYPTED = {"x-amz-server-side-encryption": "aws:kms"}


class ImportStack:
    """Runs jobs through a front. `role` is a role that they can log with."""

    def __init__(self, front: FrontStack, role: str) -> None:
        self.front = front
        self.role = role

    def upstream(self, service: str, region: str = "us-east-1") -> Any:
        """Return a client of one of ministack's services."""
        return upstream(self.front, service, region)

    def header(self, pool_id: str, region: str = "us-east-1") -> list[str]:
        """Ask for the columns of a pool."""
        return self.front.client(region).get_csv_header(UserPoolId=pool_id)["CSVHeader"]

    def create(
        self, pool_id: str, region: str = "us-east-1", name: str = "a job", role: str = ""
    ) -> UserImportJobTypeTypeDef:
        """Create a job."""
        answer = self.front.client(region).create_user_import_job(
            UserPoolId=pool_id, JobName=name, CloudWatchLogsRoleArn=role or self.role
        )
        return answer["UserImportJob"]

    def upload(
        self, url: str, content: bytes, headers: dict[str, str] | None = None, method: str = "PUT"
    ) -> tuple[int, str]:
        """Put a file where a job's URL says; return status and body of the answer."""
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.netloc, timeout=60)
        try:
            headers = ENCRYPTED if headers is None else headers
            connection.request(method, f"{parts.path}?{parts.query}", content, headers)
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def start(self, job: UserImportJobTypeTypeDef, region: str = "us-east-1") -> UserImportJobTypeTypeDef:
        """Start a job."""
        answer = self.front.client(region).start_user_import_job(
            UserPoolId=job["UserPoolId"], JobId=job["JobId"]
        )
        return answer["UserImportJob"]

    def stop(self, job: UserImportJobTypeTypeDef) -> UserImportJobTypeTypeDef:
        """Stop a job."""
        answer = self.front.client().stop_user_import_job(UserPoolId=job["UserPoolId"], JobId=job["JobId"])
        return answer["UserImportJob"]

    def describe(self, job: UserImportJobTypeTypeDef, region: str = "us-east-1") -> UserImportJobTypeTypeDef:
        """Look at a job."""
        answer = self.front.client(region).describe_user_import_job(
            UserPoolId=job["UserPoolId"], JobId=job["JobId"]
        )
        return answer["UserImportJob"]

    def wait(self, job: UserImportJobTypeTypeDef, region: str = "us-east-1") -> UserImportJobTypeTypeDef:
        """Wait until a job has ended."""

        def ended() -> UserImportJobTypeTypeDef | None:
            found = self.describe(job, region)
            return None if found["Status"] in ACTIVE else found

        found = wait_for(ended, "the job's end")
        assert found is not None
        return found

    def run_text(self, pool_id: str, content: bytes, region: str = "us-east-1") -> UserImportJobTypeTypeDef:
        """Run a job with a file from beginning to end."""
        job = self.create(pool_id, region)
        assert self.upload(job["PreSignedUrl"], content)[0] == 200
        self.start(job, region)
        return self.wait(job, region)

    def run(self, pool_id: str, *users: dict[str, str], region: str = "us-east-1") -> dict[int, str]:
        """Run a job with these users; return what its log says of them by their place, counted from 0.

        Keywords of a user are attributes; `username` and `mfa` are the columns that are none, `custom__x` is
        custom:x.
        """
        job = self.run_text(pool_id, as_file(self.header(pool_id, region), users), region)
        assert job["Status"] == "Succeeded"
        return self.results(job, region)

    def log(self, job: UserImportJobTypeTypeDef, region: str = "us-east-1") -> list[str]:
        """Return the lines of a job's log."""
        pool = self.front.client(region).describe_user_pool(UserPoolId=job["UserPoolId"])["UserPool"]
        events = self.upstream("logs", region).get_log_events(
            logGroupName=f"/aws/cognito/userpools/{pool['Id']}/{pool['Name']}",
            logStreamName=f"{job['JobId']}/{job['JobName']}",
            startFromHead=True,
        )
        return [event["message"] for event in events["events"]]

    def results(self, job: UserImportJobTypeTypeDef, region: str = "us-east-1") -> dict[int, str]:
        """Return a log's lines by the place of their row: "SUCCEEDED", or "FAILED: why"."""
        found: dict[int, str] = {}
        for line in self.log(job, region):
            head, _, reason = line.partition(" - ")
            result, _, number = head.partition(" Line Number ")
            row = int(number) - 2
            assert row not in found
            found[row] = result.strip("[]") + (f": {reason}" if result != "[SUCCEEDED]" else "")
        return found

    def user(self, pool_id: str, username: str) -> dict[str, Any]:
        """Return a user with the attributes as a map."""
        user: dict[str, Any] = dict(self.front.client().admin_get_user(UserPoolId=pool_id, Username=username))
        return user | {"Attributes": {item["Name"]: item["Value"] for item in user["UserAttributes"]}}


def as_file(header: Sequence[str], users: Sequence[dict[str, str]]) -> bytes:
    """Write users as a file, as `ImportStack.run` names what is in their rows."""
    lines = [",".join(header)]
    for user in users:
        named = {"username": USERNAME, "mfa": MFA_ENABLED}
        values = {named.get(name, name.replace("__", ":")): value for name, value in user.items()}
        lines.append(",".join(values.pop(column, "").replace(",", "\\,") for column in header))
        assert not values
    return "".join(f"{line}\n" for line in lines).encode()


def verified(username: str, **more: str) -> dict[str, str]:
    """Make a user with a verified email address."""
    return {"username": username, "email": f"{username}@example.com", "email_verified": "true", **more}


def upstream(front: FrontStack, service: str, region: str = "us-east-1") -> Any:
    """Return a client of one of ministack's services."""
    return boto3.client(  # type: ignore[call-overload]
        service,
        region_name=region,
        endpoint_url=front.upstream_url,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


def make_role(front: FrontStack, name: str, service: str = "cognito-idp.amazonaws.com") -> str:
    """Make a role that a service can assume."""
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    policy = {"Version": "2012-10-17", "Statement": [trust]}
    role = upstream(front, "iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(policy))
    return str(role["Role"]["Arn"])
