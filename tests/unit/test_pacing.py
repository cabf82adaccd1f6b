"""The request budget, by a clock that the test turns."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeboat.pacing import QUOTAS, Budget, Category, Deadline, Quotas, TokenBucket

RATES = st.floats(0.1, 1000)


class Clock:
    """A clock that moves only when somebody sleeps or lets time pass."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.seconds += seconds


@given(RATES, st.floats(1, 20), st.lists(st.floats(0, 5), min_size=2, max_size=40))
def test_no_window_holds_more_requests_than_the_rate_allows(
    rate: float, burst: float, pauses: list[float]
) -> None:
    clock = Clock()
    bucket = TokenBucket(rate, burst, clock, clock.sleep)
    sent = []
    for pause in pauses:
        clock.seconds += pause
        bucket.acquire()
        sent.append(clock.seconds)
    for first, start in enumerate(sent):
        for last, end in enumerate(sent[first:], start=first):
            assert last - first + 1 <= burst + rate * (end - start) + 1e-6


@given(RATES, st.integers(1, 30))
def test_a_busy_bucket_gives_the_whole_rate(rate: float, requests: int) -> None:
    clock = Clock()
    bucket = TokenBucket(rate, 1, clock, clock.sleep)
    waited = sum(bucket.acquire() for _ in range(requests))
    assert waited == pytest.approx((requests - 1) / rate)


def test_a_long_pause_saves_up_no_more_than_the_burst() -> None:
    clock = Clock()
    bucket = TokenBucket(10, 3, clock, clock.sleep)
    clock.seconds += 3600
    assert [bucket.acquire() for _ in range(4)] == pytest.approx([0, 0, 0, 0.1])


def test_threads_share_the_rate() -> None:
    # Time stands still, so the nth request in all must be told to wait until the nth turn.
    bucket = TokenBucket(2, 1, lambda: 0.0, lambda _: None)
    with ThreadPoolExecutor(8) as threads:
        waits = list(threads.map(lambda _: bucket.acquire(), range(400)))
    assert sorted(waits) == [turn / 2 for turn in range(400)]


@pytest.mark.parametrize("rate", [0, -1])
def test_a_rate_is_positive(rate: float) -> None:
    with pytest.raises(ValueError, match="positive"):
        TokenBucket(rate)


def test_a_burst_is_at_least_one_request() -> None:
    assert TokenBucket(1, 0, lambda: 0.0).acquire() == 0


def test_every_category_has_a_quota() -> None:
    assert set(QUOTAS) == set(Category)


@given(st.integers(1, 100), st.integers(1, 200), st.sampled_from(Category))
def test_all_workers_together_keep_to_the_share(share: int, workers: int, category: Category) -> None:
    budget = Budget(share, workers)
    assert budget.rate(category) * workers == pytest.approx(QUOTAS[category] * share / 100)


def test_no_workers_count_as_one() -> None:
    assert Budget(50, 0).rate(Category.USER_LIST) == 15


def test_a_budget_makes_buckets_of_its_rate() -> None:
    bucket = Budget(100, 2).bucket(Category.USER_LIST)
    assert bucket.acquire() == 0


def test_a_worker_that_begins_has_saved_up_nothing_but_its_first_request() -> None:
    clock = Clock()
    bucket = Budget(100, 2).bucket(Category.USER_LIST, clock, clock.sleep)
    assert [bucket.acquire() for _ in range(3)] == pytest.approx([0, 1 / 15, 1 / 15])


def test_a_worker_saves_up_its_part_of_half_a_second() -> None:
    clock = Clock()
    bucket = Budget(80, 2).bucket(Category.USER_LIST, clock, clock.sleep)
    clock.seconds += 60
    assert [bucket.acquire() for _ in range(7)] == pytest.approx([0] * 6 + [1 / 12])


@pytest.mark.parametrize(("drawn", "waits"), [(0.0, 4.0), (0.25, 3.0), (1.0, 0.0)])
def test_workers_whose_rate_is_low_begin_spread_over_one_request(drawn: float, waits: float) -> None:
    clock = Clock()
    bucket = Budget(10, 12).bucket(Category.USER_LIST, clock, clock.sleep, lambda: drawn)
    assert bucket.acquire() == pytest.approx(waits)


def test_a_worker_alone_begins_at_once_whatever_its_rate() -> None:
    clock = Clock()
    assert Budget(1, 1).bucket(Category.USER_LIST, clock, clock.sleep, lambda: 0.0).acquire() == 0


def test_raised_quotas_are_shared_like_others() -> None:
    budget = Budget(50, 4, Quotas(user_creation=400))
    assert budget.rate(Category.USER_CREATION) == 50
    assert budget.rate(Category.USER_READ) == QUOTAS[Category.USER_READ] / 8


def test_what_was_sent_without_asking_is_waited_for() -> None:
    clock = Clock()
    bucket = TokenBucket(2, 1, clock, clock.sleep)
    bucket.acquire()
    bucket.spend(3)
    assert bucket.acquire() == pytest.approx(2)


@pytest.mark.parametrize(("milliseconds", "near"), [(59_999, True), (60_000, False), (900_000, False)])
def test_a_deadline_is_near_when_less_than_the_reserve_is_left(milliseconds: int, near: bool) -> None:
    assert Deadline(lambda: milliseconds).near() is near
