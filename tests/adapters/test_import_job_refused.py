"""Import jobs that cannot be had: refused, forgotten, expired, or busy with somebody else's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import urllib3

from lifeboat.errors import CognitoUnavailable, ImportStalled
from lifeboat.restore.csv_lane.chunk import hidden_for
from lifeboat.restore.csv_lane.job import BUSY_LOOK, PATIENCE
from lifeboat.restore.progress import STALL
from tests.adapters.job_double import Faults, Killed, refusal
from tests.adapters.job_world import CHUNK, World
from tests.unit.examples import PLENTY


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
