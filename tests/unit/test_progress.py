"""Watching an import: drained, not yet, or stalled, by a clock that the test turns."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lifeboat.errors import ImportStalled
from lifeboat.model import instant
from lifeboat.restore.csv_lane.job import NOTHING
from lifeboat.restore.progress import (
    COUNT_EVERY,
    EMPTY_GRACE,
    IDLE_LOOK,
    SAMPLE_SECONDS,
    SHORTEST_LOOK,
    STALL,
    ProgressCheck,
    ProgressDisplay,
)
from lifeboat.restore.scan import scan_field
from lifeboat.restore.tasks import JobProgress, Progress, Run
from lifeboat.store.outcomes import Outcomes
from lifeboat.store.tally import FAILED, SETTLED, UPDATES
from tests.unit.examples import OVER, PLENTY
from tests.unit.fakes import MemoryLedger, MemoryQueue

RUN: Run = {
    "ImportId": "an-import",
    "UserPoolId": "eu-west-1_Pool",
    "ExecutionArn": "arn:aws:states:eu-west-1:123456789012:execution:Import:one",
    "ExportId": "an-export",
    "AsOf": "",
    "Buckets": 1,
    "UserLane": "auto",
    "SourceSubAttribute": "",
    "Warnings": [],
}


def running(done: int, look_after: int = 5) -> JobProgress:
    """An import job that has done so many of its users."""
    return {"Active": True, "Users": 10, "Done": done, "LookAfter": look_after}


class Counted(Outcomes):
    """Outcomes that are counted only."""

    def __init__(self) -> None:
        self.number = 0
        self.counts = 0

    def settled(self) -> int:
        self.counts += 1
        return self.number


class Watch:
    """An import of ten users, looked at again and again."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.moment = datetime(2026, 3, 1, tzinfo=UTC)
        patch.setattr("lifeboat.restore.progress.now", lambda: instant(self.moment))
        self.metrics: list[dict[str, float]] = []
        patch.setattr("lifeboat.restore.progress.publish", lambda _, values: self.metrics.append(values))
        self.outcomes = Counted()
        self.ledger = MemoryLedger()
        self.ledger.values = {"scans": 2, "users": 10, SETTLED: 0, FAILED: 0, UPDATES: 0}
        self.scanned(6, 4)
        self.new_users, self.api_users = MemoryQueue("NewUsers"), MemoryQueue("ApiUsers")
        self.updates = MemoryQueue("Updates")
        self.job: JobProgress = NOTHING
        self.last: Progress | None = None
        self.slept: list[float] = []

    def scanned(self, *expected: int, complete: int = 0, finished: bool = True) -> None:
        """Say how far the scan is, worker by worker."""
        for number, users in enumerate(expected):
            told = {"expected": users, "complete": complete, "finished": finished}
            self.ledger.values[scan_field(number)] = told

    def settle(self, users: int, counted: int | None = None) -> None:
        """Let so many users be settled, and so many of them be in the sums."""
        self.outcomes.number = users
        self.ledger.values[SETTLED] = users if counted is None else counted

    def check(self) -> ProgressCheck:
        queues = (self.new_users, self.api_users, self.updates)
        display = ProgressDisplay(RUN, self.ledger, queues, "lifeboat")
        return ProgressCheck(self.outcomes, display, self.new_users, self.sleep)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.moment += timedelta(seconds=seconds)

    def look(self, after: float = 0) -> Progress:
        self.moment += timedelta(seconds=after)
        self.last = self.check().check(self.job, self.last)
        return self.last

    @property
    def shown(self) -> dict[str, Any]:
        shown: dict[str, Any] = self.ledger.values["progress"]
        return shown


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    return Watch(monkeypatch)


# -- whether it is over -------------------------------------------------------------------------------------


def test_an_import_is_drained_when_every_user_is_settled(watch: Watch) -> None:
    watch.settle(10)
    progress = watch.look()
    assert progress["Drained"]
    assert progress["Settled"] == 10


def test_an_empty_backup_is_drained_at_once(watch: Watch) -> None:
    watch.scanned(0, 0)
    assert watch.look()["Drained"]


def test_sums_alone_end_nothing(watch: Watch) -> None:
    watch.settle(9, counted=10)
    watch.updates.waiting = 1
    assert not watch.look()["Drained"]
    assert watch.outcomes.counts == 1


def test_sums_that_fell_short_hold_nothing_up(watch: Watch) -> None:
    # Given a worker that died before it had counted what it had done
    watch.settle(10, counted=7)
    assert watch.look()["Drained"]


def test_outcomes_are_not_counted_while_there_is_work(watch: Watch) -> None:
    watch.settle(5)
    watch.updates.waiting = 5
    for _ in range(10):
        watch.look(after=10)
    assert watch.outcomes.counts == 0


def test_outcomes_are_counted_now_and_then_while_the_queues_seem_empty(watch: Watch) -> None:
    watch.settle(5)
    for _ in range(COUNT_EVERY):
        watch.look(after=1)
    assert watch.outcomes.counts == 1
    watch.look(after=1)
    assert watch.outcomes.counts == 2


def test_users_of_an_earlier_run_count(watch: Watch) -> None:
    watch.scanned(6, 4, complete=4)
    watch.settle(10, counted=2)
    assert watch.look()["Settled"] == 10


def test_nothing_is_over_while_the_backup_is_scanned(watch: Watch) -> None:
    watch.scanned(6, 0, finished=False)
    watch.settle(6)
    progress = watch.look()
    assert not progress["Drained"]
    assert progress["Expected"] == 10  # as many as the export has listed
    assert not watch.look(after=2 * EMPTY_GRACE)["Drained"]
    watch.scanned(6, 2)
    watch.settle(8)
    assert watch.look()["Drained"]


def test_empty_queues_are_believed_only_after_a_while(watch: Watch) -> None:
    watch.settle(9)
    assert not watch.look()["Drained"]
    assert not watch.look(after=EMPTY_GRACE - 1)["Drained"]
    assert watch.look(after=1)["Drained"]


def test_a_message_that_shows_up_again_starts_the_while_anew(watch: Watch) -> None:
    watch.settle(9)
    watch.look()
    watch.new_users.waiting = 1
    assert watch.look(after=EMPTY_GRACE)["EmptySince"] == ""
    watch.new_users.waiting = 0
    assert not watch.look(after=1)["Drained"]
    assert not watch.look(after=EMPTY_GRACE - 1)["Drained"]
    assert watch.look(after=1)["Drained"]


def test_empty_queues_say_nothing_while_an_import_job_runs(watch: Watch) -> None:
    # Given a job that has taken every message
    watch.job = running(done=0)
    watch.look()
    watch.job = running(done=1)
    assert not watch.look(after=EMPTY_GRACE)["Drained"]
    # Then only from its end on it counts how long they have been empty
    watch.job = NOTHING
    assert not watch.look(after=EMPTY_GRACE)["Drained"]
    assert watch.look(after=EMPTY_GRACE)["Drained"]


def test_what_a_crash_left_in_the_queue_of_import_jobs_is_cleared_away_first(watch: Watch) -> None:
    watch.settle(10)
    watch.new_users.waiting = 1
    assert not watch.look()["Drained"]
    watch.new_users.waiting = 0
    watch.api_users.waiting = watch.updates.waiting = 1
    assert watch.look()["Drained"]


# -- whether it moves ----------------------------------------------------------------------------------------


def test_an_import_that_does_not_move_stalls_and_names_its_queues(watch: Watch) -> None:
    watch.settle(7)
    watch.new_users.waiting = 3
    watch.look()
    assert not watch.look(after=STALL)["Drained"]
    with pytest.raises(ImportStalled) as caught:
        watch.look(after=1)
    assert "3 of 10 users" in str(caught.value)
    assert "NewUsers holds about 3, ApiUsers holds about 0, Updates holds about 0" in str(caught.value)


@pytest.mark.parametrize("moved", ["outcome", "queue", "job", "scan"])
def test_whatever_moves_is_no_stall(watch: Watch, moved: str) -> None:
    watch.new_users.waiting = 9
    watch.look()
    for number in range(3):
        if moved == "outcome":
            watch.settle(number + 1)
        elif moved == "queue":
            watch.new_users.waiting -= 1
        elif moved == "scan":
            watch.scanned(6, 5 + number)
        else:
            watch.job = running(done=number + 1)
        assert watch.look(after=STALL)["ChangedAt"] == instant(watch.moment)
    watch.look(after=STALL)
    with pytest.raises(ImportStalled):
        watch.look(after=1)


@pytest.mark.parametrize("change", [{"status": "FAILED"}, {"execution_arn": "arn:of:another"}])
def test_a_function_whose_execution_is_over_lets_go_of_the_import(
    watch: Watch, change: dict[str, str]
) -> None:
    watch.ledger.values |= {"status": "RUNNING", "execution_arn": RUN["ExecutionArn"]}
    watch.updates.waiting = 1
    watch.look()
    watch.ledger.values |= change
    before = watch.shown
    with pytest.raises(ImportStalled):
        watch.look(after=1)
    assert watch.shown is before


# -- watching ------------------------------------------------------------------------------------------------


def test_a_watch_ends_with_the_import(watch: Watch) -> None:
    watch.updates.waiting = 1
    looks = iter([3, 7, 10])

    def settle_some(seconds: float) -> None:
        watch.sleep(seconds)
        watch.settle(next(looks))

    check = watch.check()
    progress = ProgressCheck(check.outcomes, check.display, check.new_users, settle_some).watch(
        NOTHING, None, PLENTY
    )
    assert progress["Drained"]
    assert len(watch.slept) == 3


def test_a_watch_ends_when_the_functions_time_does(watch: Watch) -> None:
    watch.updates.waiting = 1
    progress = watch.check().watch(watch.job, None, OVER)
    assert not progress["Drained"]
    assert watch.slept == []


@pytest.mark.parametrize("look_after", [1, 7, 300, 1_400])
def test_a_watch_ends_when_the_import_job_is_to_be_looked_at(watch: Watch, look_after: int) -> None:
    watch.job = running(0, look_after)
    progress = watch.check().watch(watch.job, None, PLENTY)
    assert not progress["Drained"]
    assert sum(watch.slept) == pytest.approx(look_after)


def test_messages_that_come_back_without_a_job_are_looked_at(watch: Watch) -> None:
    watch.new_users.waiting = 1
    progress = watch.check().watch(watch.job, None, PLENTY)
    assert not progress["Drained"]
    assert sum(watch.slept) == pytest.approx(IDLE_LOOK)


@pytest.mark.parametrize("users", [0, 10, 1_000, 40_000_000])
def test_progress_is_shown_at_least_every_half_minute(watch: Watch, users: int) -> None:
    watch.ledger.values["users"] = users
    watch.scanned(users, 0)
    watch.job = running(0, 1_000)
    watch.check().watch(watch.job, None, PLENTY)
    assert len(watch.metrics) == len(watch.slept) + 1
    assert all(SHORTEST_LOOK <= pause <= 30 for pause in watch.slept[:-1])


# -- what it shows -------------------------------------------------------------------------------------------


def test_the_ledger_shows_how_far_it_is_and_how_fast_it_goes(watch: Watch) -> None:
    watch.ledger.values |= {"users": 1_000, FAILED: 1}
    watch.scanned(600, 400)
    watch.new_users.waiting, watch.api_users.waiting, watch.updates.waiting = 4, 2, 3
    watch.look()
    assert watch.shown["expected_end"] == ""
    watch.settle(200)
    watch.ledger.values[UPDATES] = 245
    watch.look(after=10)
    assert watch.shown == {
        "phase": "USERS",
        "expected": 1_000,
        "settled": 200,
        "failed": 1,
        "updates": 245,
        "waiting": 9,
        "scanning": False,
        "users_per_second": 20,
        "updates_per_second": pytest.approx(24.5),
        "expected_end": instant(watch.moment + timedelta(seconds=40)),
        "at": instant(watch.moment),
        "since": instant(watch.moment - timedelta(seconds=10)),
        "since_settled": 0,
        "sample": {"at": instant(watch.moment), "settled": 200, "updates": 245},
    }
    assert watch.metrics[-1] == {
        "ImportUsersExpected": 1_000,
        "ImportUsersSettled": 200,
        "ImportUsersFailed": 1,
        "ImportUsersPerSecond": 20,
        "ImportUpdatesPerSecond": 24.5,
        "ImportMessagesWaiting": 9,
        "ImportSecondsLeft": 40,
    }


def test_a_rate_is_not_taken_over_a_moment(watch: Watch) -> None:
    watch.ledger.values["users"] = 1_000
    watch.scanned(1_000, 0)
    watch.updates.waiting = 1
    watch.look()
    watch.settle(100)
    watch.look(after=SAMPLE_SECONDS)
    for _ in range(SAMPLE_SECONDS - 1):
        watch.look(after=1)
        assert watch.shown["users_per_second"] == 100 / SAMPLE_SECONDS
    watch.look(after=1)
    assert watch.shown["users_per_second"] == 0


def test_the_rate_is_that_of_the_last_interval(watch: Watch) -> None:
    watch.ledger.values["users"] = 1_000
    watch.scanned(1_000, 0)
    watch.updates.waiting = 1
    for settled, rate in [(0, 0), (100, 10), (100, 0), (350, 25)]:
        watch.settle(settled)
        watch.look(after=10)
        assert watch.shown["users_per_second"] == rate


def test_how_far_it_was_is_kept_for_the_report(watch: Watch) -> None:
    watch.updates.waiting = 1
    for settled in (0, 4, 9):
        watch.settle(settled)
        watch.ledger.values[UPDATES] = 2 * settled
        watch.look(after=10)
    assert [(each["done"], each["updates"]) for each in watch.ledger.kept] == [(0, 0), (4, 8), (9, 18)]
    assert [each["phase"] for each in watch.ledger.values["timeline"]] == ["USERS"]
