"""The course of an import: when its phases began, and the samples from which its rates follow."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from lifeboat.model import instant, seconds_between
from lifeboat.restore.course import (
    MOST_SAMPLES,
    REPORT,
    Sample,
    added,
    for_ledger,
    note_phase,
    rates,
    rates_of,
    take_sample,
    thinned,
    updates_limit,
    with_phase,
)
from tests.unit.fakes import MemoryLedger

BEGUN = datetime(2026, 3, 1, tzinfo=UTC)
ENTRY = {"timeline": [{"phase": "PREFLIGHT", "at": instant(BEGUN)}]}


def sample(seconds: float, done: int, phase: str = "USERS", updates: int | None = None) -> Sample:
    found: Sample = {"at": instant(BEGUN + timedelta(seconds=seconds)), "phase": phase, "done": done}
    if updates is not None:
        found["updates"] = updates
    return found


def test_a_phase_begins_once() -> None:
    first = with_phase(ENTRY, "USERS", "2026-03-01T00:00:05.000Z")
    assert [each["phase"] for each in first["timeline"]] == ["PREFLIGHT", "USERS"]
    assert with_phase(first, "USERS", "2026-03-01T00:00:09.000Z") == {}


def test_a_phase_that_shows_no_progress_is_noted_once() -> None:
    ledger = MemoryLedger()
    ledger.values = dict(ENTRY)
    note_phase(ledger, "an-import", REPORT)
    begun = ledger.values["timeline"]
    note_phase(ledger, "an-import", REPORT)
    assert ledger.values["timeline"] == begun
    assert begun[-1]["phase"] == REPORT


def test_rates_are_those_of_the_last_seconds_of_a_phase() -> None:
    found = rates(
        [
            sample(0, 0, "GROUPS"),
            sample(2, 5, "GROUPS"),
            sample(3, 0, updates=0),
            sample(13, 100, updates=245),
            sample(13, 100, updates=245),
            sample(23, 90, updates=245),
        ]
    )
    assert [rate["per_second"] for rate in found] == [0, 2.5, 0, 10, 10, 0]
    assert [rate.get("updates_per_second") for rate in found] == [None, None, 0, 24.5, 24.5, 0]
    assert for_ledger(found)[3] == {
        **found[3],
        "per_second": Decimal("10.0"),
        "updates_per_second": Decimal("24.5"),
    }


@given(st.lists(st.tuples(st.floats(0.1, 4_000), st.booleans()), min_size=1, max_size=700))
def test_there_are_never_too_many_samples_and_they_are_spread(looks: list[tuple[float, bool]]) -> None:
    ledger = MemoryLedger()
    seconds, phase = 0.0, 0
    for gap, next_phase in looks:
        seconds += gap
        phase += next_phase and phase < 6
        take_sample(ledger, "an-import", ENTRY, sample(seconds, 1, f"phase {phase}"))
        assert len(ledger.kept) <= MOST_SAMPLES
        assert ledger.kept[-1]["at"] == sample(seconds, 1)["at"], "the last one is what was reached"
    moments = [str(each["at"]) for each in ledger.kept]
    assert moments == sorted(moments)
    assert {str(each["phase"]) for each in ledger.kept} == {
        f"phase {number}" for number in range(phase + 1)
    } - (set() if not looks[0][1] else {"phase 0"})


def test_samples_that_are_nearer_than_anybody_would_see_are_one() -> None:
    kept: list[Sample] = []
    for number in range(5_000):
        kept = added(kept, sample(number / 10, number))
    assert MOST_SAMPLES / 3 < len(kept) <= MOST_SAMPLES
    assert kept[-1]["done"] == 4_999
    gaps = sorted(seconds_between(one["at"], other["at"]) for one, other in pairwise(kept))
    assert gaps[-1] < 4 * 500 / MOST_SAMPLES


def test_what_is_left_of_too_many_samples_is_even() -> None:
    kept = thinned([sample(number, number) for number in range(MOST_SAMPLES + 1)])
    assert MOST_SAMPLES / 3 < len(kept) < MOST_SAMPLES * 0.6
    gaps = {seconds_between(one["at"], other["at"]) for one, other in pairwise(kept)}
    assert max(gaps) <= 2 * min(gaps)
    assert kept[-1]["done"] == MOST_SAMPLES
    assert kept[0]["done"] == 0


def test_a_resumed_import_has_a_course_of_its_own() -> None:
    ledger = MemoryLedger()
    take_sample(ledger, "an-import", ENTRY, sample(1, 10))
    again = {"timeline": [{"phase": "PREFLIGHT", "at": instant(BEGUN + timedelta(seconds=60))}]}
    ledger.values = dict(again)
    assert rates_of(ledger, "an-import") == []
    take_sample(ledger, "an-import", again, sample(61, 0))
    assert [each["done"] for each in ledger.kept] == [0]


def test_what_the_plan_allows_of_updates() -> None:
    lines = [
        {"category": "UserList", "quota": "30", "share": "90"},
        {"category": "UserUpdate", "quota": "25", "share": "90"},
    ]
    assert updates_limit({"plan": {"requests": lines}}) == 22.5
    assert updates_limit({}) == 0
