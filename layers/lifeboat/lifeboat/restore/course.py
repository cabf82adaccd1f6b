"""The course of an import: when its phases began, and how fast it went; its report draws both.

The beginnings of its phases are in the ledger entry (`timeline`). Samples of how far it was lie beside the
entry until the end: consumers add to the entry once a batch, and DynamoDB charges a write by the size of the
whole item (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/capacity-mode.html). All of it is
of the present attempt, as the `started_at` of the entry is, and for showing only: nothing is decided by it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any, NotRequired, TypedDict

from lifeboat.model import now, seconds_between
from lifeboat.pacing import Category
from lifeboat.store.ledger import Ledger

PREFLIGHT, POOL, REPORT = "PREFLIGHT", "POOL", "REPORT"
"""The phases that show no progress; `progress` and `steps` have the others."""

MOST_SAMPLES = 200
"""Samples that are kept: more would show no more on any screen."""


RATE_SECONDS = 10
"""Rates are taken over so many seconds or more, where the phase is as old: consumers count batch by batch."""


class Phase(TypedDict):
    """A phase of an import, and when it began (`instant`)."""

    phase: str
    at: str


class Sample(TypedDict):
    """How many users, groups or whatever a phase is about were done at a moment (`instant`).

    `updates` are requests of the category UserUpdate, in the phase USERS only.
    """

    at: str
    phase: str
    done: int
    updates: NotRequired[int]


class Rate(TypedDict):
    """A sample with how many were done a second, over RATE_SECONDS or more; 0 for the first of a phase."""

    at: str
    phase: str
    done: int
    per_second: float
    updates_per_second: NotRequired[float]


def with_phase(entry: Mapping[str, Any], phase: str, at: str) -> dict[str, Any]:
    """What to write to the ledger entry because a phase goes on: nothing if it is known to have begun."""
    timeline = list(entry.get("timeline", []))
    if any(each["phase"] == phase for each in timeline):
        return {}
    return {"timeline": [*timeline, {"phase": phase, "at": at}]}


def note_phase(ledger: Ledger, import_id: str, phase: str) -> None:
    """Say that a phase begins that shows no progress."""
    begun = with_phase(ledger.get(import_id) or {}, phase, now())
    if begun:
        ledger.update(import_id, begun)


def take_sample(ledger: Ledger, import_id: str, entry: Mapping[str, Any], sample: Sample) -> None:
    """Keep a sample. Of two workers that do so at once, one wins."""
    timeline = entry.get("timeline") or [{"at": ""}]
    begun = str(timeline[0]["at"])
    kept: list[Sample] = [_sample(each) for each in ledger.samples(import_id) if str(each["at"]) >= begun]
    ledger.keep_samples(import_id, added(kept, sample))


def added(kept: Sequence[Sample], sample: Sample) -> list[Sample]:
    """The samples with another one, which is always the last; it takes the place of one that need not stay.

    That is the last one, if it is nearer to the one before it than anybody would see.
    """
    if len(kept) >= 2 and {kept[-2]["phase"], kept[-1]["phase"]} == {sample["phase"]}:
        span = seconds_between(kept[0]["at"], sample["at"])
        if seconds_between(kept[-2]["at"], kept[-1]["at"]) < span / MOST_SAMPLES:
            return [*kept[:-1], sample]
    return thinned([*kept, sample])


def thinned(samples: Sequence[Sample]) -> list[Sample]:
    """The samples; of too many about half, evenly spread, with the first of each phase and the last."""
    if len(samples) <= MOST_SAMPLES:
        return list(samples)
    gap = 2 * seconds_between(samples[0]["at"], samples[-1]["at"]) / MOST_SAMPLES
    kept = [samples[0]]
    for before, sample in pairwise(samples):
        apart = seconds_between(kept[-1]["at"], sample["at"])
        if apart >= gap or before["phase"] != sample["phase"] or sample is samples[-1]:
            kept.append(sample)
    return kept[-MOST_SAMPLES:]


def rates(samples: Sequence[Sample]) -> list[Rate]:
    """How fast it went at each of the samples."""
    found: list[Rate] = []
    of_phase: list[Sample] = []
    for sample in samples:
        if of_phase and of_phase[-1]["phase"] != sample["phase"]:
            of_phase = []
        of_phase.append(sample)
        while len(of_phase) > 1 and seconds_between(of_phase[1]["at"], sample["at"]) >= RATE_SECONDS:
            of_phase.pop(0)
        since = of_phase[0]
        seconds = seconds_between(since["at"], sample["at"])
        rate: Rate = {
            "at": sample["at"],
            "phase": sample["phase"],
            "done": sample["done"],
            "per_second": _per_second(sample["done"] - since["done"], seconds),
        }
        if "updates" in sample:
            rate["updates_per_second"] = _per_second(sample["updates"] - since.get("updates", 0), seconds)
        found.append(rate)
    return found


def rates_of(ledger: Ledger, import_id: str) -> list[Rate]:
    """How fast the present attempt at an import went."""
    timeline = (ledger.get(import_id) or {}).get("timeline") or [{"at": ""}]
    samples = [_sample(each) for each in ledger.samples(import_id)]
    return rates([each for each in samples if each["at"] >= str(timeline[0]["at"])])


def updates_limit(entry: Mapping[str, Any]) -> float:
    """The requests a second of the category UserUpdate that an import's plan allows itself; 0 if unknown."""
    for line in entry.get("plan", {}).get("requests", []):
        if line["category"] == Category.USER_UPDATE:
            return float(line["quota"]) * float(line["share"]) / 100
    return 0.0


def for_ledger(found: Sequence[Rate]) -> list[dict[str, Any]]:
    """Rates as DynamoDB takes them, which has no floats."""
    return [
        {name: Decimal(str(value)) if isinstance(value, float) else value for name, value in rate.items()}
        for rate in found
    ]


def _per_second(done: int, seconds: float) -> float:
    return round(max(0, done) / seconds, 1) if seconds > 0 else 0.0


def _sample(item: Mapping[str, Any]) -> Sample:
    sample: Sample = {"at": str(item["at"]), "phase": str(item["phase"]), "done": int(item["done"])}
    if "updates" in item:
        sample["updates"] = int(item["updates"])
    return sample
