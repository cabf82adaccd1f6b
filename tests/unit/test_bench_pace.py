"""How steadily a quota was used, minute by minute."""

from __future__ import annotations

import pytest

from benchmarks.pace import by_category, minutes

ADD, DISABLE = "AdminAddUserToGroup", "AdminDisableUser"
CATEGORY = "UserUpdate"  # 25 a second


def test_operations_of_a_category_are_added_up_second_by_second() -> None:
    timeline = {ADD: [1, 2], DISABLE: [0, 3, 4], "ListUsers": [9, 9, 9]}
    assert by_category(timeline, CATEGORY) == [1, 5, 4]


def test_minutes_run_from_the_first_request_to_the_last() -> None:
    timeline = {ADD: [0] * 30 + [25] * 60 + [20] * 60 + [0] * 40}
    assert minutes(timeline, CATEGORY) == [1.0, pytest.approx(0.8)]


def test_the_last_minute_ends_with_the_last_request() -> None:
    timeline = {ADD: [25] * 90 + [5] * 15}
    assert minutes(timeline, CATEGORY) == [1.0, pytest.approx((45 * 25 + 15 * 5) / (60 * 25))]


def test_a_pause_in_the_middle_shows() -> None:
    assert min(minutes({ADD: [25] * 60 + [0] * 30 + [25] * 60}, CATEGORY)) == pytest.approx(0.5)


def test_less_than_a_minute_is_taken_as_it_is() -> None:
    assert minutes({ADD: [0, 25, 0, 25]}, CATEGORY) == [pytest.approx(2 / 3)]


def test_no_requests_have_no_minutes() -> None:
    assert minutes({"ListUsers": [3]}, CATEGORY) == []
