"""Moments as text, and run ids that are made of them."""

import re
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeboat.errors import InvalidInput
from lifeboat.model import epoch_after, instant, now, seconds_between
from lifeboat.restore.import_input import IMPORT_ID
from lifeboat.restore.moment import moment_asked
from lifeboat.store.ledger import begun_at, run_id
from tests.unit.examples import AT, INSTANTS, MOMENTS

ARNS = st.integers(0, 9).map("arn:aws:states:eu-west-1:123456789012:execution:Export:{}".format)


@pytest.mark.parametrize(
    ("given_text", "text"),
    [
        ("2026-03-01T12:00:00Z", "2026-03-01T12:00:00.000Z"),
        ("2026-03-01T12:00:00.123Z", "2026-03-01T12:00:00.123Z"),
        ("2026-03-01T13:00:00.5+01:00", "2026-03-01T12:00:00.500Z"),
        ("2026-03-01T12:00:00", "2026-03-01T12:00:00.000Z"),
    ],
)
def test_an_instant_is_utc_with_milliseconds(given_text: str, text: str) -> None:
    assert instant(given_text) == text


@given(MOMENTS, st.integers(-14 * 60, 14 * 60))
def test_the_zone_makes_no_difference(moment: datetime, minutes: int) -> None:
    assert instant(moment.astimezone(timezone(timedelta(minutes=minutes)))) == instant(moment)


@given(MOMENTS, MOMENTS)
def test_the_order_of_texts_is_the_order_of_moments(one: datetime, other: datetime) -> None:
    earlier, later = sorted([one, other])
    assert instant(earlier) <= instant(later)
    if later - earlier >= timedelta(milliseconds=1):
        assert instant(earlier) < instant(later)


@given(INSTANTS)
def test_an_instant_is_its_own_instant(text: str) -> None:
    assert instant(text) == text
    assert len(text) == len(AT)


def test_now_is_an_instant() -> None:
    assert instant(now()) == now() or len(now()) == len(AT)


def test_seconds_between_counts_fractions_and_directions() -> None:
    assert seconds_between(AT, "2026-03-01T12:00:01.500Z") == 1.5
    assert seconds_between("2026-03-01T12:00:01.500Z", AT) == -1.5


@given(INSTANTS, st.integers(0, 3650))
def test_an_expiry_lies_whole_days_after(text: str, days: int) -> None:
    assert epoch_after(text, days) - epoch_after(text, 0) == days * 86_400


@given(ARNS, ARNS, INSTANTS, INSTANTS)
def test_a_run_id_is_the_executions_own(one: str, other: str, started: str, later: str) -> None:
    assert run_id(one, started) == run_id(one, started)
    assert (run_id(one, started) == run_id(other, later)) == ((one, started) == (other, later))
    assert re.fullmatch(IMPORT_ID, run_id(one, started))


@given(ARNS, ARNS, INSTANTS, INSTANTS)
def test_run_ids_sort_by_time(one: str, other: str, started: str, later: str) -> None:
    if started < later:
        assert run_id(one, started) < run_id(other, later)


@given(ARNS, INSTANTS)
def test_an_id_says_when_its_run_began(arn: str, started_at: str) -> None:
    assert begun_at(run_id(arn, started_at)) == instant(started_at)


@given(MOMENTS)
def test_a_moment_with_its_zone_may_be_asked_for(moment: datetime) -> None:
    assert moment_asked(moment.isoformat()) == instant(moment)


@given(st.text(max_size=20))
def test_anything_else_is_refused_by_its_key_and_with_the_form(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"AsOf: names no .* expected a moment of the past in ISO 8601"):
        moment_asked(text)
