"""What the product plans for a pool of any size: asked of the product's own planning code.

This is the one module of the benchmarks that knows the product's functions.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from lifeboat.listing import export_workers, lanes, listing_prefixes, portions
from lifeboat.pacing import Budget, Category, TokenBucket
from lifeboat.restore.lanes import CYCLE_SECONDS, JOB_USERS_PER_SECOND, JobSize, lane_plan
from lifeboat.restore.portions import LISTING_WORKERS, SCAN_WORKERS, buckets

EXPORT_ID: Final = "2026-11-21T09:25:21.878Z-86b993c5"
EXECUTION_ARN: Final = (
    "arn:aws:states:us-east-1:000000000000:execution:cognito-lifeboat-ExportWorkflow:"
    "86b993c5-9a2e-4d3f-8a53-9f1c1a7a6d10_b55b1c1f-5a35-4f0e-8f8a-0c3f5e2f9d11"
)


@dataclass(frozen=True, slots=True)
class ExportPlan:
    """How an export is divided: the sub prefixes of each worker, and the listings each has in flight.

    The same number of workers lists the members of the groups afterwards.
    """

    portions: tuple[tuple[str, ...], ...]
    workers: int
    lanes: int
    share: int

    def bucket(self, clock: Callable[[], float], sleep: Callable[[float], None]) -> TokenBucket:
        """The token bucket of one worker, by another clock."""
        return Budget(self.share, self.workers).bucket(Category.USER_LIST, clock, sleep, lambda: 0.0)

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
        # Absences are gathered before they are put in the bucket: never more manifests than prefixes.
        done = [
            {
                "Run": run,
                "Prefixes": [],
                "Left": {},
                "Counts": counts,
                "Absences": [f"users-{prefix}" for prefix in portion],
                "Finished": True,
            }
            for portion in self.portions
        ]
        begun = [{"Prefixes": list(portion)} for portion in self.portions]
        return {
            "Begin Export": {"Run": run, "UserPortions": begun, "Groups": {"Left": 0}},
            "List Pool, with absences in every prefix": {"Users": done},
        }


def export_plan(users: int, share: int, concurrency: int) -> ExportPlan:
    """Plan as Begin Export does."""
    workers = export_workers(Budget(share, 1).rate(Category.USER_LIST), concurrency)
    rate = Budget(share, workers).rate(Category.USER_LIST)
    dealt = portions(listing_prefixes(users, rate), workers)
    return ExportPlan(tuple(tuple(each) for each in dealt), workers, lanes(rate), share)


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """How an import goes: so many users by the API before all others, then one import job after the other.

    `updates` is how many memberships and disabled flags are sent in a second.
    """

    head_start: int
    sizes: JobSize
    updates: float

    def job(self, number: int, seconds_in_hand: float, left: int) -> int:
        """The users of the `number`th job (from 0), while updates have work for some seconds without it."""
        return self.sizes.of(number, seconds_in_hand, left)

    @staticmethod
    def job_seconds(users: int) -> float:
        """How long a job of so many users is thought to take, with all that comes before and after it."""
        return CYCLE_SECONDS + users / JOB_USERS_PER_SECOND


def import_plan(users: int, memberships: int, share: int, largest_job: int) -> ImportPlan:
    """Plan as Begin Import does."""
    updates = Budget(share, 1).rate(Category.USER_UPDATE)
    plan = lane_plan(users, memberships, updates)
    return ImportPlan(plan.head_start, JobSize(plan.first_job, plan.growing, largest_job), updates)


def import_parts(users: int) -> dict[str, int]:
    """The iterations of the Maps of an import, by the function that each calls."""
    return {
        "Enqueue Users": SCAN_WORKERS,
        "List Restored": LISTING_WORKERS,
        "Verify Users": buckets(users),
    }
