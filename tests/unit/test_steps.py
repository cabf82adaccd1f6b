"""How far an import is before and after its users, by a clock that the test turns."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lifeboat.errors import StoreUnavailable
from lifeboat.model import instant
from lifeboat.restore.progress import LONGEST_LOOK, repeated
from lifeboat.restore.steps import COMPARISON, CREATING_GROUPS, LISTING, Step, StepProgress
from lifeboat.store.tally import GROUPS_CREATED, LISTED
from tests.unit.fakes import MemoryLedger
from tests.unit.test_progress import RUN

NEVER = 1_000.0


class Clock:
    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.moment = datetime(2026, 3, 1, tzinfo=UTC)
        patch.setattr("lifeboat.restore.steps.now", lambda: instant(self.moment))
        self.metrics: list[dict[str, float]] = []
        patch.setattr("lifeboat.restore.steps.publish", lambda _, values: self.metrics.append(values))
        self.ledger = MemoryLedger()
        self.ledger.values = {"users": 100, "groups": 40, "memberships": 200, "progress": {}}

    def pass_by(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)

    def worker(self, step: Step) -> StepProgress:
        return StepProgress(RUN, self.ledger, "lifeboat", step)

    @property
    def shown(self) -> dict[str, Any]:
        shown: dict[str, Any] = self.ledger.values["progress"]
        return shown


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def test_a_step_shows_itself_before_it_has_done_anything(clock: Clock) -> None:
    with clock.worker(CREATING_GROUPS).shown(NEVER):
        assert clock.shown["phase"] == "GROUPS"
        assert (clock.shown["done"], clock.shown["total"]) == (0, 40)
        assert clock.shown["expected_end"] == ""


def test_what_was_done_is_shown_with_its_pace_and_its_end(clock: Clock) -> None:
    worker = clock.worker(CREATING_GROUPS)
    with worker.shown(NEVER):
        for _ in range(10):
            worker.count()
        clock.pass_by(5)
    assert clock.shown["done"] == 10
    assert clock.shown["per_second"] == 2
    assert clock.shown["expected_end"] == instant(clock.moment + timedelta(seconds=15))
    assert clock.metrics[-1] == {"ImportGroupsCreated": 10, "ImportSecondsLeft": 15}


def test_workers_of_a_step_are_counted_together(clock: Clock) -> None:
    for _ in range(2):
        worker = clock.worker(LISTING)
        with worker.shown(NEVER):
            worker.count(70)
    assert (clock.shown["done"], clock.shown["total"]) == (140, 300)
    assert clock.ledger.values[LISTED] == 140


def test_a_repeated_worker_never_shows_more_than_there_is(clock: Clock) -> None:
    clock.ledger.values[GROUPS_CREATED] = 39
    worker = clock.worker(CREATING_GROUPS)
    with worker.shown(NEVER):
        worker.count(39)
    assert clock.shown["done"] == clock.shown["total"] == 40


def test_what_became_of_the_users_stays_in_sight(clock: Clock) -> None:
    clock.ledger.values["progress"] = {"phase": "USERS", "settled": 100, "failed": 3}
    with clock.worker(COMPARISON).shown(NEVER):
        pass
    assert clock.shown["failed"] == 3
    assert clock.shown["phase"] == "COMPARISON"


def test_it_is_renewed_while_the_work_goes_on(clock: Clock) -> None:
    worker, renewed = clock.worker(LISTING), threading.Event()
    count = 0

    def noticed(_: str, values: dict[str, float]) -> None:
        nonlocal count
        count += 1
        if count > 1:
            renewed.set()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lifeboat.restore.steps.publish", noticed)
        with worker.shown(0.001):
            assert renewed.wait(30)


def test_it_is_renewed_often_enough() -> None:
    assert LONGEST_LOOK <= 30


def test_work_goes_on_when_it_cannot_be_shown(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any) -> None:
        raise StoreUnavailable("DynamoDB is not available")

    monkeypatch.setattr(clock.ledger, "update", refused)
    worked = False
    with clock.worker(LISTING).shown(NEVER):
        worked = True
    assert worked


def test_an_error_of_the_work_is_passed_on_and_what_was_done_is_kept(clock: Clock) -> None:
    worker = clock.worker(LISTING)

    def work() -> None:
        with worker.shown(NEVER):
            worker.count(5)
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        work()
    assert clock.ledger.values[LISTED] == 5


def test_nothing_is_repeated_once_the_work_is_over() -> None:
    calls: list[int] = []
    with repeated(lambda: calls.append(1), NEVER):
        pass
    assert calls == []


def test_the_beginning_of_a_step_and_how_far_it_was_are_kept_for_the_report(clock: Clock) -> None:
    begun = instant(clock.moment)
    for step in (CREATING_GROUPS, LISTING, LISTING):
        worker = clock.worker(step)
        with worker.shown(NEVER):
            worker.count(10)
            clock.pass_by(5)
    assert clock.ledger.values["timeline"] == [
        {"phase": "GROUPS", "at": begun},
        {"phase": "LISTING", "at": instant(clock.moment - timedelta(seconds=10))},
    ]
    assert [(each["phase"], each["done"]) for each in clock.ledger.kept] == [
        ("GROUPS", 0),
        ("GROUPS", 10),
        ("LISTING", 0),
        ("LISTING", 10),
        ("LISTING", 20),
    ]
