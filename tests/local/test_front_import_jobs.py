"""User import jobs: the operations, the upload URL, and what becomes of a job."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from local.front import BackgroundFront, FrontOptions
from local.front.aliases import Aliases
from local.front.constraints import Constraints
from local.front.exclusion import Exclusion
from local.front.homes import Homes
from local.front.hooks import Hooks
from local.front.import_jobs import JOBS_PER_POOL, ImportJobs
from local.front.pools import Pools
from local.front.protocol import Call, CognitoError
from local.front.settings import Conditions
from local.front.taken import TakenAliases
from local.front.upstream import Upstream
from tests.local.import_jobs import FAST, ImportStack, as_file, make_role, verified
from tests.local.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_cognito_idp.type_defs import UserImportJobTypeTypeDef

    from tests.local.front_stack import FrontStack

pytest_plugins = ["tests.local.front_stack", "tests.local.import_stack"]

UNMET = "PreconditionNotMetException"
INVALID = "InvalidParameterException"
MISSING = "ResourceNotFoundException"
NOBODY = "arn:aws:iam::000000000000:role/nobody"


def refusal(call: Callable[..., Any], *arguments: Any, **parameters: Any) -> tuple[str, str]:
    """Make a call that is to be refused; return the error's name and words."""
    with pytest.raises(ClientError) as caught:
        call(*arguments, **parameters)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def ready(imports: ImportStack, pool: str, *users: dict[str, str]) -> UserImportJobTypeTypeDef:
    """Create a job and upload its file."""
    job = imports.create(pool)
    assert imports.upload(job["PreSignedUrl"], as_file(imports.header(pool), users))[0] == 200
    return job


def many(number: int) -> list[dict[str, str]]:
    return [verified(f"user-{place}") for place in range(number)]


def imported(imports: ImportStack, job: UserImportJobTypeTypeDef) -> int:
    return imports.describe(job)["ImportedUsers"]


# --- settings


def test_the_settings_are_at_first_what_is_known_of_aws(front: FrontStack) -> None:
    defaults = {
        "start_seconds": 10,
        "users_per_second": 35,
        "failure_threshold": None,
        "default_status": "RESET_REQUIRED",
        "upload_seconds": 15 * 60,
        "expire_seconds": 24 * 60 * 60,
    }
    assert front.control("GET", "imports") == defaults
    changed = front.control("PUT", "imports", {"users_per_second": 7, "failure_threshold": 3})
    assert changed == {**defaults, "users_per_second": 7, "failure_threshold": 3}
    assert front.control("GET", "imports") == changed
    front.control("POST", "reset")
    assert front.control("GET", "imports") == defaults


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"users_per_second": 0}, "users_per_second"),
        ({"start_seconds": -1}, "start_seconds"),
        ({"start_seconds": "10"}, "start_seconds"),
        ({"failure_threshold": 0.5}, "failure_threshold"),
        ({"default_status": "UNCONFIRMED"}, "default_status"),
        ({"speed": 1}, "speed"),
    ],
)
def test_settings_that_are_not_understood(front: FrontStack, body: dict[str, Any], field: str) -> None:
    status, _, answer = front.http("PUT", "/_front/imports", body)
    assert (status, answer["field"].split(".", 1)[0]) == (400, field)


# --- the operations


def test_the_header_is_the_pools(imports: ImportStack) -> None:
    custom = [{"Name": "plan", "AttributeDataType": "String"}, {"Name": "age", "AttributeDataType": "Number"}]
    pool = imports.front.pool(Schema=custom)
    answer = imports.front.client().get_csv_header(UserPoolId=pool)
    assert answer["UserPoolId"] == pool
    assert answer["CSVHeader"][0] == "name"
    assert answer["CSVHeader"][-4:] == [
        "custom:plan",
        "custom:age",
        "cognito:mfa_enabled",
        "cognito:username",
    ]
    assert "sub" not in answer["CSVHeader"]


def test_a_job_from_beginning_to_end(imports: ImportStack) -> None:
    pool = imports.front.pool()
    job = imports.create(pool, name="a job, the first+one")
    counts = {"ImportedUsers": 0, "SkippedUsers": 0, "FailedUsers": 0}
    assert job["JobId"].startswith("import-")
    assert {name: job.get(name) for name in ("Status", "JobName", "UserPoolId", *counts)} == {
        "Status": "Created",
        "JobName": "a job, the first+one",
        "UserPoolId": pool,
        **counts,
    }
    assert job["CloudWatchLogsRoleArn"] == imports.role
    assert not {"StartDate", "CompletionDate", "CompletionMessage"} & set(job)
    assert imports.describe(job) == job
    imports.upload(job["PreSignedUrl"], as_file(imports.header(pool), [verified("ana"), {}]))
    started = imports.start(job)
    assert started["Status"] == "Pending"
    assert started["StartDate"] >= job["CreationDate"]
    ended = imports.wait(job)
    assert ended["Status"] == "Succeeded"  # with a failed user, as at AWS
    assert ended["CompletionMessage"] == "Import Job Completed Successfully."
    assert ended["CompletionDate"] >= ended["StartDate"] == started["StartDate"]
    assert {name: ended.get(name) for name in counts} == {**counts, "ImportedUsers": 1, "FailedUsers": 1}
    assert refusal(imports.start, job)[0] == UNMET


@pytest.mark.parametrize("name", ["", "a/b", "x" * 129])
def test_names_that_a_job_cannot_have(imports: ImportStack, name: str) -> None:
    call = imports.front.client().create_user_import_job
    if name:
        error = refusal(
            call, UserPoolId=imports.front.pool(), JobName=name, CloudWatchLogsRoleArn=imports.role
        )
        assert error[0] == INVALID
    else:
        body = {"UserPoolId": imports.front.pool(), "JobName": "", "CloudWatchLogsRoleArn": imports.role}
        target = {"X-Amz-Target": "AWSCognitoIdentityProviderService.CreateUserImportJob"}
        assert imports.front.http("POST", "/", body, target)[2]["__type"] == INVALID


def test_password_hashes_are_not_imported(imports: ImportStack) -> None:
    error = refusal(
        imports.front.client().create_user_import_job,
        UserPoolId=imports.front.pool(),
        JobName="a job",
        CloudWatchLogsRoleArn=imports.role,
        PasswordHashingAlgorithm="BCRYPT",
    )
    assert error[0] == INVALID


def test_pools_and_jobs_that_are_not_there(imports: ImportStack) -> None:
    cognito = imports.front.client()
    nowhere = "us-east-1_Nowhere00"
    pool, other = imports.front.pool(), imports.front.pool()
    job = imports.create(pool)
    assert refusal(cognito.get_csv_header, UserPoolId=nowhere)[0] == MISSING
    assert refusal(cognito.list_user_import_jobs, UserPoolId=nowhere, MaxResults=1)[0] == MISSING
    assert refusal(imports.create, nowhere)[0] == MISSING
    for call in (
        cognito.describe_user_import_job,
        cognito.start_user_import_job,
        cognito.stop_user_import_job,
    ):
        assert refusal(call, UserPoolId=pool, JobId="import-none")[0] == MISSING
        assert refusal(call, UserPoolId=other, JobId=job["JobId"])[0] == MISSING
        assert refusal(call, UserPoolId=nowhere, JobId=job["JobId"])[0] == MISSING
    cognito.delete_user_pool(UserPoolId=pool)
    assert refusal(imports.describe, job)[0] == MISSING


def test_jobs_are_listed_the_last_one_first(imports: ImportStack) -> None:
    cognito = imports.front.client()
    pool = imports.front.pool()
    imports.create(imports.front.pool())
    ids = [imports.create(pool)["JobId"] for _ in range(5)][::-1]
    first = cognito.list_user_import_jobs(UserPoolId=pool, MaxResults=2)
    assert [job["JobId"] for job in first["UserImportJobs"]] == ids[:2]
    second = cognito.list_user_import_jobs(
        UserPoolId=pool, MaxResults=3, PaginationToken=first["PaginationToken"]
    )
    assert [job["JobId"] for job in second["UserImportJobs"]] == ids[2:]
    assert "PaginationToken" not in second
    error = refusal(
        cognito.list_user_import_jobs, UserPoolId=pool, MaxResults=3, PaginationToken=f"{pool}#import-x#1"
    )
    assert error[0] == INVALID
    assert (
        cognito.list_user_import_jobs(UserPoolId=imports.front.pool(), MaxResults=60)["UserImportJobs"] == []
    )
    assert refusal(cognito.list_user_import_jobs, UserPoolId=pool, MaxResults=61)[0] == INVALID


def test_a_pool_has_room_for_so_many_jobs(front: FrontStack) -> None:
    pool_id = front.pool()
    data = {"UserPoolId": pool_id, "JobName": "a job", "CloudWatchLogsRoleArn": NOBODY}

    async def create(number: int, per_pool: int) -> None:
        upstream, hooks = Upstream(front.upstream_url), Hooks()
        pools = Pools(upstream, Homes(upstream))
        taken = TakenAliases(pools)
        parts = pools, Aliases(pools, taken), taken, Exclusion(), Constraints(), Conditions()
        ImportJobs(*parts, per_pool=per_pool).register(hooks)
        await upstream.open()
        try:
            for _ in range(number):
                await hooks.run_before(Call("CreateUserImportJob", "us-east-1", "test", b"", data))
        finally:
            await upstream.close()

    asyncio.run(create(3, per_pool=3))
    with pytest.raises(CognitoError) as caught:
        asyncio.run(create(4, per_pool=3))
    assert caught.value.code == "LimitExceededException"
    assert JOBS_PER_POOL == 1_000


# --- the upload


def test_a_file_replaces_the_one_before_it(imports: ImportStack) -> None:
    pool = imports.front.pool()
    job = ready(imports, pool, verified("ana"))
    imports.upload(job["PreSignedUrl"], as_file(imports.header(pool), [verified("ben"), verified("cai")]))
    imports.start(job)
    assert imports.wait(job)["ImportedUsers"] == 2
    users = imports.front.client().list_users(UserPoolId=pool)["Users"]
    assert {user["Username"] for user in users} == {"ben", "cai"}


def test_uploads_that_are_refused(imports: ImportStack) -> None:
    pool = imports.front.pool()
    job = imports.create(pool)
    url, content = job["PreSignedUrl"], as_file(imports.header(pool), [verified("ana")])
    assert imports.upload(url, content, {})[0] == 403
    assert imports.upload(url, content, {"x-amz-server-side-encryption": "AES256"})[0] == 403
    assert imports.upload(url[:-1], content)[0] == 403
    assert imports.upload(url.replace("import-", "import-x"), content)[0] == 403
    assert imports.upload(url, content, method="POST")[0] == 405
    assert refusal(imports.start, job) == (UNMET, f"No csv file was uploaded for {job['JobId']}")
    assert imports.upload(url, content) == (200, "")
    imports.start(job)
    assert imports.upload(url, content)[0] == 403
    imports.wait(job)
    assert imports.upload(url, content)[0] == 403


def test_an_upload_url_does_not_last(imports: ImportStack) -> None:
    imports.front.control("PUT", "imports", {**FAST, "upload_seconds": 0})
    pool = imports.front.pool()
    job = imports.create(pool)
    status, answer = imports.upload(job["PreSignedUrl"], as_file(imports.header(pool), []))
    assert (status, "Request has expired" in answer) == (403, True)


def test_the_url_leads_to_where_the_caller_found_the_front(imports: ImportStack) -> None:
    front = imports.front
    pool = front.pool()
    job = imports.create(pool)
    assert job["PreSignedUrl"].startswith(f"{front.url}/")
    elsewhere = front.url.replace("127.0.0.1", "localhost")
    named = front.client(endpoint=elsewhere).describe_user_import_job(UserPoolId=pool, JobId=job["JobId"])
    assert named["UserImportJob"]["PreSignedUrl"].startswith(f"{elsewhere}/")


def test_a_large_file_is_taken(imports: ImportStack) -> None:
    pool = imports.front.pool()
    job = imports.create(pool)
    content = as_file(imports.header(pool), [verified("ana")]) + b"x" * 20_000_000
    assert imports.upload(job["PreSignedUrl"], content)[0] == 200
    imports.start(job)
    ended = imports.wait(job)
    assert (ended["ImportedUsers"], ended["FailedUsers"]) == (1, 1)


def test_a_file_that_cannot_be_read_fails_the_job(imports: ImportStack) -> None:
    pool = imports.front.pool()
    ended = imports.run_text(pool, b"name,email\nAna,ana@example.com\n")
    assert ended["Status"] == "Failed"
    assert "could not be parsed" in ended["CompletionMessage"]
    assert ended["CompletionDate"] >= ended["StartDate"]
    ended = imports.run_text(pool, b"\xef\xbb\xbf" + as_file(imports.header(pool), [verified("ana")]))
    assert ended["Status"] == "Failed"
    assert imports.front.client().list_users(UserPoolId=pool)["Users"] == []


# --- what keeps a job from starting


def test_a_pool_that_verifies_nothing_takes_no_import(imports: ImportStack) -> None:
    pool = imports.front.pool(AutoVerifiedAttributes=[])
    assert refusal(imports.start, ready(imports, pool, verified("ana")))[0] == UNMET


def test_one_job_of_an_account_is_active_at_a_time(imports: ImportStack) -> None:
    front = imports.front
    front.control("PUT", "imports", {"start_seconds": 3_600})
    pool, other, abroad = front.pool(), front.pool(), front.pool("eu-west-1")
    waiting, refused = ready(imports, pool, verified("ana")), ready(imports, other, verified("ana"))
    imports.start(waiting)
    assert refusal(imports.start, refused)[0] == UNMET
    far = imports.create(abroad, "eu-west-1")
    imports.upload(far["PreSignedUrl"], as_file(imports.header(abroad, "eu-west-1"), [verified("ana")]))
    imports.start(far, "eu-west-1")
    imports.stop(waiting)
    front.control("PUT", "imports", FAST)
    imports.start(refused)
    assert imports.wait(refused)["Status"] == "Succeeded"
    assert imports.wait(far, "eu-west-1")["Status"] == "Succeeded"


def test_a_job_that_is_not_started_expires(imports: ImportStack) -> None:
    pool = imports.front.pool()
    job = ready(imports, pool, verified("ana"))
    imports.front.control("PUT", "imports", {**FAST, "expire_seconds": 0})
    expired = imports.describe(job)
    assert expired["Status"] == "Expired"
    assert expired["CompletionMessage"] == "The user import job has expired."
    assert "StartDate" not in expired
    imports.front.control("PUT", "imports", FAST)
    listed = imports.front.client().list_user_import_jobs(UserPoolId=pool, MaxResults=1)["UserImportJobs"]
    assert listed[0]["Status"] == "Expired"
    assert refusal(imports.start, job)[0] == UNMET
    assert imports.upload(job["PreSignedUrl"], b"")[0] == 403


@pytest.mark.parametrize("service", ["", "lambda.amazonaws.com"])
def test_a_role_that_cognito_cannot_assume_fails_the_job(imports: ImportStack, service: str) -> None:
    pool = imports.front.pool()
    role = make_role(imports.front, "of-another-service", service) if service else NOBODY
    job = imports.create(pool, role=role)
    imports.upload(job["PreSignedUrl"], as_file(imports.header(pool), [verified("ana")]))
    assert imports.start(job)["Status"] == "Pending"
    ended = imports.wait(job)
    assert ended["Status"] == "Failed"
    assert "role" in ended["CompletionMessage"]
    assert imports.front.client().list_users(UserPoolId=pool)["Users"] == []


# --- how a job goes


def test_a_job_waits_before_it_begins_and_can_be_stopped_then(imports: ImportStack) -> None:
    imports.front.control("PUT", "imports", {"start_seconds": 3_600})
    pool = imports.front.pool()
    job = ready(imports, pool, verified("ana"))
    assert refusal(imports.stop, job)[0] == UNMET  # not started
    imports.start(job)
    stopped = imports.stop(job)
    assert stopped["Status"] == "Stopped"
    assert stopped["CompletionMessage"] == "The Import Job was stopped by the developer."
    assert stopped["CompletionDate"] >= stopped["StartDate"]
    assert refusal(imports.stop, job)[0] == UNMET
    assert refusal(imports.start, job)[0] == UNMET


def test_a_job_goes_at_its_pace_and_stops_on_the_way(imports: ImportStack) -> None:
    imports.front.control("PUT", "imports", {"start_seconds": 0, "users_per_second": 20})
    pool = imports.front.pool()
    job = ready(imports, pool, *many(1_000))
    imports.start(job)
    seen = [wait_for(lambda: imported(imports, job), "the first user")]
    seen.append(wait_for(lambda: max(imported(imports, job) - seen[0], 0), "more users"))
    under_way = imports.describe(job)
    assert under_way["Status"] == "InProgress"
    assert "CompletionDate" not in under_way
    assert imports.stop(job)["Status"] == "Stopping"
    stopped = imports.wait(job)
    assert stopped["Status"] == "Stopped"
    seconds = (stopped["CompletionDate"] - stopped["StartDate"]).total_seconds()
    assert 0 < stopped["ImportedUsers"] <= 1 + 20 * seconds
    users = list(imports.front.client().get_paginator("list_users").paginate(UserPoolId=pool))
    assert sum(len(page["Users"]) for page in users) == stopped["ImportedUsers"] == len(imports.log(stopped))


def test_too_many_failures_end_a_job_where_that_is_set(imports: ImportStack) -> None:
    pool = imports.front.pool()
    imports.run(pool, verified("ana"))
    rows = as_file(imports.header(pool), [verified("ben"), verified("ana"), {}, {}])
    imports.front.control("PUT", "imports", {**FAST, "failure_threshold": 3})
    assert imports.run_text(pool, rows)["Status"] == "Succeeded"
    imports.front.control("PUT", "imports", {**FAST, "failure_threshold": 2})
    ended = imports.run_text(pool, rows + as_file(imports.header(pool), many(100)).split(b"\n", 1)[1])
    assert ended["Status"] == "Failed"
    message = "Too many users have failed or been skipped during the import."
    assert ended["CompletionMessage"] == message
    assert ended["ImportedUsers"] + ended["SkippedUsers"] + ended["FailedUsers"] < 104


def test_a_pool_that_is_deleted_ends_its_job(imports: ImportStack) -> None:
    front = imports.front
    front.control("PUT", "imports", {"start_seconds": 0, "users_per_second": 5})
    pool, other = front.pool(), front.pool()
    job = ready(imports, pool, *many(1_000))
    imports.start(job)
    wait_for(lambda: imported(imports, job), "the first user")
    front.client().delete_user_pool(UserPoolId=pool)
    front.control("PUT", "imports", FAST)
    following = ready(imports, other, verified("ana"))
    imports.start(following)
    assert imports.wait(following)["Status"] == "Succeeded"


def test_a_lost_region_stands_still(imports: ImportStack) -> None:
    front = imports.front
    front.control("PUT", "imports", {"start_seconds": 0, "users_per_second": 50})
    pool = front.pool()
    job = ready(imports, pool, *many(300))
    waiting = imports.create(pool)
    imports.start(job)
    wait_for(lambda: imported(imports, job), "the first user")
    front.control("PUT", "regions/us-east-1", {"available": False})
    for call in (imports.describe, imports.start, imports.stop):
        with pytest.raises(ClientError) as caught:
            call(job)
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    assert imports.upload(waiting["PreSignedUrl"], b"")[0] == 503
    direct = front.client(endpoint=front.upstream_url)
    front.control("PUT", "imports", FAST)  # at this pace a job that went on would soon be done

    def number() -> int:
        return direct.describe_user_pool(UserPoolId=pool)["UserPool"]["EstimatedNumberOfUsers"]

    elsewhere = front.pool("eu-west-1")
    assert imports.run(elsewhere, *many(50), region="eu-west-1")[49] == "SUCCEEDED"
    before = number()
    assert imports.run(front.pool("eu-west-1"), *many(50), region="eu-west-1")[49] == "SUCCEEDED"
    assert number() == before < 300
    front.control("PUT", "regions/us-east-1", {"available": True})
    ended = imports.wait(job)
    assert (ended["Status"], ended["ImportedUsers"]) == ("Succeeded", 300)


def test_a_reset_stops_the_jobs_under_way(imports: ImportStack) -> None:
    imports.front.control("PUT", "imports", {"start_seconds": 0, "users_per_second": 5})
    pool = imports.front.pool()
    job = ready(imports, pool, *many(1_000))
    imports.start(job)
    wait_for(lambda: imported(imports, job), "the first user")
    imports.front.control("POST", "reset")
    assert imports.describe(job)["Status"] == "Stopped"
    imports.front.control("PUT", "imports", FAST)
    following = ready(imports, imports.front.pool(), verified("ana"))
    imports.start(following)
    assert imports.wait(following)["Status"] == "Succeeded"


def test_faults_and_quotas_apply(imports: ImportStack) -> None:
    front = imports.front
    pool = front.pool()
    front.control("PUT", "faults", [{"operation": "StartUserImportJob", "error": "InternalErrorException"}])
    assert refusal(imports.start, ready(imports, pool, verified("ana")))[0] == "InternalErrorException"
    front.control("DELETE", "faults")
    front.control("PUT", "quotas", {"scale": 0.01})
    imports.create(pool)
    assert refusal(imports.create, pool)[0] == "TooManyRequestsException"


def test_a_front_that_stops_lets_go_of_its_jobs(imports: ImportStack) -> None:
    with BackgroundFront(FrontOptions(imports.front.upstream_url)) as stopped:
        stack = imports.front.at(stopped.url)
        stack.control("PUT", "imports", {"start_seconds": 3_600})
        its = ImportStack(stack, imports.role)
        job = ready(its, stack.pool(), verified("ana"))
        assert its.start(job)["Status"] == "Pending"
        stack.close()
