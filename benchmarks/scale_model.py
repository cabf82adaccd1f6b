"""`make scale-model`: an export and an import of 1 and 40 million users, reckoned by the product's planning.

The plan (prefixes, portions, rates, sizes of import jobs) and the token buckets are the product's; the clock
is virtual. Every page of every listing is gone through: its turn, its token, the call's latency, and the time
for comparing. What a user costs in the table is taken from the last run of `make bench`.
"""

import heapq
import json
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from benchmarks.document import FULL, IMPORT, UNCHANGED, kept
from benchmarks.floors import PAGE, Size, export_floor, import_floor
from benchmarks.history import MOST_BYTES, MOST_EVENTS, definition, history, visits
from benchmarks.planning import ExportPlan, export_plan, import_parts, import_plan
from cli.pricing.prices import cost

SIZES: Final = (1_000_000, 40_000_000)
GROUPS: Final = 10_000
LATENCY: Final = 0.15
"""Seconds of a call to Cognito."""

HANDLING: Final = 0.03
"""Seconds in which a page is compared; between two pages of a listing."""

INVOCATION_SECONDS: Final = 840.0
"""After so long a worker begins no further listing: 900 seconds, less the reserve."""

LIST_MEMORY_GB: Final = 0.5
EXPORT_CONCURRENCY: Final = 4
LARGEST_JOB: Final = 10_000
"""The default of CsvChunkUsers."""

WORKING_SECONDS: Final = 600.0
"""After so long a call of Run Import Jobs begins no further step, but watches a job that it has begun."""

JOBS_OF_A_POOL: Final = 1_000
SCANNED_PER_SECOND: Final = 1_600.0
"""Users that the workers of an import read from the backup and queue, all together: a guess."""


class VirtualClock:
    """A clock that stands still until it is set, and notes how long somebody wanted to sleep."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept = 0.0

    def time(self) -> float:
        """The time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Take note of a wait."""
        self.slept += seconds


def listing_seconds(plan: ExportPlan, listings: Sequence[int]) -> float:
    """Return how long one worker takes for listings of so many pages each, some at a time."""
    clock = VirtualClock()
    bucket = plan.bucket(clock.time, clock.sleep)
    waiting = list(listings)[::-1]
    lanes = [(0.0, lane, 0) for lane in range(plan.lanes)]
    end = 0.0
    while lanes:
        clock.now, lane, left = heapq.heappop(lanes)
        if left == 0:
            if not waiting:
                end = max(end, clock.now)
                continue
            left = waiting.pop()
        clock.slept = 0.0
        bucket.acquire()
        heapq.heappush(lanes, (clock.now + clock.slept + LATENCY + HANDLING, lane, left - 1))
    return end


@dataclass(frozen=True, slots=True)
class Reckoned:
    """What an export or import of some size is reckoned to take. `payloads` are bytes, by what they are."""

    name: str
    users: int
    seconds: float
    floor: float
    events: int
    transitions: int
    payloads: Mapping[str, int]
    usage: Mapping[str, float]
    notes: tuple[str, ...] = ()

    @property
    def dollars(self) -> float:
        """What it costs at list price, so far as `usage` says."""
        return sum(cost(self.usage).values())


def too_long(machine: Mapping[str, Any], seconds: float) -> list[str]:
    """Say so where an execution would be timed out."""
    limit = machine["TimeoutSeconds"]
    return (
        [f"longer than the {limit / 3600:g} hours that the state machine allows"] if seconds > limit else []
    )


def reckon_export(users: int, groups: int, share: int, observed: Mapping[str, Any], run: str) -> Reckoned:
    """Reckon an export of users with one group each; `run` says which run's cost of a user is taken."""
    plan = export_plan(users, share, EXPORT_CONCURRENCY)
    prefixes = sum(len(portion) for portion in plan.portions)
    pages_of_prefix = max(1, math.ceil(users / prefixes / PAGE))
    listers = [listing_seconds(plan, [pages_of_prefix] * len(portion)) for portion in plan.portions]
    pages_of_group = max(1, math.ceil(users / groups / PAGE))
    shares = [len(range(worker, groups, plan.workers)) for worker in range(plan.workers)]
    members = [listing_seconds(plan, [pages_of_group] * count) for count in shares]
    rounds = [math.ceil(seconds / INVOCATION_SECONDS) for seconds in listers]
    member_rounds = [math.ceil(seconds / INVOCATION_SECONDS) for seconds in members]
    machine = definition("export")

    def rounds_of(first_state: str) -> list[int]:
        return rounds if "Users" in first_state else member_rounds if "Memberships" in first_state else []

    visited, iterations = visits(machine, rounds_of, {})
    events, transitions = history(machine, visited, iterations)
    per_user = observed["runs"][run]
    usage = {
        "write_units": per_user["write_units"] / observed["users"] * users,
        "read_units": per_user["read_units"] / observed["users"] * users,
        "state_transitions": transitions,
        "lambda_gb_seconds": LIST_MEMORY_GB * (sum(listers) + sum(members)),
        "lambda_invocations": sum(rounds) + sum(member_rounds) + 6,
    }
    payloads = {name: len(json.dumps(payload)) for name, payload in plan.payloads().items()}
    floor = export_floor(Size(users, 0, (users // groups,) * groups)) * 100 / share
    seconds = max(listers) + max(members)
    return Reckoned(
        f"{run}, share {share} %",
        users,
        seconds,
        floor,
        events,
        transitions,
        payloads,
        usage,
        tuple(too_long(machine, seconds)),
    )


def reckon_import(users: int, share: int, observed: Mapping[str, Any]) -> Reckoned:
    """Reckon an import of users with one membership each, by import jobs but for the head start."""
    plan = import_plan(users, users, share, LARGEST_JOB)
    jobs: list[int] = []
    left = users - plan.head_start
    clock, settled = 0.0, plan.head_start / plan.updates
    while left > 0:
        jobs.append(plan.job(len(jobs), max(0.0, settled - clock), left))
        left -= jobs[-1]
        clock += plan.job_seconds(jobs[-1])
        settled = max(settled, clock) + jobs[-1] / plan.updates
    a_job = clock / max(1, len(jobs))
    looks = math.ceil(settled / min(INVOCATION_SECONDS, WORKING_SECONDS + a_job))
    machine = definition("import")
    loops = dict.fromkeys(("Run Import Jobs", "Import Drained?"), looks)
    listing = export_floor(Size(users, 0, (users // GROUPS,) * GROUPS)) * 100 / share
    seconds = {"Enqueue Users": users / SCANNED_PER_SECOND, "List Restored": listing, "Verify Users": 0.0}

    def rounds_of(first_state: str) -> list[int]:
        parts = import_parts(users)[first_state]
        return [max(1, math.ceil(seconds[first_state] / INVOCATION_SECONDS))] * parts

    visited, iterations = visits(machine, rounds_of, loops)
    events, transitions = history(machine, visited, iterations)
    per_user = observed["runs"][IMPORT]
    usage = {
        "write_units": per_user["write_units"] / observed["users"] * users,
        "read_units": per_user["read_units"] / observed["users"] * users,
        "state_transitions": transitions,
        "lambda_gb_seconds": per_user["lambda_gb_seconds"] / observed["users"] * users,
        "lambda_invocations": per_user["lambda_invocations"] / observed["users"] * users,
        "sqs_requests": per_user["usage"]["sqs_requests"] / observed["users"] * users,
    }
    notes = [f"{plan.head_start:,} users by the API, {len(jobs)} import jobs of up to {max(jobs):,} users"]
    if len(jobs) > JOBS_OF_A_POOL:
        notes.append(f"more jobs than the {JOBS_OF_A_POOL:,} that a pool allows: the rest go by the API")
    notes += too_long(machine, settled)
    floor = import_floor(Size(users, 0, (users,))) * 100 / share
    return Reckoned(
        f"import, share {share} %", users, settled, floor, events, transitions, {}, usage, tuple(notes)
    )


def reckoned(observed: Mapping[str, Any]) -> list[Reckoned]:
    """Reckon everything that is printed."""
    found: list[Reckoned] = []
    for users in SIZES:
        for share in (100, 50):
            found.append(reckon_export(users, GROUPS, share, observed, FULL))
            found.append(reckon_export(users, GROUPS, share, observed, UNCHANGED))
        if IMPORT in observed["runs"]:
            found.append(reckon_import(users, 100, observed))
    return found


def tell(console: Console, found: Sequence[Reckoned]) -> None:
    """Print what was reckoned."""
    shown = Table(title=f"{GROUPS:,} groups, one membership a user, {LATENCY * 1000:.0f} ms a call")
    shown.add_column("")
    for title in (
        "users",
        "hours",
        "over floor",
        "dollars",
        "largest payload",
        "history events",
        "transitions",
    ):
        shown.add_column(title, justify="right")
    for each in found:
        largest = max(each.payloads.values(), default=0)
        shown.add_row(
            each.name,
            f"{each.users:,}",
            f"{each.seconds / 3600:,.2f}",
            f"{each.seconds / each.floor:.2f}",
            f"{each.dollars:,.2f}",
            f"{largest:,} B" + (" !" if largest > MOST_BYTES else "") if largest else "",
            f"{each.events:,}" + (" !" if each.events > MOST_EVENTS else ""),
            f"{each.transitions:,}",
        )
    console.print(shown)
    console.print(f"!: over Step Functions' limit of {MOST_BYTES:,} bytes or {MOST_EVENTS:,} events")
    for each in found:
        for note in each.notes:
            console.print(f"{each.name}, {each.users:,} users: {note}")


def headline() -> Mapping[str, Any]:
    """Return the largest kept results. Raises FileNotFoundError while there are none."""
    results = kept()
    if not results:
        raise FileNotFoundError("docs/benchmarks.json has no results; run `make bench` first")
    return dict(results[list(results)[-1]])


def main() -> int:
    """Print the model."""
    console = Console()
    tell(Console(width=max(console.width, 140)), reckoned(headline()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
