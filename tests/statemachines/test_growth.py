"""The largest pool that Cognito allows overflows neither the payloads nor the history of an execution."""

from __future__ import annotations

from typing import Any

import pytest

from tests.statemachines.answers import answers_of
from tests.statemachines.definitions import machine_of
from tests.statemachines.engine import Engine
from tests.statemachines.growth import (
    EVENTS,
    INVOCATION_SECONDS,
    LARGEST_PAYLOAD,
    MOST_EVENTS,
    Load,
    export_of,
    import_of,
    walk,
)

LARGEST = {"users": 40_000_000, "groups": 10_000, "memberships": 40_000_000}
"""Cognito's quotas of users and groups in a pool, with one group a user."""

GIVEN = {"export": {}, "import": {"NewUserPoolId": "eu-west-1_AbCdEf123"}, "drill": {}}


@pytest.mark.parametrize("concurrency", [1, 4, 16])
@pytest.mark.parametrize("share", [10, 50, 100])
def test_the_largest_export_stays_within_both_limits(share: int, concurrency: int) -> None:
    load = Load(**LARGEST, share=share, concurrency=concurrency)

    walked = walk("export", export_of(load), {})

    assert walked.calls["export_users"] >= load.workers
    assert walked.largest < LARGEST_PAYLOAD, walked.largest_at
    assert walked.events < MOST_EVENTS


def test_no_export_outgrows_the_history_within_the_time_that_an_execution_has() -> None:
    """Whoever is called again has worked for a whole invocation, so time bounds the calls."""
    longest = machine_of("export")["TimeoutSeconds"]
    workers = Load(**LARGEST, share=100, concurrency=16).workers
    calls = workers * longest / INVOCATION_SECONDS
    assert calls * (EVENTS["Task"] + EVENTS["Choice"]) + 1_000 < MOST_EVENTS


def test_the_largest_export_ends_before_its_execution_times_out() -> None:
    load = Load(**LARGEST)
    # Listed once, and half of it once more where absences are confirmed by a second listing
    assert 1.5 * load.listing_seconds < machine_of("export")["TimeoutSeconds"]


def test_payload_and_history_do_not_grow_with_the_groups() -> None:
    few, many = (
        walk("export", export_of(Load(users=1_000_000, groups=groups, memberships=1_000_000)), {})
        for groups in (10, 10_000)
    )
    assert many.largest <= few.largest + 100
    assert many.events == few.events


def test_the_payloads_of_the_largest_import_stay_within_their_limit() -> None:
    walked = walk("import", import_of(Load(**LARGEST)), GIVEN["import"])

    assert walked.largest < LARGEST_PAYLOAD, walked.largest_at


def test_no_drill_outgrows_the_history_within_the_time_that_it_has() -> None:
    """Whoever is called again has watched for a whole invocation."""
    calls = machine_of("drill")["TimeoutSeconds"] / INVOCATION_SECONDS
    assert calls * (EVENTS["Task"] + EVENTS["Choice"]) + 100 < MOST_EVENTS
    # And the import that it watches has its own time within it
    assert machine_of("import")["TimeoutSeconds"] < machine_of("drill")["TimeoutSeconds"]


@pytest.mark.parametrize("workflow", ["export", "import", "drill"])
def test_a_walk_goes_where_the_interpreter_goes(engine: Engine, workflow: str) -> None:
    run = engine.run(workflow, answers_of(workflow))

    walked = walk(workflow, answers_of(workflow), GIVEN[workflow])

    assert walked.output == run.output
    called: dict[str, Any] = {name: run.count(name) for name in answers_of(workflow) if run.count(name)}
    assert dict(walked.calls) == called
