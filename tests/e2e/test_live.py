"""Live, in short: random changes by all routes under faults end in table and standby pool as in the pool.

`make live-soak` makes hundreds of them.
"""

from __future__ import annotations

import io
from http import HTTPStatus

import pytest
from rich.console import Console

from local.embedded import EmbeddedAws
from local.live_soak import Soak, Soaked
from local.narration import Narrator

CHANGES = 120


@pytest.fixture(scope="module")
def soaked(tmp_path_factory: pytest.TempPathFactory) -> Soaked:
    narrator = Narrator(Console(file=io.StringIO()))
    with EmbeddedAws(tmp_path_factory.mktemp("live"), seed=3) as embedded:
        return Soak(embedded, narrator, CHANGES, seed=3).run()


def test_the_table_ends_as_the_pool(soaked: Soaked) -> None:
    assert soaked.table == {"users": [], "groups": [], "memberships": []}


def test_the_standby_pool_ends_as_the_pool(soaked: Soaked) -> None:
    assert soaked.standby == {"users": [], "groups": [], "memberships": []}


def test_exports_ran_meanwhile_and_something_was_refused(soaked: Soaked) -> None:
    assert soaked.exports > 0
    assert sum(soaked.refused.values()) > 0


def test_every_kind_of_change_could_be_made(soaked: Soaked) -> None:
    assert soaked.changes["blank"] > 0
    assert soaked.never_made == 0


def test_the_admin_api_was_one_of_the_routes_and_did_not_break(soaked: Soaked) -> None:
    assert soaked.changes["put"] > 0
    assert soaked.changes["remove"] > 0
    assert soaked.answers[HTTPStatus.OK] > 0
    assert soaked.api_broke == 0


def test_no_trigger_failed_a_sign_up(soaked: Soaked) -> None:
    assert soaked.sign_ups_failed == 0
