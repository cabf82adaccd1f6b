"""The CSV lane against import jobs that behave, misbehave, and are forgotten."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
import urllib3

from lifeboat.aws.bucket import Bucket
from lifeboat.aws.queues import Queue
from lifeboat.errors import CognitoUnavailable, ImportStalled, StoreUnavailable
from lifeboat.restore.expectation import Files
from lifeboat.restore.import_chunk import CSV_ONLY, hidden_for
from lifeboat.restore.import_job import BUSY_LOOK, LONGEST_LOOK, PATIENCE
from lifeboat.restore.messages import Update
from lifeboat.restore.progress import STALL
from lifeboat.restore.report import Reconciliation
from lifeboat.restore.updates import UserUpdate
from lifeboat.store.outcomes import Lane, State
from lifeboat.store.table import BackupTable
from tests.adapters.job_double import Faults, Killed, refusal
from tests.adapters.job_world import CHUNK, UNPACED, World, many_kinds, person
from tests.unit.examples import OVER, PLENTY

MakeWorld = Callable[[str], World]
TOO_MANY = "Too many users have failed or been skipped"


@pytest.fixture
def make_world(
    make_table: Callable[[], BackupTable], bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> MakeWorld:
    return lambda import_id: World(make_table(), bucket, monkeypatch, import_id)


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    return make_world("an-import")


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


# -- a crash after every single effect ----------------------------------------------------------------------


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


# -- rows that are not imported -----------------------------------------------------------------------------


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


# -- jobs that cannot be had --------------------------------------------------------------------------------


def test_a_forgotten_job_hands_all_its_rows_on(world: World) -> None:
    world.back_up_all(3, ["staff"])
    world.scan()
    world.take()
    world.jobs.finish(world.jobs.latest)
    world.jobs.forgotten = set(world.jobs.jobs)
    world.until_quiet()
    world.check_restored()


def test_an_expired_job_hands_all_its_rows_on(world: World) -> None:
    world.back_up_all(3, ["staff"])
    world.scan()
    world.watch(Faults(0))
    world.jobs.errors["StartUserImportJob"] = [refusal("StartUserImportJob", "InternalErrorException")] * 2
    with pytest.raises(Killed):
        world.take()
    world.clock.advance(hidden_for(CHUNK))
    with pytest.raises(CognitoUnavailable):
        world.take()
    world.jobs.latest.status = "Expired"
    world.until_quiet()
    world.check_restored()
    assert set(world.lanes().values()) == {"api"}


def test_a_start_whose_answer_was_lost_is_not_repeated(world: World) -> None:
    world.back_up_all(3)
    world.scan()
    step = world.step()
    start = step.jobs.start

    def started_twice(job_id: str) -> None:
        start(job_id)
        start(job_id)  # botocore, having heard nothing: refused, for the job itself is active

    step.jobs.start = started_twice  # type: ignore[method-assign]
    progress = step.take({"Run": world.run}, PLENTY)
    assert progress["Active"]
    world.until_quiet()
    world.check_restored()
    assert set(world.lanes().values()) == {"csv"}


def test_another_job_of_the_account_is_waited_for(world: World) -> None:
    world.back_up_all(3)
    world.scan()
    world.jobs.other_job_active = True
    for _ in range(5):
        assert world.take() == {"Active": True, "Users": 3, "Done": 0, "LookAfter": BUSY_LOOK}
        world.clock.advance(BUSY_LOOK)
    world.jobs.other_job_active = False
    world.until_quiet()
    world.check_restored()
    assert set(world.lanes().values()) == {"csv"}
    assert len(world.jobs.jobs) == 1


def test_another_job_is_not_waited_for_for_ever(world: World) -> None:
    world.back_up_all(12, ["staff"])
    world.scan()
    world.jobs.other_job_active = True
    started = world.clock.moment
    world.until_quiet()
    world.check_restored()
    assert set(world.lanes().values()) == {"api"}
    waited = (world.clock.moment - started).total_seconds()
    assert PATIENCE <= waited < STALL
    assert len(world.jobs.jobs) == 1  # no further one is tried
    assert all(
        world.outcome(sub).lane_reason.startswith("no import job can be run: StartUserImportJob: Precond")
        or world.outcome(sub).lane_reason == "the import job could not be run"
        for sub in world.users
    )


def test_a_resumed_import_is_as_patient_as_the_first(world: World) -> None:
    world.run["UserLane"] = "csv"
    world.back_up_all(3)
    world.scan()
    world.jobs.other_job_active = True
    with pytest.raises(ImportStalled):
        world.until_quiet()
    world.clock.advance(3600)
    world.resume("csv")
    assert world.take()["LookAfter"] == BUSY_LOOK
    world.jobs.other_job_active = False
    world.until_quiet()
    world.check_restored()
    assert set(world.lanes().values()) == {"csv"}


@pytest.mark.parametrize("code", ["LimitExceededException", "InvalidParameterException", "AccessDenied"])
def test_a_pool_that_takes_no_more_jobs_gets_the_rest_by_the_api(world: World, code: str) -> None:
    world.back_up_all(12, ["staff"])
    world.scan()
    world.take()
    world.jobs.errors["CreateUserImportJob"] = [refusal("CreateUserImportJob", code)] * 100
    world.until_quiet()
    world.check_restored()
    assert sorted(world.lanes().values()) == ["api"] * 6 + ["csv"] * 6
    assert world.jobs.calls.count("CreateUserImportJob") == 2
    entry = world.ledger().get("an-import")
    assert entry is not None
    assert entry["csv_closed"] == f"CreateUserImportJob: {code}"


def test_a_resumed_import_tries_import_jobs_anew(world: World) -> None:
    world.back_up_all(5)
    world.scan()
    world.jobs.errors["CreateUserImportJob"] = [refusal("CreateUserImportJob", "LimitExceededException")]
    world.take()
    list(world.api_users.take_all())  # lost, with the import
    world.resume("auto")
    world.until_quiet()
    world.check_restored()
    assert set(world.lanes().values()) == {"csv"}


@pytest.mark.parametrize(
    "answer", [403, 500, urllib3.exceptions.ProtocolError("connection reset"), 302], ids=str
)
def test_an_upload_that_fails_is_tried_again_with_a_new_job(world: World, answer: object) -> None:
    world.back_up_all(3)
    world.scan()
    world.jobs.uploads = [answer]
    with pytest.raises(CognitoUnavailable) as error:
        world.take()
    assert "files.example" not in str(error.value)
    assert world.new_users.visible() == 3  # at once, not when the messages come back by themselves
    world.until_quiet()
    world.check_restored()
    assert len(world.jobs.jobs) == 2
    assert [job.status for job in world.jobs.jobs.values()] == ["Created", "Succeeded"]


def test_an_upload_sends_the_headers_that_are_documented_and_no_other(world: World) -> None:
    # A header that the address was not signed for may make S3 refuse the request.
    sent: list[dict[str, str]] = []
    put = world.jobs._put

    def note(method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Any:
        sent.append(dict(headers))
        return put(method, url, body, headers)

    world.jobs._put = note  # type: ignore[method-assign]
    world.back_up_all(1)
    world.scan()
    world.take()
    assert sent == [{"x-amz-server-side-encryption": "aws:kms"}]


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


# -- the lanes -----------------------------------------------------------------------------------------------


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


# -- time ----------------------------------------------------------------------------------------------------


def test_no_crash_hides_messages_for_as_long_as_an_import_may_stand_still() -> None:
    # CsvChunkUsers is 100,000 at most. What a killed process had received comes back before that counts as
    # a stall: nothing else may be going on.
    assert max(hidden_for(size) for size in (1, 500, 10_000, 100_000)) < STALL


# -- updates -------------------------------------------------------------------------------------------------


def test_updates_are_made_in_order_and_again_without_effect(world: World) -> None:
    user = world.back_up(person(0))
    world.pool.make("user-0", {}, "CONFIRMED", "api")
    facts = replace(world.facts, mfa="OPTIONAL")
    update = UserUpdate(facts, world.pool.reader(), world.pool.writer(), world.outcomes(), UNPACED)
    message = Update(
        import_id="an-import",
        pool_id=facts.pool_id,
        sub=user.sub,
        username="user-0",
        number=0,
        groups=["a", "b"],
        disable=True,
        mfa=["EMAIL_OTP", "SMS_MFA"],
        preferred_mfa="SMS_MFA",
        links=[("Google", "g-1"), ("SAML", "s/1")],
    )
    for _ in range(2):
        update.apply(message)
    first, again = world.pool.calls[:6], world.pool.calls[6:]
    assert first == ["disable", "set_mfa", "link", "link", "add_to_group", "add_to_group"]
    assert again == ["disable", "set_mfa", "add_to_group", "add_to_group"]
    assert world.pool.links == {"user-0": {("Google", "g-1"), ("SAML", "s/1")}}
    assert world.outcome(user.sub).updates_done == {0}


@pytest.mark.parametrize("made", range(6))
def test_an_update_that_broke_off_anywhere_is_made_whole(world: World, made: int) -> None:
    user = world.back_up(person(0))
    world.pool.make("user-0", {}, "CONFIRMED", "api")
    update = UserUpdate(world.facts, world.pool.reader(), world.pool.writer(), world.outcomes(), UNPACED)
    message = Update(
        import_id="an-import",
        pool_id=world.facts.pool_id,
        sub=user.sub,
        username="user-0",
        number=0,
        groups=["a", "b"],
        disable=True,
        mfa=["EMAIL_OTP"],
        links=[("Google", "g-1"), ("SAML", "s/1")],
    )
    faults = Faults(made)
    faults.after(world.pool, "disable", "set_mfa", "link", "add_to_group")
    faults.watching = True
    with pytest.raises(Killed):
        update.apply(message)
    faults.watching = False
    update.apply(message)
    assert world.pool.links == {"user-0": {("Google", "g-1"), ("SAML", "s/1")}}
    assert world.pool.groups == {"user-0": {"a", "b"}}
    assert not world.pool.users["user-0"].enabled
    assert world.outcome(user.sub).updates_done == {0}


# -- what was thought to be restored and is not there -------------------------------------------------------


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


# -- SQS ---------------------------------------------------------------------------------------------------


def test_received_messages_are_hidden_released_and_deleted(make_queue: Callable[[str], Queue]) -> None:
    queue = make_queue("NewUsers")
    queue.send({"number": number} for number in range(23))
    received = [message for _ in range(4) for message in queue.receive(300)]
    assert sorted(json.loads(message.body)["number"] for message in received) == list(range(23))
    assert queue.receive(300) == []
    assert queue.depth() == 23
    handles = [message.receipt_handle for message in received]
    queue.release(handles[:12])
    queue.delete(handles[12:])
    assert queue.depth() == 12
    again = [message for _ in range(3) for message in queue.receive(300)]
    assert {message.body for message in again} == {message.body for message in received[:12]}
    queue.delete([])
    queue.release([])
    queue.delete(["not a handle"])  # best effort: no error
    queue.release(["not a handle"])
