"""Several listings in flight: pieces of work gone through by a few threads, until time runs short."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from lifeboat.pacing import Deadline

P = TypeVar("P")
R = TypeVar("R")


class _Haste(Deadline):
    """A deadline that is near as soon as any piece has failed: the others need not be finished then."""

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        self.failed = False

    def near(self) -> bool:
        return self.failed or self._deadline.near()


def go_through(
    pieces: Sequence[P], work: Callable[[P, Deadline], R], lanes: int, deadline: Deadline
) -> list[R]:
    """Do the work of piece after piece, `lanes` at a time; returns the results of those that were begun.

    Pieces are begun in their order, at least one of them, and none once the deadline is near. An error is
    raised when the other lanes have come to rest.
    """
    haste = _Haste(deadline)
    waiting = iter(enumerate(pieces))
    results: dict[int, R] = {}
    lock = threading.Lock()
    begun = False

    def take() -> tuple[int, P] | None:
        nonlocal begun
        with lock:
            if begun and haste.near():
                return None
            begun = True
            return next(waiting, None)

    def lane() -> None:
        while (taken := take()) is not None:
            number, piece = taken
            try:
                results[number] = work(piece, haste)
            except BaseException:
                haste.failed = True
                raise

    side_by_side = min(lanes, len(pieces))
    if side_by_side <= 1:
        lane()
    else:
        with ThreadPoolExecutor(side_by_side, "lane") as threads:
            running = [threads.submit(lane) for _ in range(side_by_side)]
        for each in running:
            each.result()
    return [results[number] for number in sorted(results)]
