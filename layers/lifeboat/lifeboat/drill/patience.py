"""Waiting for what others do."""

from __future__ import annotations

import time
from collections.abc import Callable


def until(
    done: Callable[[], bool], seconds: float, pause: float, clock: Callable[[], float] = time.monotonic
) -> bool:
    """Look until it is done or so many seconds have passed; `pause` seconds lie between two looks."""
    begun = clock()
    while not done():
        if clock() - begun + pause > seconds:
            return False
        time.sleep(pause)
    return True
