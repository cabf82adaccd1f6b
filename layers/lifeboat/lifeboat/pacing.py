"""The request budget: Cognito's request-rate quotas, and token buckets that keep to a share of them.

Quotas are per account and Region, pooled over all its user pools and shared with the live
application, so every worker takes share × quota ÷ workers, without coordination
(https://docs.aws.amazon.com/cognito/latest/developerguide/quotas.html).
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Category(StrEnum):
    """The quota categories that this product's calls fall into."""

    USER_LIST = "UserList"
    USER_CREATION = "UserCreation"
    USER_UPDATE = "UserUpdate"
    USER_ACCOUNT_RECOVERY = "UserAccountRecovery"
    USER_READ = "UserRead"
    USER_RESOURCE_READ = "UserResourceRead"
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
    Category.USER_RESOURCE_READ: 50,
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

BURST_SECONDS = 0.5
"""How much of their rate workers may save up while they wait for answers or for their next invocation.

All workers of a share together are then never more than half a second of it ahead. Cognito does not say
how it counts within a second; half of one leaves the other half to requests that are underway for
different times, and to the live application.
"""


@dataclass(frozen=True, slots=True)
class Quotas:
    """The quotas of this account and Region in requests per second. Fields are those that AWS raises."""

    user_creation: float = QUOTAS[Category.USER_CREATION]
    user_read: float = QUOTAS[Category.USER_READ]

    def of(self, category: Category) -> float:
        """A category's quota."""
        raised = {Category.USER_CREATION: self.user_creation, Category.USER_READ: self.user_read}
        return raised.get(category, QUOTAS[category])


class TokenBucket:
    """Lets `rate` requests per second through; what is not used is saved up, `burst` requests at most.

    Safe for threads. `clock` gives seconds, `sleep` waits for seconds. `saved` is how many requests may be
    made at once at the beginning, the whole burst if it is left out. `category` is what the requests
    are counted under.
    """

    def __init__(
        self,
        rate: float,
        burst: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        *,
        saved: float | None = None,
        category: Category | None = None,
    ) -> None:
        if rate <= 0:
            raise ValueError("a token bucket's rate must be positive")
        self.category = category
        self._rate = rate
        self._burst = max(burst, 1.0)
        self._clock = clock
        self._sleep = sleep
        self._tokens = self._burst if saved is None else min(saved, self._burst)
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

    def spend(self, tokens: int) -> None:
        """Take tokens for requests made without asking, such as retries; later requests wait for it."""
        with self._lock:
            self._tokens -= tokens


@dataclass(frozen=True, slots=True)
class Budget:
    """A share (percent) of the quotas, divided among a number of workers."""

    share: float
    workers: int
    quotas: Quotas = field(default_factory=Quotas)

    def rate(self, category: Category) -> float:
        """Requests per second that one worker may send."""
        return self.quotas.of(category) * self.share / 100 / max(1, self.workers)

    def bucket(
        self,
        category: Category,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        start: Callable[[], float] = random.random,
    ) -> TokenBucket:
        """A token bucket at this worker's rate.

        A worker's first request goes at once. Where the first ones of all workers would be too many at once,
        because each worker's rate is low, they are spread at random over the time that is due to one
        request; `start` draws from 0 to 1.
        """
        rate = self.rate(category)
        together = self.workers > 1 and rate * BURST_SECONDS < 1
        return TokenBucket(
            rate, rate * BURST_SECONDS, clock, sleep, saved=start() if together else 1.0, category=category
        )


def stand_back(attempt: int) -> None:
    """Wait for a random time, longer after each attempt, so that two who write the same get by each other."""
    time.sleep(random.uniform(0, min(0.5, 0.02 * 2**attempt)))


class Deadline:
    """The end of a Lambda invocation, asked for between pieces of work."""

    def __init__(self, remaining_milliseconds: Callable[[], int], reserve_seconds: float = 60.0) -> None:
        self._remaining = remaining_milliseconds
        self._reserve = reserve_seconds

    def near(self) -> bool:
        """Whether less than the reserve is left, so that no further piece should be begun."""
        return self._remaining() / 1000 < self._reserve
