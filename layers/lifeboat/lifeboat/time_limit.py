"""Answering in time, however long it takes.

Time-outs of single calls add up, and a client connects to each address of a name in turn. Only a limit on the
whole keeps a function that somebody waits for within its time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def within(seconds: float, work: Callable[[], T]) -> T:
    """What `work` returns; raises what it raises, and TimeoutError if it takes longer.

    It is not stopped then. Lambda freezes it with the function, and it goes on during a later invocation, or
    never: whatever it does must be harmless at any time. What comes of it is not seen.
    """
    answers: list[T] = []
    errors: list[Exception] = []

    def attempt() -> None:
        try:
            answers.append(work())
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(seconds)
    if answers:
        return answers[0]
    if errors:
        raise errors[0]
    raise TimeoutError
