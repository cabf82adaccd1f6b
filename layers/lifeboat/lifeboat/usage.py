"""What a function asked of Cognito during an invocation, by quota category, published as metrics at its end.

Requests are counted one by one as they go over the wire (`lifeboat.aws.clients` hooks them), so that those
count too which botocore repeated by itself: an answer that came at the second attempt hides the throttle
before it, and ResponseMetadata's RetryAttempts does not say what a retry was for.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

from aws_lambda_powertools.metrics import MetricUnit

from lifeboat.errors import SettingMissing
from lifeboat.pacing import Category
from lifeboat.settings import settings
from lifeboat.telemetry import logger, publish

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

THROTTLES = frozenset({"TooManyRequestsException", "ThrottlingException"})
"""The error codes that say that a request was one too many."""

Event = TypeVar("Event")
Answer = TypeVar("Answer")


@dataclass(slots=True)
class Requests:
    """Requests sent, how many of them were throttled, and the seconds that the budget made them wait."""

    sent: int = 0
    throttled: int = 0
    seconds_waited: float = 0.0


class Usage:
    """What this process asked of Cognito since it was last asked to tell. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_category: defaultdict[Category, Requests] = defaultdict(Requests)

    def add(self, category: Category, requests: Requests) -> None:
        """Count requests."""
        with self._lock:
            total = self._by_category[category]
            total.sent += requests.sent
            total.throttled += requests.throttled
            total.seconds_waited += requests.seconds_waited

    def take(self) -> dict[Category, Requests]:
        """What was counted, which is then forgotten."""
        with self._lock:
            taken = dict(self._by_category)
            self._by_category.clear()
        return taken


usage = Usage()
"""This process's."""

_underway: ContextVar[Requests | None] = ContextVar("underway", default=None)


@contextmanager
def underway() -> Iterator[Requests]:
    """Count the requests that this thread sends within the context."""
    requests = Requests()
    token = _underway.set(requests)
    try:
        yield requests
    finally:
        _underway.reset(token)


def note_request(error_code: str) -> None:
    """Count a request that was sent, by its error code ("" for none)."""
    requests = _underway.get()
    if requests is not None:
        requests.sent += 1
        requests.throttled += error_code in THROTTLES


def publishes_usage(
    handler: Callable[[Event, LambdaContext], Answer],
) -> Callable[[Event, LambdaContext], Answer]:
    """Make a handler publish what it asked of Cognito at its end, also when it raises."""

    @wraps(handler)
    def publishing(event: Event, context: LambdaContext) -> Answer:
        try:
            return handler(event, context)
        finally:
            publish_usage(usage)

    return publishing


def publish_usage(used: Usage) -> None:
    """Write Requests, Throttled and SecondsWaited of each category that was asked for anything.

    Never raises: a sign-in may be waiting for the function whose usage it is.
    """
    try:
        stack_name = settings().stack_name
    except SettingMissing:
        logger.error("usage not published")
        return
    for category, requests in sorted(used.take().items()):
        values: dict[str, Any] = {
            "Requests": requests.sent,
            "Throttled": requests.throttled,
            "SecondsWaited": requests.seconds_waited,
        }
        publish(
            stack_name,
            values,
            units={"SecondsWaited": MetricUnit.Seconds},
            dimensions={"Category": category.value},
        )
