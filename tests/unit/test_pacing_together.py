"""Workers side by side against the quotas as the front enforces them, by a clock that the test turns."""

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest

from lifeboat.pacing import BURST_SECONDS, QUOTAS, Budget, Category
from local.front.categories import CATEGORIES
from local.front.protocol import CognitoError
from local.front.quotas import Quotas, QuotaSettings

SECONDS = 120.0
OPERATIONS = {
    Category.USER_LIST: "ListUsers",
    Category.USER_UPDATE: "AdminAddUserToGroup",
    Category.USER_POOL_RESOURCE_READ: "GetCSVHeader",
}


@dataclass
class Traffic:
    """Requests of one kind: how many there were, and how many were throttled."""

    sent: int = 0
    throttled: int = 0

    @property
    def share_throttled(self) -> float:
        return self.throttled / self.sent


@dataclass
class Simulation:
    """Workers of one budget in a world in which requests, answers and pauses take time."""

    budget: Budget
    category: Category
    seed: int = 1
    in_flight: int = 1
    latency: tuple[float, float] = (0.05, 0.3)
    pause: Callable[[float, random.Random], float] = lambda _now, _random: 0.0
    now: float = 0.0
    workers: Traffic = field(default_factory=Traffic)
    application: Traffic = field(default_factory=Traffic)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._quotas = Quotas(lambda: self.now)
        self._quotas.settings = QuotaSettings(enforce=True)
        self._events: list[tuple[float, int, Callable[[], object]]] = []
        self._number = count()

    def run(self, application_rate: float = 0) -> None:
        """Let the workers work for two minutes, beside an application that asks evenly."""
        for _ in range(self.budget.workers):
            bucket = self.budget.bucket(self.category, lambda: self.now, lambda _: None, self._random.random)
            for _ in range(self.in_flight):
                self._after(0, partial(self._ask, bucket))
        for number in range(int(SECONDS * application_rate)):
            self._after(number / application_rate, partial(self._admit, self.application))
        while self._events:
            self.now, _, event = heapq.heappop(self._events)
            if self.now > SECONDS:
                return
            event()

    def _after(self, seconds: float, event: Callable[[], object]) -> None:
        heapq.heappush(self._events, (self.now + seconds, next(self._number), event))

    def _ask(self, bucket: Any) -> None:
        underway = self._random.uniform(0, 0.1)
        self._after(bucket.acquire() + underway, lambda: self._arrive(bucket))

    def _arrive(self, bucket: Any) -> None:
        if not self._admit(self.workers):
            bucket.spend(1)
            self._after(self._random.random(), lambda: self._arrive(bucket))
            return
        taken = self._random.uniform(*self.latency) + self.pause(self.now, self._random)
        self._after(taken, lambda: self._ask(bucket))

    def _admit(self, traffic: Traffic) -> bool:
        traffic.sent += 1
        call: Any = SimpleNamespace(
            operation=OPERATIONS[self.category], region="us-east-1", data={"UserPoolId": "us-east-1_Pool"}
        )
        try:
            self._quotas.admit(call)
        except CognitoError:
            traffic.throttled += 1
            return False
        return True


def now_and_then(_: float, drawn: random.Random) -> float:
    """A worker's pause between two invocations, or for a batch of writes."""
    return drawn.uniform(0.2, 2) if drawn.random() < 0.1 else 0.0


def all_at_once(now: float, _: random.Random) -> float:
    """A pause of all workers from the seventh to the tenth second of every ten."""
    return 10 - now % 10 if now % 10 > 7 else 0.0


@pytest.mark.parametrize("pause", [now_and_then, all_at_once])
@pytest.mark.parametrize("workers", [1, 4, 16])
@pytest.mark.parametrize("share", [30, 90, 100])
@pytest.mark.parametrize("category", [Category.USER_LIST, Category.USER_UPDATE])
def test_workers_that_catch_up_are_not_throttled(
    category: Category, share: int, workers: int, pause: Callable[[float, random.Random], float]
) -> None:
    simulation = Simulation(Budget(share, workers), category, in_flight=4, pause=pause)
    simulation.run()
    assert simulation.workers.share_throttled < 0.01


@pytest.mark.parametrize("workers", [1, 4, 16])
def test_an_application_is_not_throttled_beside_an_export(workers: int) -> None:
    simulation = Simulation(Budget(30, workers), Category.USER_LIST, in_flight=2, pause=now_and_then)
    simulation.run(application_rate=20)
    assert simulation.workers.share_throttled < 0.01
    assert simulation.application.share_throttled < 0.01


@pytest.mark.parametrize("share", [90, 100])
def test_busy_workers_use_their_whole_share(share: int) -> None:
    simulation = Simulation(Budget(share, 4), Category.USER_UPDATE, in_flight=4, pause=now_and_then)
    simulation.run()
    assert simulation.workers.sent / SECONDS > 0.99 * QUOTAS[Category.USER_UPDATE] * share / 100


def test_what_was_saved_up_makes_good_for_pauses() -> None:
    def sent(burst_seconds: float) -> int:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("lifeboat.pacing.BURST_SECONDS", burst_seconds)
            # Between two invocations of a queue's consumer there is a moment without requests.
            simulation = Simulation(
                Budget(90, 4),
                Category.USER_UPDATE,
                latency=(0.02, 0.15),
                pause=lambda _, drawn: drawn.uniform(0.05, 0.6) if drawn.random() < 0.1 else 0.0,
            )
            simulation.run()
        return simulation.workers.sent

    assert sent(BURST_SECONDS) > 1.05 * sent(0)


def test_workers_whose_rate_is_low_do_not_begin_all_at_once() -> None:
    # Eight workers ask for one thing each, of an operation that a pool allows five times a second.
    simulation = Simulation(
        Budget(90, 8), Category.USER_POOL_RESOURCE_READ, pause=lambda _now, _random: 2 * SECONDS
    )
    simulation.run()
    assert (simulation.workers.sent, simulation.workers.throttled) == (8, 0)


@pytest.mark.parametrize("category", Category)
def test_the_quotas_are_those_that_the_front_enforces(category: Category) -> None:
    enforced = CATEGORIES[category]
    assert QUOTAS[category] == (enforced.per_pool or enforced.rate)
