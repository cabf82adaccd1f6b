"""How often each operation was called, by Region: what `GET /_front/calls` shows."""

from dataclasses import asdict, dataclass

from local.front.protocol import Answer


@dataclass(slots=True)
class Tally:
    """One operation's calls in one Region.

    `throttled` were answered TooManyRequestsException, by a quota or a fault; `failed` got any other error or
    no answer. The rest succeeded or are under way.
    """

    calls: int = 0
    throttled: int = 0
    failed: int = 0


class Calls:
    """The tallies of all Regions and operations since the start or the last `clear`."""

    def __init__(self) -> None:
        self._tallies: dict[str, dict[str, Tally]] = {}

    def begin(self, region: str, operation: str) -> Tally:
        """Count a call that has arrived; its end is told to `finish`."""
        tally = self._tallies.setdefault(region, {}).setdefault(operation, Tally())
        tally.calls += 1
        return tally

    @staticmethod
    def finish(tally: Tally, answer: Answer | None) -> None:
        """Count how a call ended; None is a call that got no answer."""
        if answer is not None and answer.ok:
            return
        if answer is not None and answer.error == "TooManyRequestsException":
            tally.throttled += 1
        else:
            tally.failed += 1

    def clear(self) -> None:
        """Start to count anew. Calls under way end in the old tallies."""
        self._tallies = {}

    def as_json(self) -> dict[str, dict[str, dict[str, int]]]:
        """Return Region → operation → counts."""
        return {
            region: {operation: asdict(tally) for operation, tally in sorted(tallies.items())}
            for region, tallies in sorted(self._tallies.items())
        }
