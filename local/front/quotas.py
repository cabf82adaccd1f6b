"""Request-rate quotas: a token bucket for each category in each Region; over it, TooManyRequestsException.

The categories, rates and footnotes are in `categories.py`. A bucket holds one second's worth, so that a burst
of one second at the full rate passes after a pause (cognito/latest/developerguide/quotas.html does not say
how Cognito counts within a second). Not enforced until asked for.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from local.front.categories import CATEGORIES, CATEGORY_OF, Category
from local.front.protocol import Call, CognitoError

PER_USER_RATE = 10.0  # reads a second and writes a second of one user: quotas.html, "per-user quotas"
USERS_REMEMBERED = 10_000

BucketKey = tuple[str, ...]


@dataclass(slots=True)
class Bucket:
    """A token bucket: `rate` tokens a second, at most a second's worth (never less than one token)."""

    rate: float
    tokens: float
    at: float

    @property
    def size(self) -> float:
        """Return how many tokens fit."""
        return max(self.rate, 1.0)

    def fill(self, now: float) -> None:
        """Add what came since the last time."""
        self.tokens = min(self.size, self.tokens + (now - self.at) * self.rate)
        self.at = now


@dataclass(frozen=True, slots=True)
class QuotaSettings:
    """What `PUT /_front/quotas` sets. A category's rate is its override or its default, times `scale`."""

    enforce: bool = False
    scale: float = 1.0
    overrides: dict[str, float] = field(default_factory=dict)

    def rate(self, category: str) -> float:
        """Return a category's requests a second."""
        return self.overrides.get(category, CATEGORIES[category].rate) * self.scale


class Quotas:
    """The buckets of every Region, pool and user."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: dict[BucketKey, Bucket] = {}
        self._settings = QuotaSettings()

    @property
    def settings(self) -> QuotaSettings:
        """The settings in force; assigning new ones fills all buckets."""
        return self._settings

    @settings.setter
    def settings(self, settings: QuotaSettings) -> None:
        self._settings = settings
        self._buckets = {}

    def admit(self, call: Call) -> None:
        """Take a call's tokens, or raise TooManyRequestsException and take none."""
        name = CATEGORY_OF.get(call.operation)
        if not self._settings.enforce or name is None:
            return
        category = CATEGORIES[name]
        if self._take(self._needed(call, name, category)):
            return
        if category.spills_into and self._take([self._bucket((call.region, category.spills_into))]):
            return
        raise CognitoError("TooManyRequestsException", "Rate exceeded")

    def _needed(self, call: Call, name: str, category: Category) -> list[Bucket]:
        """Return the buckets a call draws from."""
        buckets = [self._bucket((call.region, name))]
        if category.per_pool is not None:
            rate = category.per_pool * self._settings.scale
            buckets.append(self._bucket((call.region, "pool", _pool(call), call.operation), rate))
        user = _user(call)
        if category.per_user and user:
            self._forget_idle_users()
            rate = PER_USER_RATE * self._settings.scale
            buckets.append(self._bucket((call.region, category.per_user, _pool(call), user), rate))
        return buckets

    def _bucket(self, key: BucketKey, rate: float | None = None) -> Bucket:
        bucket = self._buckets.get(key)
        if bucket is None:
            rate = self._settings.rate(key[1]) if rate is None else rate
            bucket = Bucket(rate, max(rate, 1.0), self._clock())
            self._buckets[key] = bucket
        return bucket

    def _take(self, buckets: list[Bucket]) -> bool:
        """Take one token from each bucket if each has one."""
        now = self._clock()
        for bucket in buckets:
            bucket.fill(now)
        # A hair below 1: sums of fractions, such as twenty times a fiftieth, need not reach it exactly.
        if any(bucket.tokens < 1.0 - 1e-9 for bucket in buckets):
            return False
        for bucket in buckets:
            bucket.tokens -= 1.0
        return True

    def _forget_idle_users(self) -> None:
        """Drop buckets that are full again, when they have become many."""
        if len(self._buckets) < USERS_REMEMBERED:
            return
        now = self._clock()
        for bucket in self._buckets.values():
            bucket.fill(now)
        self._buckets = {key: bucket for key, bucket in self._buckets.items() if bucket.tokens < bucket.size}


def _pool(call: Call) -> str:
    """Return the pool of a call: named by its id, its ARN, or its app client."""
    for member in ("UserPoolId", "ResourceArn", "ClientId"):
        value = call.data.get(member)
        if isinstance(value, str) and value:
            return value.rsplit("/", 1)[-1]
    return ""


def _user(call: Call) -> str:
    """Return the username a call names, or an empty string."""
    parameters = call.data.get("AuthParameters")
    named = call.data.get("Username") or (
        parameters.get("USERNAME") if isinstance(parameters, dict) else None
    )
    return named if isinstance(named, str) else ""
