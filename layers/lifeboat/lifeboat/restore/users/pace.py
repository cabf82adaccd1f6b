"""Keeping to the quota of a single user: Cognito takes ten writes a second to one user.

(https://docs.aws.amazon.com/cognito/latest/developerguide/quotas.html)
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

from lifeboat.pacing import TokenBucket

WRITES_PER_SECOND = 10.0
REMEMBERED = 1_000
"""Users whose messages may be underway at a time in one worker, and many more."""


class UserPace:
    """Paces one worker's writes to each user, so that all together keep to a share of its quota.

    A user with a hundred groups has twenty messages, and nothing keeps these from being handled at the same
    time by all threads of all workers. Safe for threads.
    """

    def __init__(
        self,
        share: float,
        workers: int,
        bucket: Callable[[float, float], TokenBucket] = TokenBucket,
    ) -> None:
        self._rate = WRITES_PER_SECOND * share / 100 / max(1, workers)
        self._bucket = bucket
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()

    def wait(self, sub: str) -> None:
        """Wait until the user may be written to."""
        with self._lock:
            bucket = self._buckets.pop(sub, None)
            if bucket is None:
                bucket = self._bucket(self._rate, self._rate / 2)
            self._buckets[sub] = bucket
            if len(self._buckets) > REMEMBERED:
                self._buckets.popitem(last=False)
        bucket.acquire()
