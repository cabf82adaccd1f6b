"""How often each operation was called, by Region, and when: `GET /_front/calls` and `/_front/timeline`."""

import time
from dataclasses import dataclass, field

from local.front.protocol import Answer


@dataclass(slots=True)
class Tally:
    """One operation's calls in one Region.

    `throttled` were answered TooManyRequestsException, by a quota or a fault; `failed` got any other error or
    no answer. The rest succeeded or are under way.
    `timeline` counts those that succeeded by the second in which they did.
    """

    calls: int = 0
    throttled: int = 0
    failed: int = 0
    timeline: list[int] = field(default_factory=list)


class Calls:
    """The tallies of all Regions and operations since the start or the last `clear`."""

    def __init__(self) -> None:
        self._tallies: dict[str, dict[str, Tally]] = {}
        self._since = time.monotonic()

    def begin(self, region: str, operation: str) -> Tally:
        """Count a call that has arrived; its end is told to `finish`."""
        tally = self._tallies.setdefault(region, {}).setdefault(operation, Tally())
        tally.calls += 1
        return tally

    def finish(self, tally: Tally, answer: Answer | None) -> None:
        """Count how a call ended; None is a call that got no answer."""
        if answer is not None and answer.ok:
            second = int(time.monotonic() - self._since)
            tally.timeline.extend([0] * (second + 1 - len(tally.timeline)))
            tally.timeline[second] += 1
            return
        if answer is not None and answer.error == "TooManyRequestsException":
            tally.throttled += 1
        else:
            tally.failed += 1

    def clear(self) -> None:
        """Start to count anew. Calls under way end in the old tallies."""
        self._tallies = {}
        self._since = time.monotonic()

    def timeline(self) -> dict[str, dict[str, list[int]]]:
        """Return Region → operation → calls answered well, by seconds since the last `clear`."""
        return {
            region: {operation: list(tally.timeline) for operation, tally in sorted(tallies.items())}
            for region, tallies in sorted(self._tallies.items())
        }

    def as_json(self) -> dict[str, dict[str, dict[str, int]]]:
        """Return Region → operation → counts."""
        return {
            region: {
                operation: {"calls": tally.calls, "throttled": tally.throttled, "failed": tally.failed}
                for operation, tally in sorted(tallies.items())
            }
            for region, tallies in sorted(self._tallies.items())
        }
