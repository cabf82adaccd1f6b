"""How many users go by which lane, and when: the plan, and imports played through with it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from lifeboat.pacing import QUOTAS, Category
from lifeboat.restore.lanes import JOB_USERS_PER_SECOND, LARGEST, JobSize, lane_plan
from lifeboat.restore.portions import SCAN_WORKERS, scan_portions
from lifeboat.restore.scan import shards_at_a_time
from lifeboat.store.keys import SHARDS

UPDATES = QUOTAS[Category.USER_UPDATE]
API_USERS = QUOTAS[Category.USER_ACCOUNT_RECOVERY]
"""Users that the API lane creates in a second, each with a password."""

JOB_START, SETTLING = 10.0, 5.0
"""Seconds until a job begins, and from its end until its users' updates are queued and the next one runs."""

DEFAULT_CHUNK = 10_000
TICK = 0.5


@dataclass
class Played:
    """An import played through: seconds, of which the updates had nothing to do for so many; users by job."""

    seconds: float
    idle: float
    first_update: float
    jobs: list[int]
    ahead: int


def play(users: int, density: float = 1.0, share: float = 100, csv_only: bool = False) -> Played:
    """Play an import of so many users, with so many memberships each, at a share of the quotas."""
    rate, plan = UPDATES * share / 100, lane_plan(users, int(users * density), UPDATES * share / 100)
    ahead = 0 if csv_only else min(users, int(plan.head_start / max(1.0, density)))
    sizes = JobSize(plan.first_job, plan.growing, DEFAULT_CHUNK)
    left, to_create, updates, done = users - ahead, float(ahead), 0.0, 0.0
    clock, idle, first = 0.0, 0.0, -1.0
    jobs: list[int] = []
    running, ends = 0, 0.0
    while left or running or to_create > 0 or updates > 0:
        if running and clock >= ends:
            updates += running * density
            running = 0
        if not running and left:
            running = min(left, sizes.of(len(jobs), (updates + to_create * density) / rate, left))
            jobs.append(running)
            left -= running
            ends = clock + JOB_START + running / JOB_USERS_PER_SECOND + SETTLING
        created = min(to_create, API_USERS * share / 100 * TICK)
        to_create -= created
        updates += created * density
        made = min(updates, rate * TICK)
        updates -= made
        done += made
        if made and first < 0:
            first = clock
        if made < rate * TICK and (left or running or to_create > 0):
            idle += TICK - made / rate
        clock += TICK
    return Played(clock, idle, first, jobs, ahead)


@pytest.mark.parametrize("share", [100, 90, 50])
@pytest.mark.parametrize("users", [3_000, 10_000, 100_000])
def test_updates_are_made_at_their_quota_from_the_first_minute_to_the_last(users: int, share: float) -> None:
    played = play(users, share=share)
    assert played.idle <= 0.02 * played.seconds
    assert played.seconds <= 1.03 * users / (UPDATES * share / 100)


def test_ten_thousand_users_go_mostly_by_import_jobs() -> None:
    played = play(10_000)
    assert played.ahead <= 2_000
    assert sum(played.jobs) == 10_000 - played.ahead
    assert play(1_000_000).ahead == played.ahead


@pytest.mark.parametrize("density", [0.8, 1.5, 3.0, 10.0])
def test_updates_do_not_run_dry_with_fewer_or_more_memberships(density: float) -> None:
    played = play(50_000, density)
    assert played.idle <= 0.05 * played.seconds


@pytest.mark.parametrize("density", [0.0, 0.1, 0.6])
def test_where_jobs_set_the_pace_nobody_goes_ahead_and_jobs_grow(density: float) -> None:
    played = play(100_000, density)
    assert played.ahead == 0
    assert max(played.jobs) == DEFAULT_CHUNK
    assert played.seconds <= 1.15 * 100_000 / JOB_USERS_PER_SECOND


@pytest.mark.parametrize("users", [1, 60, 300, 1_400])
def test_a_small_pool_has_no_head_start_and_is_not_cut_up(users: int) -> None:
    played = play(users)
    assert played.ahead == 0
    assert len(played.jobs) == 1


def test_import_jobs_alone_wait_for_the_first_and_then_for_nothing() -> None:
    played = play(100_000, csv_only=True)
    assert played.ahead == 0
    assert played.idle <= played.first_update + 0.01 * played.seconds
    assert played.first_update <= 65


@pytest.mark.parametrize("users", [10_000, 1_000_000, 40_000_000])
@pytest.mark.parametrize("largest", [1, 500, DEFAULT_CHUNK, 100_000])
@pytest.mark.parametrize("in_hand", [0.0, 1e6])
def test_a_pools_thousand_jobs_suffice_whatever_is_asked_for(
    users: int, largest: int, in_hand: float
) -> None:
    sizes = JobSize(lane_plan(users, users, UPDATES).first_job, False, largest)
    left, number = users, 0
    while left:
        size = sizes.of(number, in_hand, left)
        assert 1 <= size <= LARGEST
        left -= min(size, left)
        number += 1
    assert number <= 900


def test_a_job_is_no_larger_than_the_parameter_while_it_need_not_be() -> None:
    sizes = JobSize(1_000, False, 2_000)
    assert sizes.of(0, 1e6, 10**6) == 2_000
    assert sizes.of(0, 0.0, 10**6) == 1_000
    # The last but one takes those who would be left for a small one.
    assert sizes.of(0, 0.0, 1_200) == 1_200
    assert sizes.of(0, 0.0, 1_300) == 1_000
    assert sizes.of(0, 1e6, 2_100) == 2_000


def test_the_head_start_is_of_memberships() -> None:
    one, five = lane_plan(100_000, 100_000, UPDATES), lane_plan(100_000, 500_000, UPDATES)
    assert 0 < five.head_start < one.head_start


def test_an_empty_backup_needs_no_plan() -> None:
    assert lane_plan(0, 0, UPDATES).head_start == 0


@pytest.mark.parametrize("users", [1, 2_000, 10_000, 1_000_000])
@pytest.mark.parametrize("head_start", [0, 1, 1_967])
def test_the_head_start_is_dealt_out_to_all_who_scan(users: int, head_start: int) -> None:
    portions = scan_portions(users, head_start)
    assert sorted(shard for portion in portions for shard in portion["Shards"]) == list(SHARDS)
    assert [portion["Portion"] for portion in portions] == list(range(len(portions)))
    assert 0 <= sum(portion["HeadStart"] for portion in portions) - head_start < SCAN_WORKERS


def test_a_worker_scans_shards_together_only_while_they_are_small() -> None:
    assert [shards_at_a_time(users) for users in (0, 2_000, 100_000, 1_000_000, 40_000_000)] == [
        16,
        16,
        5,
        1,
        1,
    ]
