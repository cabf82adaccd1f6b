"""What the embedded AWS would bill: counters that ministack's patches keep and `GET /_meter` shows.

    {"requests":  {Region: {service: {operation: requests}}},
     "dynamodb":  {Region: {"write_units", "replicated_write_units", "read_units",
                            "items_written", "written": {kind of item: items put or updated},
                            "items_deleted", "deleted": {kind of item: items}}},
     "states":    {Region: {"transitions", "events", "largest_payload"}},
     "functions": {Region: {function: {"invocations", "starts", "seconds", "gb_seconds", "memory_mb"}}}}

Counters only ever grow; whoever wants those of one run takes the difference of two readings (`difference`).
"""

import copy
import threading
from collections.abc import Mapping
from typing import Any, Final

PATH: Final = "/_meter"

Reading = dict[str, Any]


class Meter:
    """Nested counters that several threads add to."""

    def __init__(self) -> None:
        self._counts: Reading = {}
        self._lock = threading.Lock()

    def add(self, *path: str, amount: float = 1) -> None:
        """Add to the counter at a path, such as ("requests", "us-east-1", "sqs", "SendMessage")."""
        with self._lock:
            within = self._within(path)
            within[path[-1]] = within.get(path[-1], 0) + amount

    def largest(self, *path: str, amount: float) -> None:
        """Keep the largest amount seen at a path."""
        with self._lock:
            within = self._within(path)
            within[path[-1]] = max(within.get(path[-1], 0), amount)

    def reading(self) -> Reading:
        """Return a copy of all counters."""
        with self._lock:
            return copy.deepcopy(self._counts)

    def _within(self, path: tuple[str, ...]) -> Reading:
        within = self._counts
        for name in path[:-1]:
            within = within.setdefault(name, {})
        return within


MAXIMA: Final = frozenset({"largest_payload", "memory_mb"})
"""Counters that are no sums: of these a difference has the later reading's value."""


def difference(later: Mapping[str, Any], earlier: Mapping[str, Any]) -> Reading:
    """Return what was counted between two readings; what was not counted at all is left out."""
    found: Reading = {}
    for name, value in later.items():
        before = earlier.get(name)
        if isinstance(value, Mapping):
            inner = difference(value, before if isinstance(before, Mapping) else {})
            if any(key not in MAXIMA for key in inner):
                found[name] = inner
        elif name in MAXIMA:
            found[name] = value
        elif value != (before or 0):
            found[name] = value - (before or 0)
    return found


METER: Final = Meter()
"""The meter of this process."""
