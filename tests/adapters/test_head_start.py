"""Who goes ahead by the API lane, and what the workers of an import say of how far they are."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lifeboat.aws.bucket import Bucket
from lifeboat.restore.csv_lane.run import UserImport
from lifeboat.restore.messages import read_new_user
from lifeboat.restore.progress import ProgressCheck, ProgressDisplay
from lifeboat.restore.scan import HEAD_START, scan_field
from lifeboat.restore.scanned import Scanned
from lifeboat.store.outcomes import Lane, Outcomes
from lifeboat.store.table import BackupTable
from lifeboat.store.tally import SETTLED, UPDATES, Count, Tally
from tests.adapters.job_world import World, many_kinds, person
from tests.unit.examples import OVER, PLENTY


@pytest.fixture
def world(make_table: Callable[[], BackupTable], bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> World:
    return World(make_table(), bucket, monkeypatch)


def ahead(world: World) -> list[str]:
    """Whom the scan sent ahead."""
    messages = [read_new_user(body) for body in world.api_users.take_all()]
    return [message.username for message in messages if message.lane_reason == HEAD_START]


def test_users_with_memberships_go_ahead_until_there_are_enough(world: World) -> None:
    for number in range(6):
        world.back_up(person(number), *(["a", "b"] if number % 2 else []))
    world.head_start = 3
    world.scan()
    assert len(ahead(world)) == 2
    assert world.new_users.depth() == 4


def test_nobody_goes_ahead_where_only_import_jobs_are_wanted(world: World) -> None:
    world.back_up_all(3, ["a"])
    world.run["UserLane"] = "csv"
    world.head_start = 0  # as Begin Import says
    world.scan()
    assert ahead(world) == []


def test_with_a_head_start_everybody_comes_back_once_and_the_outcomes_say_why(world: World) -> None:
    many_kinds(world)
    world.head_start = 8
    world.scan()
    world.until_quiet()
    world.check_restored()
    reasons = [outcome.lane_reason for outcome in world.outcomes().all() if outcome.lane is Lane.API]
    assert reasons.count(HEAD_START) >= 1
    assert any(reason and reason != HEAD_START for reason in reasons)


def test_a_scan_that_is_repeated_sends_others_ahead_without_harm(world: World) -> None:
    world.back_up_all(8, ["a"])
    world.head_start = 3
    world.scan()
    world.head_start = 5
    world.scan()
    world.until_quiet()
    world.check_restored()


def test_the_ledger_says_how_far_the_scan_is(world: World) -> None:
    many_kinds(world)
    ledger = world.ledger()
    ledger.update("an-import", {"scans": 2, "users": 20, scan_field(0): {}, scan_field(1): {}})
    world.scan()
    scanned = Scanned.of(ledger.get("an-import") or {})
    assert scanned == Scanned(finished=False, expected=12, complete=0, to_come=8)
    ledger.update("an-import", {scan_field(1): {"expected": 5, "complete": 2, "finished": True}})
    assert Scanned.of(ledger.get("an-import") or {}) == Scanned(True, 17, 2, 0)


def test_no_job_is_begun_with_a_few_users_while_the_scan_goes_on(world: World) -> None:
    world.ledger().update("an-import", {"scans": 2, "users": 100, scan_field(1): {}})
    world.back_up_all(world.chunk - 1)
    world.scan()
    progress = world.take()
    assert progress["Active"]
    assert progress["LookAfter"] <= 2
    assert world.jobs.calls == []
    world.enqueue(world.back_up(person(50)))
    world.take()
    assert "StartUserImportJob" in world.jobs.calls


def test_what_is_done_is_counted(world: World) -> None:
    many_kinds(world)
    world.scan()
    world.until_quiet()
    entry = world.ledger().get("an-import") or {}
    complete = sum(outcome.complete for outcome in world.outcomes().all())
    assert world.outcomes().settled() == complete == 12
    # The job's users without updates are in the sums; the consumers' are added by their functions.
    assert 0 < entry[SETTLED] <= 12


def test_sums_are_added_up_by_import(world: World) -> None:
    tally = Tally(world.table)
    for _ in range(3):
        tally.add("an-import", Count(settled=1, updates=2))
    tally.add("another", Count(failed=1, settled=1))
    tally.flush()
    tally.flush()
    tally.add("an-import", Count(updates=1))
    tally.flush()
    entry = world.ledger().get("an-import") or {}
    assert (entry[SETTLED], entry[UPDATES]) == (3, 7)


def test_an_update_settles_a_user_once(world: World) -> None:
    outcomes = world.outcomes()
    sub = person(0).sub
    assert not outcomes.created(sub, "new", 2, "")
    assert [outcomes.updated(sub, number) for number in (1, 1, 0, 0, 1)] == [False, False, True, False, False]
    assert outcomes.settled() == 1
    other = person(1).sub
    assert outcomes.created(other, "new", 0, "")
    assert not outcomes.created(other, "new", 0, "")
    assert outcomes.settled() == 2


def test_a_failure_settles_a_user_once(world: World) -> None:
    outcomes = world.outcomes()
    first, second = person(0).sub, person(1).sub
    assert [outcomes.failed(first, "refused") for _ in range(2)] == [True, False]
    outcomes.created(second, "new", 3, "")
    assert outcomes.settled() == 1
    assert [outcomes.update_failed(second, number, "refused") for number in (0, 1)] == [True, False]
    assert outcomes.settled() == 2
    for sub in (first, second):
        outcome = outcomes.get(sub)
        assert outcome is not None
        outcomes.reopen(outcome)
    assert outcomes.settled() == 0


def test_jobs_are_run_and_watched_in_one_call_until_all_is_done(world: World) -> None:
    world.ledger().update("an-import", {"scans": 1})
    world.back_up_all(3 * world.chunk, ["a"])
    world.scan()
    waited: list[float] = []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        world.clock.advance(seconds)
        world.consume()

    importing = user_import(world, wait)
    progress = importing.go_on({"Run": world.run}, PLENTY, PLENTY)
    assert progress["Drained"]
    assert waited
    world.check_restored()
    entry = world.ledger().get("an-import") or {}
    assert entry["jobs"] == 3


def test_a_call_without_time_makes_one_step(world: World) -> None:
    world.ledger().update("an-import", {"scans": 1})
    world.back_up_all(2 * world.chunk)
    world.scan()
    importing = user_import(world, lambda _: None)
    assert not importing.go_on({"Run": world.run}, OVER, OVER)["Drained"]


def user_import(world: World, wait: Callable[[float], None]) -> UserImport:
    """What Run Import Jobs does, by the world's clock."""
    queues = (world.new_users, world.api_users, world.updates)
    display = ProgressDisplay(world.run, world.ledger(), queues, "lifeboat")
    outcomes: Outcomes = world.outcomes()
    return UserImport(world.step(), ProgressCheck(outcomes, display, world.new_users, wait))
