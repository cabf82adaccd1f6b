"""The CSV lane killed after every single effect, and resumed: nobody is lost, nobody is doubled."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lifeboat.errors import StoreUnavailable
from lifeboat.restore.comparison.expectation import Files
from lifeboat.restore.report import Reconciliation
from tests.adapters.job_double import Faults, Killed
from tests.adapters.job_world import World, many_kinds, person

MakeWorld = Callable[[str], World]


def effects_of(world: World) -> list[str]:
    """The effects of an undisturbed run in which rows fail, are skipped, and messages are of no use."""
    world.watch(Faults())
    run(world)
    return world.faults.effects


def run(world: World) -> None:
    many_kinds(world)
    world.jobs.refused = {"user-3", "user-6"}
    world.scan()
    world.new_users.put("not a message")
    world.enqueue(person(2))
    world.until_quiet()


@pytest.mark.parametrize("error", [Killed(), StoreUnavailable("an answer was lost")], ids=["killed", "lost"])
def test_a_crash_after_any_effect_neither_loses_nor_doubles_anybody(
    make_world: MakeWorld, error: BaseException
) -> None:
    effects = effects_of(make_world("undisturbed"))
    assert {
        "TimedQueue.receive",
        "TimedQueue.delete",
        "Ledger.update",
        "ImportJobs.create",
        "Bucket.put_lines",
        "ImportJobs.upload",
        "ImportJobs.start",
        "Outcomes.created_by_csv",
        "TimedQueue.send",
        "TimedQueue.send_raw",
    } <= set(effects)
    for number in range(len(effects)):
        world = make_world(f"crash-{number}")
        faults = Faults(number, error)
        world.watch(faults)
        run(world)
        assert len(faults.effects) > number
        world.check_restored()
        assert "not a message" in {body for body, _ in world.dead.raw}


@pytest.mark.parametrize("lane", ["auto", "csv", "api"])
def test_an_import_killed_anywhere_can_be_resumed_in_any_lane(make_world: MakeWorld, lane: str) -> None:
    effects = effects_of(make_world(f"undisturbed-{lane}"))
    for number in range(0, len(effects), 3):
        world = make_world(f"resumed-{lane}-{number}")
        world.watch(Faults(number))
        world.back_up_all(7, ["staff"])
        world.jobs.refused = {"user-3"} if lane != "csv" else set()
        world.scan()
        try:
            while world.take()["Active"]:
                world.clock.advance(1)
        except Killed:
            pass
        world.resume(lane)
        world.until_quiet()
        world.check_restored()


@pytest.mark.parametrize("lane", ["csv", "api"])
def test_a_user_who_is_missing_in_the_end_is_created_by_a_resumed_import(world: World, lane: str) -> None:
    # It was created and has vanished since, so that its updates fail: to send these again would not help.
    user = world.back_up(person(0), "staff")
    world.run["UserLane"] = lane
    world.scan()
    for _ in range(3):
        world.take()
        world.clock.advance(60)
    if lane == "api":
        world.outcomes().created(user.sub, "new-0", 1, "")
        list(world.api_users.take_all())
    list(world.updates.take_all())
    world.pool.users.clear()
    world.pool.created.clear()
    world.outcomes().update_failed(user.sub, 0, "AdminAddUserToGroup: UserNotFoundException")
    reconciliation = Reconciliation(world.table, Files(world.bucket, "an-import", 1), world.outcomes(), {})
    reason = world.outcome(user.sub).failure
    reconciliation.forget_unfinished({"failed": [{"sub": user.sub, "reason": reason}], "different": []})
    world.resume(lane)
    world.until_quiet()
    world.check_restored()
