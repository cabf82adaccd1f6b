"""Rows that an import job refuses, skips or never comes to, and logs that say so late or not at all."""

from __future__ import annotations

import json

import pytest

from lifeboat.restore.progress import STALL
from lifeboat.store.outcomes import Lane
from tests.adapters.job_world import World, person

TOO_MANY = "Too many users have failed or been skipped"


@pytest.mark.parametrize("first_line", [0, 1, 2])
def test_rows_that_fail_go_by_the_api_lane_however_lines_are_counted(world: World, first_line: int) -> None:
    world.back_up_all(5, ["staff"])
    world.scan()
    world.jobs.first_line = first_line
    world.jobs.refused = {"user-1", "user-4"}
    world.until_quiet()
    world.check_restored()
    assert {name for name, lane in world.lanes().items() if lane == "api"} == {"user-1", "user-4"}
    reasons = {
        world.outcome(sub).lane_reason
        for sub, (user, _) in world.users.items()
        if user.username in world.jobs.refused
    }
    assert len(reasons) == 1
    assert reasons.pop().startswith("the import job refused the row: The User Record does not set")


@pytest.mark.parametrize("first_line", [0, 1, 2])
@pytest.mark.parametrize("stop_after", [1, 2, 3, 4])
@pytest.mark.parametrize("refused", range(4))
def test_a_job_that_ends_early_loses_nobody_however_lines_are_counted(
    world: World, first_line: int, stop_after: int, refused: int
) -> None:
    world.back_up_all(5)
    world.scan()
    world.jobs.first_line = first_line
    world.jobs.refused = {f"user-{refused}"}
    world.jobs.stop_after = stop_after
    world.until_quiet()
    world.check_restored()


@pytest.mark.parametrize("status", ["Failed", "Stopped"])
def test_a_job_that_ends_early_hands_its_other_rows_on_with_the_reason(world: World, status: str) -> None:
    world.chunk = 12
    world.back_up_all(12, ["staff"])
    world.scan()
    world.jobs.stop_after, world.jobs.stop_status, world.jobs.stop_message = 8, status, TOO_MANY
    world.until_quiet()
    world.check_restored()
    assert sorted(world.lanes().values()) == ["api"] * 4 + ["csv"] * 8
    outcomes = [world.outcome(sub) for sub in world.users]
    assert {outcome.lane_reason for outcome in outcomes} == {
        "",
        f"the import job ended as {status}: {TOO_MANY}",
    }
    # A log that leaves rows out may be read in more than one way: the first rows may be looked at again.
    assert 6 <= sum(outcome.lane is Lane.CSV for outcome in outcomes) <= 8


def test_existing_equal_users_are_adopted_and_others_left_alone(world: World) -> None:
    world.back_up_all(3)
    world.scan()
    same, stranger = world.users[person(0).sub][0], person(1)
    world.pool.make(same.username, dict(same.attributes), "RESET_REQUIRED", "csv")
    world.pool.make(stranger.username, {"email": "else@example.com"}, "CONFIRMED", "stranger")
    for _ in range(3):
        world.take()
        world.clock.advance(60)
    bodies = list(world.api_users.take_all())
    assert sorted(json.loads(body)["username"] for body in bodies) == ["user-0", "user-1"]
    assert {json.loads(body)["lane_reason"] for body in bodies} == {
        "the import job refused the row: The user already exists."
    }


def test_a_log_that_comes_late_is_waited_for(world: World) -> None:
    world.back_up_all(3)
    world.scan()
    world.jobs.refused, world.jobs.log_after = {"user-0"}, 60
    world.until_quiet()
    world.check_restored()
    assert sorted(world.lanes().values()) == ["api", "csv", "csv"]
    assert {world.outcome(sub).lane for sub in world.users} == {Lane.API, Lane.CSV}


def test_a_log_that_never_comes_is_not_waited_for_for_ever(world: World) -> None:
    world.back_up_all(3, ["staff"])
    world.scan()
    world.jobs.refused, world.jobs.log_after = {"user-0"}, 1e9
    world.until_quiet()
    world.check_restored()
    assert {world.outcome(sub).lane for sub in world.users} == {Lane.API}  # all are adopted


def test_a_log_of_which_a_part_is_missing_loses_nobody(world: World) -> None:
    world.back_up_all(5, ["staff"])
    world.scan()
    world.jobs.refused, world.jobs.log_lines = {"user-4"}, 2
    world.until_quiet()
    world.check_restored()


def test_a_job_without_a_completion_date_and_without_a_log_is_settled_all_the_same(world: World) -> None:
    world.back_up_all(3)
    world.scan()
    world.jobs.refused, world.jobs.log_after = {"user-0"}, 1e9
    world.jobs.completion_dates = False
    started = world.clock.moment
    world.until_quiet()
    world.check_restored()
    assert (world.clock.moment - started).total_seconds() < STALL


def test_a_user_deleted_from_the_backup_while_its_job_runs_does_not_disturb_the_others(world: World) -> None:
    world.back_up_all(4, ["staff"])
    world.scan()
    world.jobs.refused = {"user-2"}
    world.take()
    world.forget_user(person(1).sub)  # imported
    world.forget_user(person(2).sub)  # refused
    world.until_quiet()
    assert world.outcome(person(1).sub).complete
    for number in (0, 3):
        assert world.pool.groups[f"user-{number}"] == {"staff"}
