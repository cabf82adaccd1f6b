"""Watching an import: drained, not yet, or stalled, by a clock that the test turns."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from lifeboat.errors import ImportStalled
from lifeboat.model import instant
from lifeboat.restore.progress import EMPTY_GRACE, LONGEST_WAIT, SHORTEST_WAIT, STALL, ProgressCheck
from lifeboat.restore.tasks import JobProgress, Progress, ProgressTask, Run
from lifeboat.store.outcomes import Outcome, State
from tests.unit.fakes import KnownOutcomes, MemoryLedger, MemoryQueue

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


def restored(number: int) -> Outcome:
    return Outcome(f"sub-{number}", State.CREATED)


def unsettled(number: int) -> Outcome:
    return Outcome(f"sub-{number}", State.CREATED, updates_expected=1)


def failed(number: int) -> Outcome:
    return Outcome(f"sub-{number}", State.FAILED, "refused")


def running(done: int, look_after: int = 5) -> JobProgress:
    """An import job that has done so many of its users."""
    return {"Active": True, "Users": 10, "Done": done, "LookAfter": look_after}


class Watch:
    """An import of ten users, looked at again and again."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.moment = datetime(2026, 3, 1, tzinfo=UTC)
        patch.setattr("lifeboat.restore.progress.now", lambda: instant(self.moment))
        self.outcomes = KnownOutcomes()
        self.ledger = MemoryLedger()
        self.new_users, self.api_users = MemoryQueue("NewUsers"), MemoryQueue("ApiUsers")
        self.updates = MemoryQueue("Updates")
        self.expected = [6, 4]
        self.job: JobProgress | None = None
        self.last: Progress | None = None

    def look(self, after: float = 0) -> Progress:
        self.moment += timedelta(seconds=after)
        task: ProgressTask = {"Run": RUN, "Expected": self.expected}
        if self.job is not None:
            task["Job"] = self.job
        if self.last is not None:
            task["Previous"] = self.last
        check = ProgressCheck(self.outcomes, self.ledger, self.new_users, self.api_users, self.updates)
        self.last = check.check(task)
        return self.last


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    return Watch(monkeypatch)


def test_an_import_is_drained_when_every_user_is_settled(watch: Watch) -> None:
    watch.outcomes.outcomes = [*map(restored, range(8)), failed(8), failed(9)]
    progress = watch.look()
    assert progress["Drained"]
    assert progress["Settled"] == 10


def test_an_empty_backup_is_drained_at_once(watch: Watch) -> None:
    watch.expected = []
    assert watch.look()["Drained"]


def test_a_user_whose_updates_are_missing_is_waited_for(watch: Watch) -> None:
    watch.outcomes.outcomes = [*map(restored, range(9)), unsettled(9)]
    watch.updates.waiting = 1
    assert not watch.look()["Drained"]


def test_empty_queues_are_believed_only_after_a_while(watch: Watch) -> None:
    watch.outcomes.outcomes = [*map(restored, range(9))]
    assert not watch.look()["Drained"]
    assert not watch.look(after=EMPTY_GRACE - 1)["Drained"]
    assert watch.look(after=1)["Drained"]


def test_a_message_that_shows_up_again_starts_the_while_anew(watch: Watch) -> None:
    watch.outcomes.outcomes = [*map(restored, range(9))]
    watch.look()
    watch.new_users.waiting = 1
    assert watch.look(after=EMPTY_GRACE)["EmptySince"] == ""
    watch.new_users.waiting = 0
    assert not watch.look(after=1)["Drained"]
    assert not watch.look(after=EMPTY_GRACE - 1)["Drained"]
    assert watch.look(after=1)["Drained"]


def test_an_import_that_does_not_move_stalls_and_names_its_queues(watch: Watch) -> None:
    watch.outcomes.outcomes = [*map(restored, range(7))]
    watch.new_users.waiting = 3
    watch.look()
    assert not watch.look(after=STALL)["Drained"]
    with pytest.raises(ImportStalled) as caught:
        watch.look(after=1)
    assert "3 of 10 users" in str(caught.value)
    assert "NewUsers holds about 3, ApiUsers holds about 0, Updates holds about 0" in str(caught.value)


@pytest.mark.parametrize("moved", ["outcome", "queue", "job"])
def test_whatever_moves_is_no_stall(watch: Watch, moved: str) -> None:
    watch.new_users.waiting = 9
    watch.look()
    for number in range(3):
        if moved == "outcome":
            watch.outcomes.outcomes.append(restored(number))
        elif moved == "queue":
            watch.new_users.waiting -= 1
        else:
            watch.job = running(done=number + 1)
        assert watch.look(after=STALL)["ChangedAt"] == instant(watch.moment)
    watch.look(after=STALL)
    with pytest.raises(ImportStalled):
        watch.look(after=1)


@pytest.mark.parametrize(
    ("users", "wait"), [(0, SHORTEST_WAIT), (10, SHORTEST_WAIT), (4_000, 50), (500_000, LONGEST_WAIT)]
)
def test_the_more_is_left_the_longer_the_wait(watch: Watch, users: int, wait: int) -> None:
    watch.expected = [users]
    watch.new_users.waiting = 1
    assert watch.look()["WaitSeconds"] == wait


def test_empty_queues_say_nothing_while_an_import_job_runs(watch: Watch) -> None:
    # Given a job that has taken every message
    watch.job = running(done=0)
    watch.look()
    watch.job = running(done=1)
    assert not watch.look(after=EMPTY_GRACE)["Drained"]
    # Then only from its end on it counts how long they have been empty
    watch.job = {"Active": False, "Users": 0, "Done": 0, "LookAfter": 0}
    assert not watch.look(after=EMPTY_GRACE)["Drained"]
    assert watch.look(after=EMPTY_GRACE)["Drained"]


def test_what_a_crash_left_in_the_queue_of_import_jobs_is_cleared_away_first(watch: Watch) -> None:
    watch.outcomes.outcomes = [*map(restored, range(10))]
    watch.new_users.waiting = 1
    assert not watch.look()["Drained"]
    watch.new_users.waiting = 0
    watch.api_users.waiting = watch.updates.waiting = 1
    assert watch.look()["Drained"]


@pytest.mark.parametrize(("look_after", "wait"), [(300, 300), (20, 20), (1, 1)])
def test_an_import_job_is_looked_at_when_it_asks_for_it(watch: Watch, look_after: int, wait: int) -> None:
    watch.expected = [500_000]
    watch.job = running(0, look_after)
    assert watch.look()["WaitSeconds"] == wait


def test_the_ledger_shows_how_far_it_is(watch: Watch) -> None:
    watch.outcomes.outcomes = [restored(1), failed(2), unsettled(3)]
    watch.new_users.waiting, watch.api_users.waiting, watch.updates.waiting = 4, 2, 3
    watch.job = running(done=3)
    assert watch.look()["Imported"] == 3
    assert watch.ledger.values["progress"] == {
        "expected": 10,
        "settled": 2,
        "failed": 1,
        "waiting": 9,
        "importing": 7,
        "at": instant(watch.moment),
    }
