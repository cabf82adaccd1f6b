"""A pool beyond a single listing, backed up by a second deployment beside the first."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from lifeboat.listing import SINGLE_LISTING_USERS
from local.deployment import deploy_both
from local.people import create_pool
from tests.e2e.world import PRIMARY, World, backed_up, outcome

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


def test_a_shard_that_returns_nothing_loses_nobody(large: World) -> None:
    # Given one shard of 16 that is listed as empty: fewer users than the guard minds
    large.export()
    before = backed_up(large)
    with large.faults({"operation": "ListUsers", "region": PRIMARY, "shows": 0, "where": 'sub ^= "7"'}):
        result = large.export()

    assert outcome(result) == "SUCCEEDED"
    output = json.loads(result["output"])
    counts = output["Counts"]["users"]
    # Then some of them are found by their subs, and nobody is retired
    assert counts["absent"] == sum(sub.startswith("7") for sub in before) > 0
    assert (output["Status"], counts["retired"]) == ("COMPLETED", 0)
    assert backed_up(large) == before


def test_deployments_side_by_side_keep_to_themselves(large: World, exported: World) -> None:
    assert large.output("BackupTableName") != exported.output("BackupTableName")
    assert large.output("ExportWorkflowArn", PRIMARY) != exported.output("ExportWorkflowArn", PRIMARY)
    small = exported.export()
    assert outcome(small) == "SUCCEEDED"
    assert json.loads(small["output"])["Counts"]["users"]["listed"] < SINGLE_LISTING_USERS


def test_a_pool_emptied_by_accident_does_not_empty_the_backup(large: World) -> None:
    large.export()
    before = backed_up(large)
    pool_id = large.deployment.user_pool_id
    cognito = large.client("cognito-idp", PRIMARY)

    def delete(username: str) -> None:
        cognito.admin_delete_user(UserPoolId=pool_id, Username=username)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(delete, large.snapshot(pool_id)))
    result = large.export()

    assert outcome(result) == "SUCCEEDED"
    output = json.loads(result["output"])
    assert output["Status"] == "COMPLETED_WITHOUT_CLEANUP"
    assert output["Counts"]["users"]["listed"] == 0
    assert backed_up(large) == before
    assert "AllowMassRetirement" in large.ledger("export", output["ExportId"])["reason"]
