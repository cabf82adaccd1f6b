"""The lane that an operator chooses, at first and when an import is resumed."""

from __future__ import annotations

import pytest

from lifeboat.errors import ImportStalled
from lifeboat.restore.csv_lane.chunk import CSV_ONLY
from lifeboat.store.outcomes import State
from tests.adapters.job_double import refusal
from tests.adapters.job_world import World, many_kinds


def test_lane_api_runs_no_import_job(world: World) -> None:
    many_kinds(world)
    world.run["UserLane"] = "api"
    world.scan()
    world.until_quiet()
    world.check_restored()
    assert set(world.lanes().values()) == {"api"}
    assert world.jobs.calls == []
    reasons = {world.outcome(sub).lane_reason for sub, (user, _) in world.users.items() if not user.federated}
    assert reasons == {"UserLane is api"}


def test_lane_csv_fails_whom_no_row_can_carry_and_says_why(world: World) -> None:
    many_kinds(world)
    world.run["UserLane"] = "csv"
    world.scan()
    world.jobs.refused = {"user-3"}
    world.until_quiet()
    assert world.api_users.sent == []
    assert set(world.lanes().values()) == {"csv"}
    failed = {
        user.username: world.outcome(sub).reason
        for sub, (user, _) in world.users.items()
        if not user.federated and world.outcome(sub).state is State.FAILED
    }
    assert sorted(failed) == ["user-10", "user-11", "user-3", "user-9"]
    assert all(reason.startswith(f"{CSV_ONLY}: ") for reason in failed.values())
    assert world.new_users.depth() == 0
    world.resume("auto")
    world.until_quiet()
    world.check_restored()


@pytest.mark.parametrize("operation", ["CreateUserImportJob", "StartUserImportJob"])
def test_lane_csv_stops_where_no_job_can_be_run_and_goes_on_as_auto(world: World, operation: str) -> None:
    world.run["UserLane"] = "csv"
    world.back_up_all(7, ["staff"])
    world.scan()
    world.jobs.errors[operation] = [refusal(operation, "InvalidParameterException")]
    with pytest.raises(ImportStalled, match='resume it with "UserLane": "auto"'):
        world.until_quiet()
    if operation == "CreateUserImportJob":  # the messages are there at once for the next import
        given_back: list[str] = []
        while some := world.new_users.receive(600):
            given_back += [each.receipt_handle for each in some]
        assert len(given_back) == 7
        world.new_users.release(given_back)
    world.resume("auto")
    world.until_quiet()
    world.check_restored()


def test_an_import_resumed_in_lane_api_starts_no_further_job(world: World) -> None:
    world.back_up_all(3, ["staff"])
    world.scan()
    world.jobs.other_job_active = True
    world.take()
    assert world.job["state"] == "UPLOADED"
    world.jobs.other_job_active = False
    world.resume("api")
    world.until_quiet()
    world.check_restored()
    assert set(world.lanes().values()) == {"api"}
    assert world.jobs.latest.status == "Created"


def test_an_import_resumed_while_its_job_runs_settles_that_job_first(world: World) -> None:
    world.back_up_all(3, ["staff"])
    world.scan()
    world.take()
    world.resume("api")
    world.until_quiet()
    world.check_restored()
    assert world.jobs.latest.status == "Succeeded"
