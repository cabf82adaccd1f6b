"""The beginning of an export: input, lock, plan, ledger entry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypedDict

from pydantic import BaseModel, ConfigDict, StrictBool

from lifeboat.aws.executions import Executions
from lifeboat.cognito.reader import PoolReader
from lifeboat.errors import AlreadyRunning, InvalidInput, ResourceNotFound
from lifeboat.export.reading_place import ReadingPlace
from lifeboat.export.tasks import Portion, Run
from lifeboat.listing import export_workers, listing_prefixes, portions
from lifeboat.model import instant
from lifeboat.operator_input import parse
from lifeboat.pacing import Budget, Category
from lifeboat.request_plan import ExportPlan
from lifeboat.settings import Settings
from lifeboat.settling import Settled, nothing_settled
from lifeboat.store.ledger import DIED, Ledger, run_id
from lifeboat.store.lock import Lock, region_of
from lifeboat.store.table import BackupTable
from lifeboat.workflow import ExecutionTask


class ExportInput(BaseModel):
    """What may be typed as the input of the ExportWorkflow."""

    model_config = ConfigDict(extra="forbid")

    AllowMassRetirement: StrictBool = False


class Begun(TypedDict):
    """Output of Begin Export."""

    Run: Run
    UserPortions: list[Portion]
    Groups: dict[str, int]
    Captures: Settled


@dataclass(frozen=True, slots=True)
class ExportBeginning:
    """Begins an export."""

    settings: Settings
    table: BackupTable
    reader: PoolReader
    executions: Executions
    place: ReadingPlace

    def begin(self, task: ExecutionTask) -> Begun:
        """Take the lock and plan the listing. Safe to repeat for the same execution.

        Raises InvalidInput and AlreadyRunning.
        """
        arn, at = task["ExecutionId"], instant(task["StartedAt"])
        asked = parse(ExportInput, task.get("Input", {}), {"AllowMassRetirement": "true or false"})
        self.place.check(region_of(arn))
        export_id = run_id(arn, at)
        ledger = Ledger(self.table, "export")
        dead = Lock(self.table, self.executions, "export").acquire(arn, export_id)
        if dead is not None:
            ledger.end(dead, "FAILED", {}, DIED)
        # For how long this export keeps what it replaces: an import as of a moment before it goes by that.
        kept: dict[str, Any] = {
            "user_pool_id": self.reader.pool_id,
            "history_days": self.settings.history_days,
            "live_sync": self.settings.live_sync,
        }
        ledger.begin(export_id, arn, at, kept)
        latest = ledger.latest()
        if latest is not None and latest["started_at"] > at:
            # Its versions begin later than this export's would, which is to end them.
            raise AlreadyRunning(
                f"the export {latest['run_id']} was started later and has been completed; start again"
            )
        description = self._describe()
        estimated = int(description.get("EstimatedNumberOfUsers", 0))
        share, quotas = self.settings.export_quota_share, self.settings.quotas
        pages_per_second = Budget(share, 1, quotas).rate(Category.USER_LIST)
        workers = export_workers(pages_per_second, self.settings.export_concurrency)
        captures_mfa = self._captures_mfa(description)
        requests = ExportPlan(share, quotas, workers, captures_mfa, self.settings.captures_changes)
        prefixes = listing_prefixes(estimated, requests.listing.rate(Category.USER_LIST))
        dealt = portions(prefixes, workers)
        run: Run = {
            "ExportId": export_id,
            "At": at,
            "ExecutionArn": arn,
            "Workers": workers,
            "AllowMassRetirement": asked.AllowMassRetirement,
            "EstimatedUsers": estimated,
            "CaptureMfa": captures_mfa,
            "Live": self.settings.captures_changes,
        }
        plan = {"prefixes": len(prefixes), "workers": run["Workers"], "requests": requests.lines()}
        read_at = self.place.note(region_of(arn))
        ledger.update(export_id, {"plan": plan, "users_estimated": estimated, **read_at})
        return {
            "Run": run,
            "UserPortions": [{"Prefixes": part} for part in dealt],
            "Groups": {"Left": 0},
            "Captures": nothing_settled(),
        }

    def _captures_mfa(self, description: Mapping[str, Any]) -> bool:
        wanted = self.settings.capture_mfa_preferences == "true"
        return wanted and description.get("MfaConfiguration", "OFF") != "OFF"

    def _describe(self) -> Mapping[str, Any]:
        try:
            return self.reader.describe()
        except ResourceNotFound:
            raise InvalidInput(
                "UserPoolId",
                f"there is no user pool {self.reader.pool_id} in this account and Region; "
                "correct the stack's parameter UserPoolId and deploy again",
            ) from None
