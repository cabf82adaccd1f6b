"""The beginning of an import: input, lock, preflight, ledger entry, plan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypedDict

from pydantic import BaseModel, ConfigDict, Field, model_validator

from lifeboat.aws.executions import Executions
from lifeboat.aws.queues import Queue
from lifeboat.cognito.reader import PoolReader
from lifeboat.errors import InvalidInput
from lifeboat.listing import listing_prefixes, portions
from lifeboat.model import instant
from lifeboat.operator_input import parse
from lifeboat.pacing import Budget, Category
from lifeboat.restore.preflight import Preflight
from lifeboat.restore.tasks import GroupsTask, ListingTask, Run, ScanTask, VerifyTask
from lifeboat.store.keys import SHARDS
from lifeboat.store.ledger import DIED, Ledger, run_id
from lifeboat.store.lock import Lock, region_of
from lifeboat.store.table import BackupTable
from lifeboat.workflow import ExecutionTask

POOL_ID = r"^[a-z]{2}(-[a-z]+)+-[0-9]+_[0-9A-Za-z]+$"
IMPORT_ID = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z-[0-9a-f]{8}$"

SCAN_WORKERS = 8
LISTING_WORKERS = 4
"""Workers that list the new pool; half of them memberships."""

USERS_PER_BUCKET = 50_000
"""The verification compares about so many users in one invocation."""


class ImportInput(BaseModel):
    """What may be typed as the input of the ImportWorkflow."""

    model_config = ConfigDict(extra="forbid", strict=True)

    NewUserPoolId: str | None = Field(default=None, pattern=POOL_ID)
    Resume: str | None = Field(default=None, pattern=IMPORT_ID)

    @model_validator(mode="after")
    def _names_a_pool(self) -> ImportInput:
        if self.NewUserPoolId is None and self.Resume is None:
            raise ValueError("NewUserPoolId: missing; expected " + EXPECTED["NewUserPoolId"])
        return self


EXPECTED = {
    "NewUserPoolId": "the id of an empty user pool in this Region, such as eu-west-1_AbCdEf123",
    "Resume": "the id of an earlier import, as its ledger, report and notification give it",
}


class Begun(TypedDict):
    """Output of Begin Import: the run and the portions of its Map states."""

    Run: Run
    Groups: GroupsTask
    Scans: list[ScanTask]
    Listings: list[ListingTask]
    Checks: list[VerifyTask]


@dataclass(frozen=True, slots=True)
class ImportBeginning:
    """Begins an import."""

    table: BackupTable
    executions: Executions
    queues: tuple[Queue, ...]
    reader_of: Callable[[str], PoolReader]
    quota_share: int

    def begin(self, task: ExecutionTask) -> Begun:
        """Check everything, take the lock, plan. Safe to repeat for the same execution.

        Raises InvalidInput, AlreadyRunning and PreflightFailed.
        """
        arn, started_at = task["ExecutionId"], instant(task["StartedAt"])
        asked = parse(ImportInput, task.get("Input"), EXPECTED)
        ledger = Ledger(self.table, "import")
        pool_id = self._resumed_pool(asked, ledger) if asked.Resume else str(asked.NewUserPoolId)
        _check_region(pool_id, region_of(arn))
        import_id = asked.Resume or run_id(arn, started_at)
        dead = Lock(self.table, self.executions, "import").acquire(arn, import_id)
        if dead is not None and ledger.get(dead) is not None:
            ledger.end(dead, "FAILED", {}, DIED)
        resuming = asked.Resume is not None or self._begun_before(ledger, import_id, arn)
        checked = Preflight(self.table, self.reader_of(pool_id), self.queues).check(resuming)
        users = int(checked.export["counts"]["users"]["listed"])
        run: Run = {
            "ImportId": import_id,
            "UserPoolId": pool_id,
            "ExecutionArn": arn,
            "ExportId": checked.export["run_id"],
            "Buckets": max(1, -(-users // USERS_PER_BUCKET)),
            "Warnings": checked.warnings,
        }
        ledger.begin(
            import_id,
            arn,
            started_at,
            {"user_pool_id": pool_id, "export_id": run["ExportId"], "warnings": checked.warnings},
        )
        prefixes = [f"users:{prefix}" for prefix in listing_prefixes(users, self._pages_per_second())]
        workers = LISTING_WORKERS // 2
        parts = portions(prefixes, workers) + [[f"groups:{each}:{workers}"] for each in range(workers)]
        return {
            "Run": run,
            "Groups": {"Run": run, "Next": 0},
            "Scans": [{"Run": run, "Shards": part} for part in portions(SHARDS, SCAN_WORKERS)],
            "Listings": [{"Run": run, "Parts": part} for part in parts],
            "Checks": [{"Run": run, "Bucket": number} for number in range(run["Buckets"])],
        }

    def _pages_per_second(self) -> float:
        """What one of the workers may ask for that list the new pool."""
        return Budget(self.quota_share, LISTING_WORKERS).rate(Category.USER_LIST)

    @staticmethod
    def _begun_before(ledger: Ledger, import_id: str, arn: str) -> bool:
        """Whether this same execution has begun already and its answer was lost."""
        entry = ledger.get(import_id)
        return entry is not None and entry["execution_arn"] == arn

    @staticmethod
    def _resumed_pool(asked: ImportInput, ledger: Ledger) -> str:
        entry = ledger.get(str(asked.Resume))
        if entry is None:
            raise InvalidInput(
                "Resume", f"there is no import {asked.Resume} in the ledger; expected {EXPECTED['Resume']}"
            )
        pool_id = str(entry["user_pool_id"])
        if asked.NewUserPoolId not in (None, pool_id):
            raise InvalidInput(
                "NewUserPoolId",
                f"the import {asked.Resume} was filling {pool_id}; give that id, or leave NewUserPoolId out",
            )
        return pool_id


def _check_region(pool_id: str, region: str) -> None:
    pool_region = pool_id.partition("_")[0]
    if pool_region != region:
        raise InvalidInput(
            "NewUserPoolId",
            f"the pool is in {pool_region}, but this workflow runs in {region}; expected a pool of {region}, "
            f"or start the ImportWorkflow in {pool_region}",
        )
