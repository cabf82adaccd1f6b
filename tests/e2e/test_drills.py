"""Drills on the deployed application: proof that a restore works, and nothing left of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cli.app import main
from tests.e2e.world import BACKUP, World, outcome, restorable, seen, wait_for

SLOW_GROUPS = {"operation": "CreateGroup", "region": BACKUP, "rate": 1.0, "error": None, "latency_ms": 3000}


def pools(world: World) -> set[str]:
    listed = world.client("cognito-idp").list_user_pools(MaxResults=60)["UserPools"]
    return {pool["Id"] for pool in listed}


def drill_of(world: World, execution_arn: str) -> dict[str, Any]:
    """The drill's ledger entry; empty until it is opened."""
    entries = (item for item in world.items("DRILL") if item["sk"] != "LATEST")
    return next((item for item in entries if item["execution_arn"] == execution_arn), {})


@pytest.fixture
def bystander(exported: World) -> str:
    """A pool that has nothing to do with a drill, but its name and half of its tags."""
    cognito = exported.client("cognito-idp")
    pool_id = str(
        cognito.create_user_pool(
            PoolName="lifeboat-drill-bystander", UserPoolTags={"lifeboat:stack": "lifeboat-local"}
        )["UserPool"]["Id"]
    )
    cognito.admin_create_user(UserPoolId=pool_id, Username="somebody", MessageAction="SUPPRESS")
    return pool_id


def test_a_drill_proves_the_restore_and_leaves_every_pool_as_it_was(
    exported: World, bystander: str, capsys: pytest.CaptureFixture[str]
) -> None:
    world = exported
    before = {pool_id: world.snapshot(pool_id) for pool_id in (bystander, world.deployment.user_pool_id)}
    there = pools(world)
    options = ["--local", "--local-dir", str(world.aws.state_dir), "--json"]

    assert main(["drill", "--sample", "50", "--wait", *options]) == 0

    told = json.loads(capsys.readouterr().out)
    assert told["status"] == "SUCCEEDED"
    assert 0 < told["rto_seconds"] <= told["duration_seconds"]
    report = world.report(told["import_id"])
    assert report["status"] == "SUCCEEDED"
    assert report["totals"]["users"]["restored"] == told["users"]
    # About a half of them: the shards are spread evenly, the users only about so
    everybody = world.snapshot(world.deployment.user_pool_id)
    assert 0 < told["users"] < len(everybody)
    assert pools(world) == there
    assert told["pool_id"] not in there
    assert {pool_id: world.snapshot(pool_id) for pool_id in before} == before
    assert not world.locks(BACKUP)


def test_a_step_that_fails_leaves_no_pool(exported: World) -> None:
    world = exported
    there = pools(world)
    with world.faults(SLOW_GROUPS):
        drill = world.start("Drill", {})
        wait_for(lambda: drill_of(world, drill).get("pool_id"), "the drill's pool")
        world.client("stepfunctions").stop_execution(
            executionArn=drill_of(world, drill)["import_execution_arn"]
        )
        result = world.result(drill)

    assert outcome(result).startswith("FAILED DrillFailed")
    entry = drill_of(world, drill)
    assert (entry["status"], entry["region"]) == ("FAILED", BACKUP)
    assert entry["pool_id"] not in pools(world)
    assert pools(world) == there
    assert not world.locks(BACKUP)


def test_a_drill_gives_way_to_an_import(exported: World) -> None:
    world = exported
    there = pools(world)
    with world.faults(SLOW_GROUPS):
        drill = world.start("Drill", {})
        wait_for(lambda: drill_of(world, drill).get("pool_id"), "the drill's pool")
        target = world.empty_pool()
        started = world.start("Import", {"NewUserPoolId": target})
        wait_for(lambda: pools(world) == there | {target}, "the end of the drill's pool")
    result, drilled = world.result(started), world.result(drill)

    assert outcome(result) == "SUCCEEDED"
    assert outcome(drilled).startswith("FAILED DrillFailed the drill gave way to the import")
    assert seen(world.snapshot(target)) == restorable(world.snapshot(world.deployment.user_pool_id))
    assert not world.locks(BACKUP)
