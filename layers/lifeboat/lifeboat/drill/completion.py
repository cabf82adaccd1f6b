"""The end of a drill, good or bad: ledger, lock, metrics, notification."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from lifeboat.aws.executions import Executions
from lifeboat.aws.topic import Topic
from lifeboat.drill.floors import restore_floor
from lifeboat.drill.scratch import Scratch
from lifeboat.drill.tasks import CompleteTask, Drill, Ended
from lifeboat.errors import DrillFailed
from lifeboat.model import instant
from lifeboat.store.ledger import Ledger, run_id
from lifeboat.store.lock import Lock
from lifeboat.store.table import BackupTable
from lifeboat.telemetry import publish
from lifeboat.workflow import ExecutionTask, Failure, plain_failure

SUCCEEDED, FAILED = "SUCCEEDED", "FAILED"


@dataclass(frozen=True, slots=True)
class DrillEnd:
    """Ends a drill."""

    stack_name: str
    table: BackupTable
    executions: Executions
    topic: Topic

    def complete(self, task: CompleteTask) -> Ended:
        """Judge the import, close the ledger entry, give the lock back. Safe to repeat."""
        drill_id = task["Drill"]["DrillId"]
        ledger = Ledger(self.table, "drill")
        entry = ledger.get(drill_id) or {}
        imported = Ledger(self.table, "import").get(str(entry.get("import_id", ""))) or {}
        cause = _cause(entry, imported)
        rto = "" if cause else str(imported["duration_seconds"])
        totals = imported.get("totals", {})
        users = int(totals.get("users", {}).get("restored", 0))
        floor = restore_floor(users, int(totals.get("memberships", {}).get("restored", 0)))
        closed = ledger.end(
            drill_id,
            FAILED if cause else SUCCEEDED,
            {"rto_seconds": rto, "users": users, "floor_seconds": f"{floor:.3f}"},
            cause,
            keep=not cause,
        )
        self._tell(task["Drill"], closed, cause)
        return {
            "DrillId": drill_id,
            "Passed": not cause,
            "Error": DrillFailed.__name__ if cause else "",
            "Cause": cause,
            "RtoSeconds": float(rto or 0),
            "Users": users,
        }

    def fail(self, task: ExecutionTask, scratch: Scratch) -> Failure:
        """Clear away after the drill, write the failure to the ledger and give the lock back.

        What cannot be cleared away now is left to the hourly sweep; the entry then stays open.
        """
        arn = task["ExecutionId"]
        drill_id = run_id(arn, instant(task["StartedAt"]))
        failure = plain_failure(task.get("Error", ""), task.get("Cause", ""))
        reason = f"{failure['Error']}: {failure['Cause']}"
        ledger = Ledger(self.table, "drill")
        closed: Mapping[str, Any] = {}
        if ledger.get(drill_id) is not None:
            scratch.clear(drill_id)
            closed = ledger.end(drill_id, FAILED, {}, reason)
        drill: Drill = {"DrillId": drill_id, "ExecutionArn": arn, "ImportExecution": ""}
        self._tell(drill, closed, reason)
        return failure

    def _tell(self, drill: Drill, closed: Mapping[str, Any], cause: str) -> None:
        Lock(self.table, self.executions, "drill").release(drill["ExecutionArn"])
        values: dict[str, float] = {"DrillSucceeded": 0 if cause else 1, "DrillFailed": 1 if cause else 0}
        if not cause:
            values |= {
                "DrillAgeDays": 0,
                "DrillRtoSeconds": float(closed["rto_seconds"]),
                "DrillFloorSeconds": float(closed["floor_seconds"]),
            }
        units = {name: MetricUnit.Seconds for name in values if name.endswith("Seconds")}
        publish(self.stack_name, values, units=units)
        self.topic.announce(
            f"{self.stack_name}: drill {'failed' if cause else 'succeeded'}",
            _account(drill, closed, cause),
            error=bool(cause),
        )


def _cause(entry: Mapping[str, Any], imported: Mapping[str, Any]) -> str:
    """Why the drill has not passed; "" if it has."""
    if imported.get("status") != SUCCEEDED and entry.get("gave_way_to"):
        return f"the drill gave way to the import {entry['gave_way_to']}; it starts again at its next time"
    if not imported:
        return f"the drill's import could not begin: {entry.get('import_reason', 'it was stopped')}"
    if imported["status"] != SUCCEEDED:
        return f"the drill's import {imported['run_id']} ended as {imported['status']}: {imported['reason']}"
    if not entry.get("cleared_at"):
        return "the scratch pool has not been cleared away"
    return ""


def _account(drill: Drill, closed: Mapping[str, Any], cause: str) -> str:
    lines = [f"Drill {drill['DrillId']}: {closed.get('status', FAILED)}."]
    if closed.get("import_id"):
        lines.append(f"Import {closed['import_id']}, {closed['sample_percent']} % of the backup.")
    if cause:
        lines += ["", cause, "", f"Execution: {drill['ExecutionArn']}"]
    else:
        lines.append(f"{closed['users']} users were restored and verified in {closed['rto_seconds']} s.")
    return "\n".join(lines)
