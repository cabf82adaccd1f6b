"""The CSV lane where all goes well, and what travels in its messages."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from lifeboat.errors import CognitoUnavailable
from lifeboat.restore.csv_lane.chunk import hidden_for
from lifeboat.restore.csv_lane.job import LONGEST_LOOK
from lifeboat.restore.progress import STALL
from tests.adapters.job_double import Faults, refusal
from tests.adapters.job_world import World, many_kinds, person
from tests.unit.examples import OVER

# -- the happy path -----------------------------------------------------------------------------------------


def test_every_kind_of_user_comes_back_by_the_lane_that_can_carry_it(world: World) -> None:
    many_kinds(world)
    assert world.scan() == 12
    world.until_quiet()
    world.check_restored()
    lanes = world.lanes()
    assert {name for name, lane in lanes.items() if lane == "api"} == {"user-9", "user-10", "user-11"}
    assert [len(job.rows) for job in world.jobs.jobs.values()] == [6, 3]
    for sub, (user, _) in world.users.items():
        if not user.federated:
            assert world.outcome(sub).lane == lanes[user.username]


def test_a_user_of_many_groups_is_disabled_and_linked_by_its_first_update(world: World) -> None:
    links = json.dumps([{"providerName": "Google", "userId": "g-1"}])
    user = person(0, enabled=False)
    world.back_up(
        replace(user, attributes={**user.attributes, "identities": links}), *(f"g{n:02}" for n in range(11))
    )
    world.scan()
    world.until_quiet()
    world.check_restored()
    assert world.pool.calls[:2] == ["disable", "link"]
    assert sorted(number for _, number in world.handled_updates) == [0, 1, 2, 3]


def test_messages_are_deleted_when_the_job_has_started_and_not_before(world: World) -> None:
    world.back_up_all(3)
    world.scan()
    world.jobs.errors["StartUserImportJob"] = [refusal("StartUserImportJob", "InternalErrorException")]
    with pytest.raises(CognitoUnavailable):
        world.take()
    assert world.new_users.depth() == 3
    progress = world.take()
    assert progress == {"Active": True, "Users": 3, "Done": 0, "LookAfter": 5}
    world.until_quiet()
    world.check_restored()


def test_a_look_at_a_running_job_changes_nothing_and_says_when_to_look_again(world: World) -> None:
    world.back_up_all(4)
    world.scan()
    world.take()
    job, effects = world.job, Faults()
    world.watch(effects)
    progress = world.take()
    assert (progress["Active"], progress["Users"], progress["Done"]) == (True, 4, 0)
    assert 1 <= progress["LookAfter"] <= LONGEST_LOOK
    assert world.job == job
    assert effects.effects == []


def test_nothing_to_do_is_said_without_a_single_call(world: World) -> None:
    assert world.take() == {"Active": False, "Users": 0, "Done": 0, "LookAfter": 0}
    assert world.jobs.calls == []


def test_the_manifest_names_the_sub_of_each_row_and_no_more(world: World) -> None:
    world.back_up_all(3)
    world.scan()
    world.take()
    subs = list(world.bucket.get_lines("imports/an-import/jobs/00000.jsonl.gz"))
    assert sorted(subs) == sorted(world.users)
    for sub, row in zip(subs, world.jobs.latest.rows, strict=True):
        assert world.users[sub][0].username in row.split(",")


def test_time_that_runs_short_makes_a_smaller_chunk_and_loses_nobody(world: World) -> None:
    world.back_up_all(3)
    world.scan()
    assert not world.take(OVER)["Active"]
    assert world.jobs.jobs == {}
    world.until_quiet()
    world.check_restored()


def test_the_old_sub_is_put_into_rows_and_into_diverted_messages(world: World) -> None:
    world.header = (*world.header, "custom:source_sub")
    world.jobs._header = world.header
    world.run["SourceSubAttribute"] = "custom:source_sub"
    world.back_up_all(2)
    world.scan()
    world.jobs.refused = {"user-1"}
    world.until_quiet()
    for sub, (user, _) in world.users.items():
        assert world.pool.users[user.username].attributes["custom:source_sub"] == sub
    assert world.lanes() == {"user-0": "csv", "user-1": "api"}


# -- messages ------------------------------------------------------------------------------------------------


def test_duplicates_in_the_queue_are_one_row(world: World) -> None:
    world.back_up_all(4, ["staff"])
    for _ in range(3):
        world.scan()
    world.until_quiet()
    world.check_restored()
    assert sum(len(job.rows) for job in world.jobs.jobs.values()) == 4


def test_duplicates_between_chunks_are_recognised(world: World) -> None:
    world.back_up_all(7, ["staff"])
    world.scan()
    world.take()
    world.scan()  # its messages come while the first job runs
    world.until_quiet()
    world.check_restored()
    assert sum(len(job.rows) for job in world.jobs.jobs.values()) == 7


def test_messages_that_could_not_be_deleted_are_recognised(world: World) -> None:
    world.back_up_all(3, ["staff"])
    world.scan()
    delete = world.new_users.delete
    world.new_users.delete = lambda receipt_handles: None  # type: ignore[method-assign]
    for _ in range(3):
        world.take()
        world.clock.advance(60)
    world.new_users.delete = delete  # type: ignore[method-assign]
    world.until_quiet()
    world.check_restored()
    assert len(world.jobs.jobs) == 1


def test_updates_that_were_lost_are_sent_again_when_the_message_comes_back(world: World) -> None:
    user = world.back_up(person(0), "staff")
    world.scan()
    for _ in range(3):
        world.take()
        world.clock.advance(60)
    list(world.updates.take_all())
    assert not world.outcome(user.sub).complete
    world.resume("auto")
    world.until_quiet()
    world.check_restored()


@pytest.mark.parametrize(
    "body",
    ["", "{}", "null", "[1]", "not JSON", '{"import_id": "an-import"}', '{"import_id": 1}', "\ud7ff" * 9],
)
def test_messages_that_cannot_be_read_are_put_aside_with_their_reason(world: World, body: str) -> None:
    world.back_up_all(2)
    world.scan()
    world.new_users.put(body)
    world.until_quiet()
    world.check_restored()
    assert [each for each, _ in world.dead.raw] == [body]
    assert world.dead.raw[0][1].startswith("unusable message: ")


def test_messages_of_another_import_are_put_aside(world: World) -> None:
    world.back_up_all(2)
    world.scan()
    world.enqueue(person(77), import_id="another-import")
    world.until_quiet()
    world.check_restored()
    ((body, reason),) = world.dead.raw
    assert json.loads(body)["sub"] == person(77).sub
    assert reason == "a message of another import"


# -- time ----------------------------------------------------------------------------------------------------


def test_no_crash_hides_messages_for_as_long_as_an_import_may_stand_still() -> None:
    # CsvChunkUsers is 100,000 at most. What a killed process had received comes back before that counts as
    # a stall: nothing else may be going on.
    assert max(hidden_for(size) for size in (1, 500, 10_000, 100_000)) < STALL
