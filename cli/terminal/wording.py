"""How numbers, moments and ages are written for a person."""

from __future__ import annotations

from datetime import datetime

from cli.terminal.output import duration
from lifeboat.model import seconds_between

SPARKS = "▁▂▃▄▅▆▇█"


def count(number: float) -> str:
    """A number with its thousands set apart."""
    return f"{number:,.0f}" if number == int(number) else f"{number:,.1f}"


def clock(moment: str) -> str:
    """The time of day of an `instant`, in UTC like every id and ledger entry."""
    return f"{datetime.fromisoformat(moment):%H:%M} UTC"


def day(moment: str) -> str:
    """Day and time of an `instant`."""
    return f"{datetime.fromisoformat(moment):%Y-%m-%d %H:%M} UTC"


def rough(seconds: float) -> str:
    """A duration as precise as anybody needs it who waits or asks for an age."""
    if seconds >= 86_400:
        return f"{seconds / 86_400:.1f} days"
    if seconds >= 600:
        return duration(round(seconds / 60) * 60)
    return duration(seconds)


def ago(earlier: str, later: str) -> str:
    """How long ago something was."""
    return f"{rough(seconds_between(earlier, later))} ago"


def end_in(moment: str, at: str) -> str:
    """When something should end, seen from `at`; "" if nobody knows."""
    if not moment:
        return ""
    left = seconds_between(at, moment)
    return f"ends in about {rough(left)} ({clock(moment)})" if left > 1 else "about to end"


def left_until(moment: str, at: str) -> str:
    """The same in fewer words, beside a bar."""
    if not moment:
        return ""
    left = seconds_between(at, moment)
    return f"{rough(left)} left, {clock(moment)}" if left > 1 else "about to end"


def percent(part: float, whole: float) -> str:
    """A share in whole percent: never 0 % of what has begun, never 100 % of what is not done."""
    if whole <= 0:
        return "100 %"
    share = round(100 * part / whole)
    if 0 < part < whole:
        share = min(99, max(1, share))
    return f"{share} %"


def of_total(done: int, total: int | None) -> str:
    """How much of how much."""
    return f"{done:,} of {total:,}" if total is not None else f"{done:,}"


def spark(values: list[int]) -> str:
    """A line of small bars, one for each value, the lowest value the lowest bar."""
    if not values:
        return ""
    low, high = min(values), max(values)
    if low == high:
        return SPARKS[3] * len(values)
    return "".join(SPARKS[round((value - low) / (high - low) * (len(SPARKS) - 1))] for value in values)


def plural(number: int, singular: str, several: str = "") -> str:
    """A number with its noun."""
    return f"{number:,} {singular if number == 1 else several or singular + 's'}"
