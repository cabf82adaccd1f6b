"""The request budget: Cognito's request-rate quotas, and token buckets that keep to a share of them.

Quotas are per account and Region, pooled over all its user pools and shared with the live
application, so every worker takes share × quota ÷ workers, without coordination
(https://docs.aws.amazon.com/cognito/latest/developerguide/quotas.html).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Category(StrEnum):
    """The quota categories that this product's calls fall into."""

    USER_LIST = "UserList"
    USER_CREATION = "UserCreation"
    USER_UPDATE = "UserUpdate"
    USER_ACCOUNT_RECOVERY = "UserAccountRecovery"
    USER_READ = "UserRead"
    USER_RESOURCE_UPDATE = "UserResourceUpdate"
    USER_POOL_READ = "UserPoolRead"
    USER_POOL_UPDATE = "UserPoolUpdate"
    USER_POOL_CLIENT_READ = "UserPoolClientRead"
    USER_POOL_CLIENT_UPDATE = "UserPoolClientUpdate"
    USER_POOL_RESOURCE_READ = "UserPoolResourceRead"
    USER_POOL_RESOURCE_UPDATE = "UserPoolResourceUpdate"


QUOTAS: Mapping[Category, float] = {
    Category.USER_LIST: 30,
    Category.USER_CREATION: 50,
    Category.USER_UPDATE: 25,
    Category.USER_ACCOUNT_RECOVERY: 30,
    Category.USER_READ: 120,
    Category.USER_RESOURCE_UPDATE: 25,
    Category.USER_POOL_READ: 15,
    Category.USER_POOL_UPDATE: 15,
    # 15 to 20 by category, but each operation on one pool is held to 5 besides.
    Category.USER_POOL_CLIENT_READ: 5,
    Category.USER_POOL_CLIENT_UPDATE: 5,
    Category.USER_POOL_RESOURCE_READ: 5,
    Category.USER_POOL_RESOURCE_UPDATE: 5,
}
"""Default quotas in requests per second."""


class TokenBucket:
    """Lets `rate` requests per second through, in bursts of at most `burst`.

    Safe for threads. `clock` gives seconds, `sleep` waits for seconds.
    """

    def __init__(
        self,
        rate: float,
        burst: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if rate <= 0:
            raise ValueError("a token bucket's rate must be positive")
        self._rate = rate
        self._burst = max(burst, 1.0)
        self._clock = clock
        self._sleep = sleep
        self._tokens = self._burst
        self._stamp = clock()
        self._lock = threading.Lock()

    def acquire(self) -> float:
        """Take one token, waiting for it as long as needed; returns the seconds waited."""
        with self._lock:
            moment = self._clock()
            self._tokens = min(self._burst, self._tokens + (moment - self._stamp) * self._rate)
            self._stamp = moment
            self._tokens -= 1.0
            wait = max(0.0, -self._tokens / self._rate)
        if wait > 0:
            self._sleep(wait)
        return wait


@dataclass(frozen=True, slots=True)
class Budget:
    """A share (percent) of the quotas, divided among a number of workers."""

    share: int
    workers: int

    def rate(self, category: Category) -> float:
        """Requests per second that one worker may send."""
        return QUOTAS[category] * self.share / 100 / max(1, self.workers)

    def bucket(self, category: Category) -> TokenBucket:
        """A token bucket at this worker's rate."""
        return TokenBucket(self.rate(category))


class Deadline:
    """The end of a Lambda invocation, asked for between pieces of work."""

    def __init__(self, remaining_milliseconds: Callable[[], int], reserve_seconds: float = 60.0) -> None:
        self._remaining = remaining_milliseconds
        self._reserve = reserve_seconds

    def near(self) -> bool:
        """Whether less than the reserve is left, so that no further piece should be begun."""
        return self._remaining() / 1000 < self._reserve
