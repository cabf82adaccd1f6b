"""An import that is killed and resumed ends like an undisturbed one, by the code of `make kill-points`."""

from collections.abc import Iterator

import pytest

from local.fidelity.interruptions import Interruptions, Point, points
from local.fidelity.observing import Observation, observe
from local.fidelity.same_end import differences
from tests.e2e.world import PRIMARY, World, outcome

Undisturbed = tuple[Interruptions, Observation, int]


@pytest.fixture(scope="module")
def undisturbed_import(world: World) -> Iterator[Undisturbed]:
    assert outcome(world.export({"AllowMassRetirement": True})) == "SUCCEEDED"
    lost = observe(world.client("cognito-idp", PRIMARY), world.deployment.user_pool_id)
    imports = Interruptions(world.aws, world.deployment)
    imports.prepare()
    reference, way = imports.undisturbed()
    assert reference.accounts.keys() == lost.accounts.keys() != set()
    yield imports, reference, way
    assert imports.messages() == 0


def test_the_api_lane_alone_ends_in_the_same_pool(undisturbed_import: Undisturbed) -> None:
    imports, reference, _ = undisturbed_import

    by_api, _ = imports.undisturbed("api")

    assert differences(reference, by_api) == []


@pytest.mark.parametrize("point", points(2, seed=3), ids=lambda point: f"point-{point.number}")
def test_a_killed_import_is_resumed_to_the_same_end(undisturbed_import: Undisturbed, point: Point) -> None:
    imports, reference, way = undisturbed_import

    ending = imports.ending(point, reference, way)

    assert ending.problems == [], ending.told
