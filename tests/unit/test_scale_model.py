"""The model of pools that no test can hold: the product's plan by a virtual clock."""

import itertools
from typing import Any

import pytest

from benchmarks.history import MOST_BYTES, MOST_EVENTS, definition, history, states
from benchmarks.planning import export_plan, import_plan
from benchmarks.scale_model import Reckoned, listing_seconds, reckon_export, reckon_import, reckoned


def observed() -> dict[str, Any]:
    run = {
        "write_units": 62_000.0,
        "read_units": 3_000.0,
        "lambda_gb_seconds": 50.0,
        "lambda_invocations": 20,
        "usage": {"sqs_requests": 6_000.0},
    }
    return {
        "users": 10_000,
        "runs": dict.fromkeys(("export", "unchanged_export", "changed_export", "import"), run),
    }


@pytest.fixture(scope="module")
def million() -> Reckoned:
    return reckon_export(1_000_000, 10_000, 100, observed(), "export")


def test_a_listing_is_never_faster_than_its_tokens() -> None:
    plan = export_plan(1_000_000, 100, 4)
    rate = 30 / plan.workers
    saved = rate  # a bucket may have saved up a second's worth, and no more
    assert listing_seconds(plan, [300] * 4) >= (1_200 - 1 - saved) / rate


def test_an_export_of_a_million_users_stays_within_step_functions_limits(million: Reckoned) -> None:
    assert million.seconds >= million.floor
    assert million.events < MOST_EVENTS
    assert max(million.payloads.values()) < MOST_BYTES
    assert million.transitions < million.events


def test_half_of_the_share_takes_twice_as_long(million: Reckoned) -> None:
    half = reckon_export(1_000_000, 10_000, 50, observed(), "export")
    assert half.seconds == pytest.approx(2 * million.seconds, rel=0.1)


def test_the_cost_of_a_user_in_the_table_is_the_measured_one(million: Reckoned) -> None:
    assert million.usage["write_units"] == pytest.approx(6.2e6)
    assert million.dollars > 6.2 * 0.625


def test_an_import_takes_no_less_than_its_floor() -> None:
    found = reckon_import(1_000_000, 100, observed())
    assert found.seconds >= found.floor
    assert found.events < MOST_EVENTS
    assert 1 <= import_plan(1_000_000, 1_000_000, 100, 10_000).job(0, 0.0, 1_000_000) <= 10_000


def test_both_sizes_are_reckoned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.scale_model.SIZES", (100_000, 1_000_000))
    found = reckoned(observed())
    assert [each.users for each in found] == list(itertools.chain([100_000] * 5, [1_000_000] * 5))
    assert all(each.dollars > 0 for each in found)


@pytest.mark.parametrize("workflow", ["export", "import"])
def test_history_counts_every_state_of_the_definition(workflow: str) -> None:
    machine = definition(workflow)
    once = {name: 1 for name, state in states(machine) if state["Type"] != "Fail"}
    events, transitions = history(machine, once, {})
    assert transitions == len(once) + 1
    assert events > 2 * len(once)
    with pytest.raises(KeyError):
        history(machine, {"No Such State": 1}, {})
