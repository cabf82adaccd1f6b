"""Writes to one user stay within the user's quota, whatever the number of messages and workers."""

from __future__ import annotations

from lifeboat.pacing import TokenBucket
from lifeboat.restore.users.pace import REMEMBERED, WRITES_PER_SECOND, UserPace


class Time:
    """A clock that only waiting turns."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> float:
        return self.seconds

    def wait(self, seconds: float) -> None:
        self.seconds += seconds

    def bucket(self, rate: float, burst: float) -> TokenBucket:
        return TokenBucket(rate, burst, self.now, self.wait)


def test_a_user_with_many_groups_is_written_to_at_its_quota() -> None:
    time = Time()
    pace = UserPace(100, 2, time.bucket)
    for _ in range(100):
        pace.wait("one")
    # One of two workers has half of the quota, and a little saved up.
    assert 100 / WRITES_PER_SECOND * 2 - 1 <= time.seconds <= 100 / WRITES_PER_SECOND * 2


def test_users_do_not_wait_for_each_other() -> None:
    time = Time()
    pace = UserPace(100, 2, time.bucket)
    for number in range(5 * REMEMBERED):
        pace.wait(f"user-{number}")
    assert time.seconds == 0


def test_a_share_of_the_quotas_is_a_share_of_a_users_quota() -> None:
    time = Time()
    pace = UserPace(50, 1, time.bucket)
    for _ in range(51):
        pace.wait("one")
    assert 9 <= time.seconds <= 10
