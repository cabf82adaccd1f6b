"""The beginning of a drill: input, lock, ledger entry, and the start of its import."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from lifeboat.aws.executions import Executions, execution_of
from lifeboat.cognito.scratch_pools import pool_name
from lifeboat.drill.tasks import BeginTask, Begun
from lifeboat.model import instant
from lifeboat.operator_input import parse
from lifeboat.store.ledger import Ledger, run_id
from lifeboat.store.lock import Lock, region_of
from lifeboat.store.table import BackupTable

EXPECTED = {"SamplePercent": "a whole number from 1 to 100"}


class DrillInput(BaseModel):
    """What may be typed as the input of the DrillWorkflow."""

    model_config = ConfigDict(extra="forbid", strict=True)

    SamplePercent: int | None = Field(default=None, ge=1, le=100)


@dataclass(frozen=True, slots=True)
class DrillBeginning:
    """Begins a drill. `sample_percent` is of how many users, where the input does not say it."""

    table: BackupTable
    executions: Executions
    sample_percent: int

    def begin(self, task: BeginTask) -> Begun:
        """Take the lock, open the ledger entry and start the import. Safe to repeat.

        Raises InvalidInput, and AlreadyRunning while another drill runs in this Region.
        """
        arn, started_at = task["ExecutionId"], instant(task["StartedAt"])
        asked = parse(DrillInput, task.get("Input"), EXPECTED)
        drill_id = run_id(arn, started_at)
        Lock(self.table, self.executions, "drill").acquire(arn, drill_id)
        ledger = Ledger(self.table, "drill")
        name = pool_name(drill_id)
        import_execution = execution_of(task["ImportWorkflow"], name)
        if ledger.get(drill_id) is None:
            ledger.begin(
                drill_id,
                arn,
                started_at,
                {
                    "region": region_of(arn),
                    "sample_percent": asked.SamplePercent or self.sample_percent,
                    "pool_name": name,
                    "pool_id": "",
                    "import_id": "",
                    "import_execution_arn": import_execution,
                    "closing": False,
                    "gave_way_to": "",
                    "users": 0,
                    "rto_seconds": "",
                },
            )
        self.executions.start(task["ImportWorkflow"], name, {"Drill": drill_id})
        return {"Drill": {"DrillId": drill_id, "ExecutionArn": arn, "ImportExecution": import_execution}}
