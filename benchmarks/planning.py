"""What the product plans for a pool of any size: asked of the product's own planning code.

This is the one module of the benchmarks that knows the product's functions.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from lifeboat.listing import MEMBERSHIP_WORKERS, listing_prefixes, portions
from lifeboat.pacing import Budget, Category, TokenBucket
from lifeboat.restore.import_chunk import chunk_size

LANES: Final = 1
"""Listings that a worker has in flight."""

EXPORT_ID: Final = "2026-11-21T09:25:21.878Z-86b993c5"
EXECUTION_ARN: Final = (
    "arn:aws:states:us-east-1:000000000000:execution:cognito-lifeboat-ExportWorkflow:"
    "86b993c5-9a2e-4d3f-8a53-9f1c1a7a6d10_b55b1c1f-5a35-4f0e-8f8a-0c3f5e2f9d11"
)


@dataclass(frozen=True, slots=True)
class ExportPlan:
    """How an export is divided: the sub prefixes of each worker that lists users, and the other workers."""

    portions: tuple[tuple[str, ...], ...]
    membership_workers: int
    lanes: int
    share: int
    side_by_side: bool
    """Whether memberships are listed beside the users, with a part of the quota, or after them with all of it."""

    @property
    def workers(self) -> int:
        """All workers that share the quota."""
        return len(self.portions) + (self.membership_workers if self.side_by_side else 0)

    def bucket(self, clock: Callable[[], float], sleep: Callable[[float], None]) -> TokenBucket:
        """The token bucket of one worker, by another clock."""
        rate = Budget(self.share, self.workers).rate(Category.USER_LIST)
        return TokenBucket(rate, clock=clock, sleep=sleep)

    def payloads(self) -> dict[str, Mapping[str, Any]]:
        """The largest payloads between states, by what they are, with counts as long as they get."""
        run = {
            "ExportId": EXPORT_ID,
            "At": EXPORT_ID[:24],
            "ExecutionArn": EXECUTION_ARN,
            "Workers": self.workers,
            "AllowMassRetirement": False,
            "EstimatedUsers": 40_000_000,
            "CaptureMfa": False,
        }
        names = ("listed", "added", "changed", "unchanged", "absent", "stored")
        counts = dict.fromkeys(names, 40_000_000)
        manifests = [
            [f"exports/{EXPORT_ID}/absent/{prefix}.json.gz" for prefix in it] for it in self.portions
        ]
        done = [
            {"Run": run, "Prefixes": [], "Counts": counts, "Absences": each, "Finished": True}
            for each in manifests
        ]
        return {
            "Begin Export": {"Run": run, "UserPortions": [{"Prefixes": list(it)} for it in self.portions]},
            "List Pool, every listing with absences": {"Users": done},
        }


def export_plan(users: int, share: int, concurrency: int) -> ExportPlan:
    """Plan as Begin Export does."""
    budget = Budget(share, concurrency + MEMBERSHIP_WORKERS)
    prefixes = listing_prefixes(users, budget.rate(Category.USER_LIST))
    dealt = portions(prefixes, concurrency)
    return ExportPlan(
        tuple(tuple(each) for each in dealt), MEMBERSHIP_WORKERS, LANES, share, side_by_side=True
    )


def job_sizes(users: int, largest: int) -> list[int]:
    """The users of each import job, one after the other."""
    sizes: list[int] = []
    while users > 0:
        sizes.append(min(users, chunk_size(len(sizes), largest)))
        users -= sizes[-1]
    return sizes


def updates_per_second(share: int) -> float:
    """The memberships and disabled flags that an import sends in a second."""
    return Budget(share, 1).rate(Category.USER_UPDATE)
