"""The end of an export, good or bad: ledger, lock, metrics, notification."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypedDict

from lifeboat.aws.executions import Executions
from lifeboat.aws.topic import Topic
from lifeboat.export.tasks import CompleteTask
from lifeboat.model import Kind
from lifeboat.settings import Settings
from lifeboat.store.ledger import COMPLETED, COMPLETED_WITHOUT_CLEANUP, Ledger
from lifeboat.store.lock import Lock
from lifeboat.store.table import BackupTable
from lifeboat.telemetry import publish
from lifeboat.workflow import ExecutionTask, Failure, plain_failure

FAILED = "FAILED"

TOLERATED_DIFFERENCE = 0.05
"""How far the listed users may lie from the pool's estimate before the ledger says so."""


class Summary(TypedDict):
    """Output of Complete Export, and so of the execution."""

    ExportId: str
    Status: str
    Counts: dict[str, dict[str, int]]


@dataclass(frozen=True, slots=True)
class ExportEnd:
    """Ends an export."""

    settings: Settings
    table: BackupTable
    executions: Executions
    topic: Topic

    def complete(self, task: CompleteTask) -> Summary:
        """Close the ledger and give the lock back. Safe to repeat."""
        run = task["Run"]
        counts: dict[str, dict[str, int]] = {}
        for kind in (Kind.USER, Kind.GROUP, Kind.MEMBERSHIP):
            count = {name: int(value) for name, value in task["Counts"][kind].items()}  # type: ignore[call-overload]
            count["retired"] = sum(int(part.get(kind, 0)) for part in task["Retired"])
            counts[kind.value] = count
        guard = task["Guard"]
        status = COMPLETED_WITHOUT_CLEANUP if guard else COMPLETED
        completeness = self._completeness(counts[Kind.USER]["listed"], run["EstimatedUsers"])
        values: dict[str, Any] = {
            "counts": counts,
            "completeness": completeness,
            "configuration": _configuration(task),
        }
        if run.get("Live"):
            values.update(self._live(run["ExportId"], task))
        entry = Ledger(self.table, "export").end(run["ExportId"], status, values, guard, keep=True)
        Lock(self.table, self.executions, "export").release(run["ExecutionArn"])
        if "drift" in values:
            publish(self.settings.stack_name, {"ExportDrift": sum(values["drift"].values())})
        publish(
            self.settings.stack_name,
            {
                "ExportSucceeded": 1,
                "ExportGuardTripped": 1 if guard else 0,
                "UsersListed": counts[Kind.USER]["listed"],
                "ItemsWritten": sum(count["added"] + count["changed"] for count in counts.values()),
                "ItemsRetired": sum(count["retired"] for count in counts.values()),
            },
        )
        self.topic.announce(
            f"{self.settings.stack_name}: export {'without cleanup' if guard else 'completed'}",
            _account(run["ExportId"], entry, counts, guard, completeness),
            error=bool(guard),
        )
        return {"ExportId": run["ExportId"], "Status": status, "Counts": counts}

    def fail(self, task: ExecutionTask) -> Failure:
        """Write the failure to the ledger and give the lock back, if this execution holds it."""
        arn = task["ExecutionId"]
        failure = plain_failure(task.get("Error", ""), task.get("Cause", ""))
        lock = Lock(self.table, self.executions, "export")
        export_id = lock.held_by(arn)
        if export_id is not None:
            reason = f"{failure['Error']}: {failure['Cause']}"
            Ledger(self.table, "export").end(export_id, FAILED, {}, reason)
            lock.release(arn)
        publish(self.settings.stack_name, {"ExportFailed": 1})
        self.topic.announce(
            f"{self.settings.stack_name}: export failed",
            f"The export did not complete.\n\n{failure['Error']}: {failure['Cause']}\n\n"
            f"Execution: {arn}\n"
            "The backup holds what earlier exports wrote; the next export repairs what this one left out.",
            error=True,
        )
        return failure

    def _live(self, export_id: str, task: CompleteTask) -> dict[str, Any]:
        """The ledger's entry for an export beside captures.

        `drift` is what it had to write that no capture has brought; the first one after captures were
        switched on has all that happened before to write. `settled` is who was captured meanwhile and read
        again; `unsettled` is there if that could not be done for all, and says why.
        """
        entry = Ledger(self.table, "export").get(export_id) or {}
        drift = {
            kind.value: int(entry.get(f"drift_{kind.value}", 0))
            for kind in (Kind.USER, Kind.GROUP, Kind.MEMBERSHIP)
        }
        settled = task.get("Captures")
        unsettled = settled.get("Unsettled") if settled else None
        return {
            "drift": drift,
            "settled": settled["Users"] if settled else 0,
            **({"unsettled": unsettled} if unsettled else {}),
        }

    @staticmethod
    def _completeness(listed: int, estimated: int) -> dict[str, Any]:
        differs = abs(listed - estimated) > TOLERATED_DIFFERENCE * max(estimated, 1)
        return {"listed": listed, "estimated": estimated, "differs": differs}


def _configuration(task: CompleteTask) -> dict[str, Any]:
    """The ledger's entry for the pool's configuration."""
    if "Configuration" not in task:
        return {}
    captured = task["Configuration"]
    return {**captured["Counts"], "unread": captured["Unread"]}


def _account(
    export_id: str,
    entry: Mapping[str, Any],
    counts: Mapping[str, Mapping[str, int]],
    guard: str,
    completeness: Mapping[str, Any],
) -> str:
    lines = [f"Export {export_id}: {entry['status']} after {entry['duration_seconds']} s.", ""]
    for kind, count in counts.items():
        lines.append(
            f"{kind}: {count['listed']} listed, {count['added']} added, {count['changed']} changed, "
            f"{count['unchanged']} unchanged, {count['retired']} retired"
        )
    configuration = entry.get("configuration")
    if configuration:
        lines.append(
            f"configuration: {configuration['parts']} parts, {configuration['added']} added, "
            f"{configuration['changed']} changed, {configuration['retired']} retired"
        )
        if configuration["unread"]:
            lines.append(
                f"Cognito refused to show of the configuration: {', '.join(configuration['unread'])}. "
                "What the backup holds of it was left as it is."
            )
    if "drift" in entry:
        missed = ", ".join(f"{number} {kind}" for kind, number in entry["drift"].items())
        lines.append(
            f"captures: {entry['settled']} users captured meanwhile were read again; "
            f"written that no capture has brought: {missed}"
        )
        if entry.get("unsettled"):
            lines.append(
                f"The pool itself could not be reached ({entry['unsettled']}): whoever was captured "
                "meanwhile is read again by the next export."
            )
    if guard:
        lines += ["", guard]
    if completeness["differs"]:
        lines += [
            "",
            f"{completeness['listed']} users were listed, but the pool estimates "
            f"{completeness['estimated']}: more than 5 % apart. "
            "The estimate may be late; if the next export says so too, look into it.",
        ]
    return "\n".join(lines)
