"""Faults on demand: errors, lost answers, silence and latency, the same ones each time for the same seed.

Whether the n-th call of an operation in a Region fails depends on the seed, the Region, the operation, n and
the rule's place in the list, and on nothing else: not on time, nor on what other operations do meanwhile.
"""

import hashlib
from collections import Counter
from dataclasses import dataclass

from local.front.protocol import Answer, Call, CognitoError, HeldConnection, success

ERRORS = ("InternalErrorException", "TooManyRequestsException", "timeout")


@dataclass(frozen=True, slots=True)
class Fault:
    """A rule: `rate` (0 to 1) of an operation's calls get `latency_ms` more and then `error`.

    `operation` "*" and `region` None stand for all. `error` None is latency only; "timeout" holds the
    connection for `hold_ms` and closes it without an answer. With `after` the operation is carried out first:
    its answer is what gets lost.

    `shows` (0 to 1) of what a listing would show is all that its answer has, and no token: the listing ends
    there, silently. `where` limits that to requests whose Filter is this text, "" to those without one.
    """

    operation: str
    region: str | None = None
    rate: float = 1.0
    error: str | None = None
    latency_ms: float = 0.0
    after: bool = False
    hold_ms: float = 5_000.0
    shows: float | None = None
    where: str | None = None

    def fits(self, region: str, operation: str) -> bool:
        """Say whether this rule is about an operation in a Region."""
        return self.operation in ("*", operation) and self.region in (None, region)

    def strike(self) -> None:
        """Raise this rule's error, if it has one."""
        if self.error == "timeout":
            raise HeldConnection(self.hold_ms / 1000)
        if self.error == "InternalErrorException":
            raise CognitoError(self.error, "Internal server error. Injected fault.", 500)
        if self.error == "TooManyRequestsException":
            raise CognitoError(self.error, "Rate exceeded")

    def cut(self, call: Call, answer: Answer) -> Answer:
        """Return the answer of a listing cut short by this rule; any other as it is."""
        if self.shows is None or not answer.ok or self.where not in (None, call.data.get("Filter", "")):
            return answer
        kept = {
            name: value[: int(len(value) * self.shows)] if isinstance(value, list) else value
            for name, value in answer.data.items()
            if name not in ("NextToken", "PaginationToken")
        }
        return success(kept)


@dataclass(frozen=True, slots=True)
class Fate:
    """What the rules decided for one call."""

    latency_ms: float = 0.0
    before: Fault | None = None
    after: Fault | None = None
    silent: tuple[Fault, ...] = ()


class Faults:
    """The rules in force, and how many calls of each operation there were since they were set."""

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed
        self._rules: tuple[Fault, ...] = ()
        self._ordinals: Counter[tuple[str, str]] = Counter()

    @property
    def seed(self) -> int:
        """The seed; assigning one counts the calls from the start."""
        return self._seed

    @seed.setter
    def seed(self, seed: int) -> None:
        self._seed = seed
        self._ordinals.clear()

    @property
    def rules(self) -> tuple[Fault, ...]:
        """The rules; assigning new ones counts the calls from the start."""
        return self._rules

    @rules.setter
    def rules(self, rules: tuple[Fault, ...]) -> None:
        self._rules = rules
        self._ordinals.clear()

    def decide(self, region: str, operation: str) -> Fate:
        """Decide the fate of an operation's next call in a Region; of several errors the first rule's."""
        if not self._rules:
            return Fate()
        ordinal = self._ordinals[region, operation]
        self._ordinals[region, operation] += 1
        struck = [
            rule
            for place, rule in enumerate(self._rules)
            if rule.fits(region, operation) and self._draw(region, operation, ordinal, place) < rule.rate
        ]
        return Fate(
            sum(rule.latency_ms for rule in struck),
            next((rule for rule in struck if rule.error and not rule.after), None),
            next((rule for rule in struck if rule.error and rule.after), None),
            tuple(rule for rule in struck if rule.shows is not None),
        )

    def _draw(self, region: str, operation: str, ordinal: int, place: int) -> float:
        """Return a number in [0, 1) that is always the same for the same arguments and seed."""
        text = f"{self._seed}/{region}/{operation}/{ordinal}/{place}"
        return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest()) / 2**64
