"""The request budget under the front's quotas, which it enforces in real time as Cognito does."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from lifeboat.pacing import TokenBucket
from local.deployment import deploy_both
from local.embedded import CREDENTIALS
from local.people import create_pool
from tests.e2e.world import BACKUP, PRIMARY, World, outcome, wait_for

USERS = 900
BY_API = 60
"""Of these, so many have no verified address, so that the API creates them."""
GROUPS = 30
MEMBERS = 8
SHARE = 30
APPLICATION_RATE = 20
LISTINGS = ("ListUsers", "ListUsersInGroup")


@pytest.fixture(scope="module")
def shared(world: World) -> Iterator[World]:
    """A deployment whose export has 30 percent of the quotas, with a pool of some size."""
    cognito = world.client("cognito-idp", PRIMARY)
    pool_id = create_pool(cognito, "shared")
    for group in range(GROUPS):
        cognito.create_group(UserPoolId=pool_id, GroupName=f"group-{group}")

    def create(number: int) -> None:
        name = f"user-{number}"
        verified = [
            {"Name": "email", "Value": f"{name}@example.com"},
            {"Name": "email_verified", "Value": "true"},
        ]
        cognito.admin_create_user(
            UserPoolId=pool_id,
            Username=name,
            MessageAction="SUPPRESS",
            UserAttributes=[] if number < BY_API else verified,
        )
        if number < GROUPS * MEMBERS:
            group = f"group-{number // MEMBERS}"
            cognito.admin_add_user_to_group(UserPoolId=pool_id, Username=name, GroupName=group)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(create, range(USERS)))
    overrides = {"ExportQuotaShare": str(SHARE)}
    deployment = deploy_both(world.aws, pool_id, overrides=overrides, stack_suffix="-shared")
    yield World(world.aws, deployment)
    cognito.delete_user_pool(UserPoolId=pool_id)


@pytest.fixture(autouse=True)
def enforced(world: World) -> Iterator[None]:
    """Cognito's default quotas in force, and calls counted anew."""
    world.front("PUT", "quotas", {"enforce": True})
    world.front("DELETE", "calls")
    yield
    world.front("PUT", "quotas", {"enforce": False})


@dataclass
class Traffic:
    """Requests, and how many of them were throttled."""

    sent: int = 0
    throttled: int = 0

    def mostly_answered(self) -> bool:
        return self.throttled <= 0.01 * self.sent


def asked(world: World, region: str, *operations: str) -> Traffic:
    """What the front was asked in a Region, of all operations if none is named."""
    counts = world.front("GET", "calls").get(region, {})
    wanted = [each for name, each in counts.items() if not operations or name in operations]
    return Traffic(sum(each["calls"] for each in wanted), sum(each["throttled"] for each in wanted))


@contextmanager
def application(world: World, pool_id: str) -> Iterator[Traffic]:
    """A live application that lists users twenty times a second and does not try again."""
    traffic, lock, ended = Traffic(), threading.Lock(), threading.Event()
    bucket = TokenBucket(APPLICATION_RATE, 1)
    client = boto3.session.Session().client(
        "cognito-idp",
        region_name=PRIMARY,
        endpoint_url=world.aws.cognito_endpoint_url,
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        config=Config(retries={"total_max_attempts": 1, "mode": "standard"}, proxies={}),
    )

    def ask() -> None:
        while not ended.is_set():
            bucket.acquire()
            throttled = False
            try:
                client.list_users(UserPoolId=pool_id, Limit=1)
            except ClientError as error:
                throttled = error.response["Error"]["Code"] == "TooManyRequestsException"
                if not throttled:
                    raise
            with lock:
                traffic.sent += 1
                traffic.throttled += throttled

    with ThreadPoolExecutor(4) as threads:
        asking = [threads.submit(ask) for _ in range(4)]
        try:
            yield traffic
        finally:
            ended.set()
        for each in asking:
            each.result()


def metrics(world: World, stack: str, category: str) -> dict[str, float]:
    """What a stack's functions published of a category, added up."""
    totals = dict.fromkeys(("Requests", "Throttled", "SecondsWaited"), 0.0)
    for line in (world.aws.state_dir / "functions.log").read_text().splitlines():
        if '"_aws"' not in line or f'"{category}"' not in line:
            continue
        written: dict[str, Any] = json.loads(line[line.index("{") :])
        if (written["Stack"], written.get("Category")) == (stack, category):
            for name in totals:
                totals[name] += sum(written[name])
    return totals


def test_a_live_application_is_not_starved_by_an_export(shared: World) -> None:
    pool_id = shared.deployment.user_pool_id

    with application(shared, pool_id) as live:
        wait_for(lambda: live.sent >= APPLICATION_RATE, "the application's first requests")
        result = shared.export()

    assert outcome(result) == "SUCCEEDED"
    listed = asked(shared, PRIMARY, *LISTINGS)
    export = Traffic(listed.sent - live.sent, listed.throttled - live.throttled)
    assert export.sent >= USERS / 60 + GROUPS
    assert live.sent > export.sent
    assert live.mostly_answered(), live
    assert export.mostly_answered(), export
    summary = json.loads(result["output"])
    assert summary["Counts"]["users"]["added"] == USERS
    plan = shared.ledger("export", summary["ExportId"])["plan"]
    (listing,) = (line for line in plan["requests"] if line["category"] == "UserList")
    assert (listing["share"], listing["workers"]) == (str(SHARE), plan["workers"])
    stack = shared.deployment.primary.name
    wait_for(
        lambda: metrics(shared, stack, "UserList")["Requests"] == export.sent,
        "metrics that count every request of the export",
    )


def test_an_undisturbed_export_and_import_are_not_throttled(shared: World) -> None:
    assert outcome(shared.export()) == "SUCCEEDED"
    imported = shared.restore({"NewUserPoolId": shared.empty_pool()})

    assert outcome(imported) == "SUCCEEDED"
    for region in (PRIMARY, BACKUP):
        traffic = asked(shared, region)
        assert traffic.sent
        assert traffic.mostly_answered(), (region, shared.front("GET", "calls")[region])
    updates = asked(shared, BACKUP, "AdminAddUserToGroup")
    assert updates.sent >= GROUPS * MEMBERS
