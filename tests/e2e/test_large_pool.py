"""A pool beyond a single listing, backed up by a second deployment beside the first."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from lifeboat.listing import SINGLE_LISTING_USERS
from local.deployment import deploy_both
from local.people import create_pool
from tests.e2e.world import PRIMARY, World, outcome

USERS = SINGLE_LISTING_USERS + 60


@pytest.fixture(scope="module")
def large(world: World) -> Iterator[World]:
    cognito = world.client("cognito-idp", PRIMARY)
    pool_id = create_pool(cognito, "large")

    def create(number: int) -> None:
        cognito.admin_create_user(UserPoolId=pool_id, Username=f"user-{number}", MessageAction="SUPPRESS")

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(create, range(USERS)))
    yield World(world.aws, deploy_both(world.aws, pool_id, stack_suffix="-large"))
    cognito.delete_user_pool(UserPoolId=pool_id)


def test_a_large_pool_is_listed_in_shards_and_whole(large: World) -> None:
    pool_id = large.deployment.user_pool_id

    first = large.export()
    large.client("cognito-idp", PRIMARY).admin_delete_user(UserPoolId=pool_id, Username="user-7")
    second = large.export()

    assert (outcome(first), outcome(second)) == ("SUCCEEDED", "SUCCEEDED")
    summary = json.loads(first["output"])
    assert summary["Counts"]["users"]["added"] == USERS
    entry = large.ledger("export", summary["ExportId"])
    assert entry["plan"]["prefixes"] == 16
    assert not entry["completeness"]["differs"]
    counts = json.loads(second["output"])["Counts"]["users"]
    assert (counts["unchanged"], counts["retired"], counts["added"]) == (USERS - 1, 1, 0)


def test_deployments_side_by_side_keep_to_themselves(large: World, exported: World) -> None:
    assert large.output("BackupTableName") != exported.output("BackupTableName")
    assert large.output("ExportWorkflowArn", PRIMARY) != exported.output("ExportWorkflowArn", PRIMARY)
    small = exported.export()
    assert outcome(small) == "SUCCEEDED"
    assert json.loads(small["output"])["Counts"]["users"]["listed"] < SINGLE_LISTING_USERS
