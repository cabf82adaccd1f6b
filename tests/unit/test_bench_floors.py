"""The floors that a benchmark measures against, reckoned by hand."""

import pytest

from benchmarks.crowd import change, changed_size, crowd, size_of, some_of
from benchmarks.floors import Size, export_floor, import_floor, requested_floor, seconds_by_category


def test_an_export_lists_users_and_at_least_a_page_of_each_group() -> None:
    assert export_floor(Size(10_000, 0, (10_000,))) == pytest.approx((10_000 / 60 * 2) / 30)
    assert export_floor(Size(10_000, 0, (10_000,))) == pytest.approx(11.1, abs=0.02)
    assert export_floor(Size(600, 0, (0, 1, 60, 120))) == pytest.approx((10 + 1 + 1 + 1 + 2) / 30)


def test_an_import_takes_as_long_as_its_memberships_and_disabled_users() -> None:
    assert import_floor(Size(10_000, 0, (10_000,))) == pytest.approx(400)
    assert import_floor(Size(10_000, 300, (4_000, 6_000))) == pytest.approx(412)


def test_without_memberships_an_import_takes_as_long_as_both_lanes_together() -> None:
    assert import_floor(Size(6_500, 0, (0,))) == pytest.approx(6_500 / (35 + 30))


def test_requests_share_the_quota_of_their_category() -> None:
    calls = {"ListUsers": 20, "ListUsersInGroup": 10, "DescribeUserPool": 3, "NoSuchOperation": 1_000}
    assert seconds_by_category(calls) == pytest.approx({"UserList": 1.0, "UserPoolRead": 0.2})
    assert requested_floor(calls) == pytest.approx(1.0)
    assert requested_floor({}) == 0.0


def test_everybody_in_the_crowd_is_in_exactly_one_group() -> None:
    people = crowd(400, seed=3)
    size = size_of(people)
    assert (size.users, size.memberships, len(size.group_sizes)) == (400, 400, 10)
    assert size.disabled > 0
    assert max(size.group_sizes) > 2 * min(size.group_sizes)
    assert people == crowd(400, seed=3)


class Recorder:
    """Notes the operations that are called on it as a client."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []

    def __getattr__(self, operation: str) -> object:
        def called(**arguments: str) -> None:
            self.calls.append((operation, arguments["Username"]))

        return called


def test_a_hundredth_of_users_and_memberships_is_changed() -> None:
    people = crowd(1_000, seed=1)
    recorder = Recorder()
    done = list(change(recorder, "pool", people, seed=1))  # type: ignore[arg-type]
    assert len(done) == len(recorder.calls) == 20
    assert len({username for _, username in recorder.calls}) == 20
    operations = [operation for operation, _ in recorder.calls]
    assert operations.count("admin_update_user_attributes") == 10
    assert operations.count("admin_add_user_to_group") == 5
    assert operations.count("admin_remove_user_from_group") == 5
    assert [len(lot) for lot in some_of(people, 1)] == [10, 10]
    assert changed_size(people, 1).memberships == 1_000
