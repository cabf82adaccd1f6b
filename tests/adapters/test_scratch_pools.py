"""Which pools a drill deletes: its own, whatever became of it, and never another."""

from __future__ import annotations

import pytest

from lifeboat.aws import clients
from lifeboat.cognito.scratch_pools import DRILL_TAG, STACK_TAG
from lifeboat.store.ledger import Ledger
from tests.adapters.drilling import Drilled, bodies_waiting, held, pools, sweep
from tests.adapters.pools import Pool
from tests.adapters.stack import CACHES


def test_a_pool_made_after_all_is_found_within_the_hour(drill: Drilled) -> None:
    # Given a drill that was closed while Cognito made its pool, whose answer nobody got
    before = pools()
    drill.begin()
    run = drill.import_begun()
    Ledger(drill.stack.table, "drill").update(drill.drill_id, {"pool_id": ""})
    assert drill.clear() == [run.of["UserPoolId"]]  # found by name and tags
    drill.fail()
    made = clients.cognito().create_user_pool(
        PoolName=drill.entry()["pool_name"],
        UserPoolTags={DRILL_TAG: drill.drill_id, STACK_TAG: "lifeboat"},
    )["UserPool"]["Id"]
    # When the schedule looks, then the pool goes
    assert sweep() == [made]
    assert pools() == before


def test_what_a_stopped_drill_left_is_cleared_away_within_the_hour(drill: Drilled) -> None:
    before = pools()
    drill.begin()
    run = drill.import_begun()
    run.scan()
    # Given an execution that was stopped, which runs no state any more
    drill.known.running.discard(drill.arn)

    assert sweep() == [run.of["UserPoolId"]]

    assert pools() == before
    assert drill.entry()["status"] == "FAILED"
    assert "stopped" in drill.entry()["reason"]
    assert [held(drill, "drill"), held(drill, "import")] == [None, None]
    assert not bodies_waiting(drill.stack)


def test_a_drill_that_runs_is_left_alone_by_the_schedule(drill: Drilled) -> None:
    drill.begin()
    run = drill.import_begun()
    assert sweep() == []
    assert run.of["UserPoolId"] in pools()


@pytest.mark.parametrize(
    "tags",
    [
        {},
        {DRILL_TAG: "2026-03-03T00:00:00.000Z-11111111", STACK_TAG: "lifeboat"},
        {DRILL_TAG: "{drill}"},
        {DRILL_TAG: "{drill}", STACK_TAG: "another"},
    ],
    ids=["no tags", "an unknown drill", "no stack", "another stack"],
)
def test_another_pool_is_never_deleted_whatever_it_is_called(drill: Drilled, tags: dict[str, str]) -> None:
    drill.begin()
    run = drill.import_begun()
    other = clients.cognito().create_user_pool(
        PoolName=drill.entry()["pool_name"],
        UserPoolTags={name: value.format(drill=drill.drill_id) for name, value in tags.items()},
    )["UserPool"]["Id"]
    assert drill.clear() == [run.of["UserPoolId"]]
    drill.fail()
    sweep()
    assert other in pools()
    assert drill.stack.source.pool_id in pools()


def test_a_pool_whose_tags_are_changed_meanwhile_stays(drill: Drilled) -> None:
    """What counts is the moment of deletion, whatever was known of the pool before."""
    drill.begin()
    pool_id = drill.import_begun().of["UserPoolId"]
    del Pool(clients.cognito(), pool_id).inside.extended_config["UserPoolTags"][STACK_TAG]
    assert drill.clear() == []
    assert pool_id in pools()


@pytest.mark.parametrize("setting", ["USER_POOL_ID", "PRIMARY_USER_POOL_ID", "STANDBY_USER_POOL_ID"])
def test_a_pool_that_the_stack_names_is_never_deleted(
    drill: Drilled, setting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    drill.begin()
    pool_id = drill.import_begun().of["UserPoolId"]
    monkeypatch.setenv(setting, pool_id)
    for cached in CACHES:
        cached.cache_clear()
    assert drill.clear() == []
    assert pool_id in pools()
