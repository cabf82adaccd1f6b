"""The user pools that drills restore into: how one is known, and its deletion. Nothing else deletes pools."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from lifeboat.cognito.calls import call
from lifeboat.cognito.import_jobs import RUNNING
from lifeboat.errors import CognitoRefused, CognitoUnavailable, ResourceNotFound
from lifeboat.pacing import Budget, Category

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

DRILL_TAG, STACK_TAG = "lifeboat:drill", "lifeboat:stack"
"""The tags of a scratch pool: the id of its drill, and the name of the stack that made it. The roles that may
delete pools may delete those of their own stack only, by IAM's condition on the second tag."""

NAME = "lifeboat-drill-"
"""How the name of every scratch pool begins."""

IMPORTING = "UserImportInProgressException"

PAGE = 60
"""The largest page of ListUserPools."""

Description = Mapping[str, Any]
"""DescribeUserPool's `UserPool`."""


def pool_name(drill_id: str) -> str:
    """The name of a drill's scratch pool."""
    return NAME + drill_id.rpartition("-")[2]


class ScratchPools:
    """Finds and deletes scratch pools in the function's Region."""

    def __init__(self, client: CognitoIdentityProviderClient, budget: Budget) -> None:
        self._client = client
        self._reads = budget.bucket(Category.USER_POOL_READ)
        self._writes = budget.bucket(Category.USER_POOL_UPDATE)
        self._job_reads = budget.bucket(Category.USER_POOL_RESOURCE_READ)
        self._job_writes = budget.bucket(Category.USER_POOL_RESOURCE_UPDATE)

    def named(self) -> Iterator[tuple[str, str]]:
        """Id and name of every pool of the Region that is called like a scratch pool."""
        token: dict[str, Any] = {}
        while True:
            page = call(self._reads, self._client.list_user_pools, MaxResults=PAGE, **token)
            for entry in page.get("UserPools", []):
                if entry["Name"].startswith(NAME):
                    yield entry["Id"], entry["Name"]
            if not page.get("NextToken"):
                return
            token = {"NextToken": page["NextToken"]}

    def describe(self, pool_id: str) -> Description | None:
        """DescribeUserPool; None if the pool is not there."""
        try:
            return call(self._reads, self._client.describe_user_pool, UserPoolId=pool_id)["UserPool"]
        except ResourceNotFound:
            return None

    def delete(self, pool_id: str, is_scratch: Callable[[Description], bool]) -> bool:
        """DeleteUserPool, if `is_scratch` says so of what the pool is at this moment.

        Returns whether the pool is gone. Raises CognitoUnavailable while an import job runs in it.
        """
        described = self.describe(pool_id)
        if described is None:
            return True
        if not is_scratch(described):
            return False
        try:
            call(self._writes, self._client.delete_user_pool, UserPoolId=pool_id)
        except ResourceNotFound:
            return True
        except CognitoRefused as error:
            if error.code == IMPORTING:
                raise CognitoUnavailable(error.operation, error.code) from None
            raise
        return True

    def stop_job(self, pool_id: str, job_id: str) -> None:
        """StopUserImportJob; a job that does not run stays as it is."""
        with suppress(CognitoRefused, ResourceNotFound):
            call(self._job_writes, self._client.stop_user_import_job, UserPoolId=pool_id, JobId=job_id)

    def job_runs(self, pool_id: str, job_id: str) -> bool:
        """DescribeUserImportJob: whether the job is importing, or about to stop."""
        try:
            answer = call(
                self._job_reads, self._client.describe_user_import_job, UserPoolId=pool_id, JobId=job_id
            )
        except ResourceNotFound:
            return False
        return answer["UserImportJob"]["Status"] in RUNNING
