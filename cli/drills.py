"""Starting a drill and following it, by what the ledger says."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cli.connection import Connection, Stack
from lifeboat.model import instant
from lifeboat.store.ledger import Ledger, run_id
from lifeboat.store.table import BackupTable

RUNNING: Final = "RUNNING"
LOOK_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True)
class Started:
    """A drill that was started: its id in the ledger, its execution and the stack that it runs in."""

    drill_id: str
    execution_arn: str
    stack: Stack


def start(connection: Connection, stack: Stack, sample_percent: int | None) -> Started:
    """Start the DrillWorkflow of a stack; None leaves the sample to DrillSamplePercent."""
    given = {} if sample_percent is None else {"SamplePercent": sample_percent}
    states = connection.client("stepfunctions", stack.region)
    answer = states.start_execution(stateMachineArn=stack.output("DrillWorkflowArn"), input=json.dumps(given))
    arn = str(answer["executionArn"])
    # The ledger's id is made of the start as the execution itself knows it, to the millisecond.
    started = states.describe_execution(executionArn=arn)["startDate"]
    return Started(run_id(arn, instant(started)), arn, stack)


@dataclass(frozen=True, slots=True)
class Progress:
    """How a drill is: `step` says in words what it is at, `entry` is what its ledger entry holds."""

    step: str
    entry: Mapping[str, Any]
    over: bool


class Following:
    """Follows one drill in the ledger."""

    def __init__(self, table: BackupTable, started: Started, states: Any) -> None:
        self._started = started
        self._states = states
        self._drills, self._imports = Ledger(table, "drill"), Ledger(table, "import")

    def look(self) -> Progress:
        """How the drill is now; one that failed before its entry was opened has an entry all the same."""
        entry = self._drills.get(self._started.drill_id)
        if entry is not None and entry["status"] != RUNNING:
            return Progress("ended", entry, over=True)
        described = self._states.describe_execution(executionArn=self._started.execution_arn)
        if described["status"] != RUNNING:
            # The entry is closed before the execution ends, but for one that was stopped.
            entry = self._drills.get(self._started.drill_id) or {"sample_percent": ""}
            return Progress("ended", _ended(entry, described), over=True)
        if entry is None:
            return Progress("beginning", {}, over=False)
        imported = self._imports.get(str(entry["import_id"])) if entry.get("import_id") else None
        return Progress(_step(entry, imported), entry, over=False)

    def until_over(self, sleep: Callable[[float], object] = time.sleep) -> Iterator[Progress]:
        """Look again and again; the last one is of the drill's end."""
        while True:
            progress = self.look()
            yield progress
            if progress.over:
                return
            sleep(LOOK_SECONDS)


def _ended(entry: Mapping[str, Any], described: Mapping[str, Any]) -> Mapping[str, Any]:
    if entry.get("status") not in (None, RUNNING):
        return entry
    reason = ": ".join(str(described[key]) for key in ("error", "cause") if described.get(key))
    return {**entry, "status": "FAILED", "reason": reason or f"its execution {described['status']}"}


def _step(entry: Mapping[str, Any], imported: Mapping[str, Any] | None) -> str:
    if entry.get("closing"):
        return "deleting the scratch pool"
    if imported is None:
        return "starting the import"
    if imported["status"] != RUNNING:
        return "import ended"
    shown: Mapping[str, Any] = imported.get("progress") or {}
    if not shown:
        return "creating the scratch pool"
    if shown["phase"] == "USERS":
        return f"users: {shown['settled']} of {shown['expected']}"
    return f"{str(shown['phase']).lower()}: {shown.get('done', 0)} of {shown.get('total', 0)}"
