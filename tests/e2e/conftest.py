"""The embedded AWS with both stacks deployed by `sam deploy`: one for each worker that runs these tests."""

from collections.abc import Iterator

import pytest

from local.deployment import deploy_both
from local.embedded import EmbeddedAws
from local.fidelity.run import QUICK_JOBS
from local.people import create_pool, create_roles, fill, population
from tests.e2e.world import BACKUP, PRIMARY, World, outcome

PEOPLE = population(users=60, groups=8, memberships=75, seed=7)


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


@pytest.fixture(autouse=True)
def undisturbed(request: pytest.FixtureRequest) -> Iterator[None]:
    """Leave no fault behind, in the world that a test has; not every test needs one."""
    world: World | None = request.getfixturevalue("world") if "world" in request.fixturenames else None
    yield
    if world is not None:
        world.front("DELETE", "faults")
        world.front("PUT", "events", {})
        world.region_available(PRIMARY, True)
        world.region_available(BACKUP, True)
