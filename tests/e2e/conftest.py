"""The embedded AWS with both stacks deployed by `sam deploy`: one for each worker that runs these tests."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from local.deployment import PRIMARY as PRIMARY_STACK
from local.deployment import Deployment, deploy, deploy_both, write_stack_file
from local.embedded import EmbeddedAws
from local.fidelity.run import QUICK_JOBS
from local.people import POOL_SCHEMA, create_pool, create_roles, fill, population
from tests.e2e.world import BACKUP, PRIMARY, LiveWorld, World, outcome

PEOPLE = population(users=60, groups=8, memberships=75, seed=7)

LIVE_TABLE = "lifeboat-live"
REPLICABLE = {
    "UserPoolTier": "ESSENTIALS",
    "KeyConfiguration": {
        "KeyType": "CUSTOMER_MANAGED_KEY",
        "KmsKeyArn": f"arn:aws:kms:{PRIMARY}:000000000000:key/mrk-0123456789abcdef0123456789abcdef",
    },
}
"""What a pool needs that is to have a replica."""


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with EmbeddedAws(tmp_path_factory.mktemp("aws"), seed=1) as aws:
        pool_id = create_pool(aws.client("cognito-idp", PRIMARY), "primary")
        create_roles(aws.client("iam", PRIMARY), PEOPLE)
        fill(aws.client("cognito-idp", PRIMARY), pool_id, PEOPLE)
        world = World(aws, deploy_both(aws, pool_id))
        world.front("PUT", "imports", QUICK_JOBS)
        yield world


@pytest.fixture(scope="session")
def exported(world: World) -> World:
    """The world with an export in its table."""
    result = world.export()
    assert outcome(result) == "SUCCEEDED"
    return world


@pytest.fixture(scope="session")
def live(world: World) -> LiveWorld:
    """One more primary stack, with everything that is live, a table of its own, and a pool with a replica.

    It captures changes, serves the admin API, and its exports read the replica in the backup Region.
    """
    cognito = world.client("cognito-idp", PRIMARY)
    pool_id = create_pool(cognito, "live", {**POOL_SCHEMA, **REPLICABLE})
    cognito.create_user_pool_replica(UserPoolId=pool_id, RegionName=BACKUP)
    standby_pool_id = world.empty_pool()
    overrides = {
        "UserPoolId": pool_id,
        "BackupTableName": LIVE_TABLE,
        "LiveSync": "CAPTURE",
        "StandbyUserPoolId": standby_pool_id,
        "AdminApi": "ON",
        "ExportFrom": "REPLICA",
        "ReplicaRegion": BACKUP,
    }
    primary = deploy(world.aws, PRIMARY_STACK, overrides=overrides, stack_suffix="-live")
    backup = replace(world.deployment.backup, outputs={"BackupTableName": LIVE_TABLE})
    return LiveWorld(world.aws, Deployment(primary, backup, pool_id), standby_pool_id)


@pytest.fixture(autouse=True)
def undisturbed(request: pytest.FixtureRequest) -> Iterator[None]:
    """Leave no fault behind, in the world that a test has; not every test needs one.

    Each begins with the world's own stacks in stack.json, by which the command line finds them: deployments
    that other tests have put beside them are there, too.
    """
    world: World | None = request.getfixturevalue("world") if "world" in request.fixturenames else None
    if world is not None:
        write_stack_file(world.aws, world.deployment)
    yield
    if world is not None:
        world.front("DELETE", "faults")
        world.front("PUT", "events", {})
        world.region_available(PRIMARY, True)
        world.region_available(BACKUP, True)
