"""Runs of the workflows: starting one, finding those that run, and looking at one until it ends."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from botocore.exceptions import ClientError

from cli.connection import Connection, Stack
from cli.entries import DRILLS, EXPORTS, IMPORTS, entry_of, newest_first
from cli.problems import Problem
from lifeboat.model import now
from lifeboat.store.table import BackupTable

WORKFLOWS: Final[Mapping[str, tuple[str, str]]] = {
    "export": ("ExportWorkflowArn", EXPORTS),
    "import": ("ImportWorkflowArn", IMPORTS),
    "drill": ("DrillWorkflowArn", DRILLS),
}
"""Each workflow's output in the stacks, and its ledger's partition."""

RUNNING: Final = frozenset({"RUNNING", "PENDING_REDRIVE"})

_AT_A_TIME: Final = 5
"""More executions of a workflow do not run at a time in a Region: all but one end at once."""

_AMONG_THE_LAST: Final = 50
"""A run's entry is looked for among so many of the last."""


@dataclass(frozen=True, slots=True)
class Run:
    """An execution of a workflow. `began` is when it was started."""

    workflow: str
    execution_arn: str
    began: datetime

    @property
    def region(self) -> str:
        """The Region it runs in."""
        return self.execution_arn.split(":")[3]

    @property
    def name(self) -> str:
        """The execution's name, which `lifeboat watch` takes."""
        return self.execution_arn.rsplit(":", 1)[-1]


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at a run has seen.

    `status` is the execution's: RUNNING, SUCCEEDED, FAILED, TIMED_OUT or ABORTED. `entry` is the ledger's,
    empty until the run has opened it, a drill's with its import's as `import`; `state` is the state that was
    entered last, "" if that is not known.
    """

    at: str
    status: str
    entry: Mapping[str, Any] = field(default_factory=dict)
    state: str = ""
    error: str = ""
    cause: str = ""

    @property
    def running(self) -> bool:
        """Whether the run goes on."""
        return self.status in RUNNING


def start(connection: Connection, stack: Stack, workflow: str, typed: Mapping[str, Any]) -> Run:
    """Start a workflow of a stack. Raises Problem when one runs already."""
    arn = stack.output(WORKFLOWS[workflow][0])
    states = connection.client("stepfunctions", stack.region)
    for run in _listed(states, workflow, arn, running=True, most=_AT_A_TIME):
        raise Problem(
            f"{an(workflow)} is running in {stack.region} (execution {run.name}); there is one at a time",
            "`lifeboat watch` shows how far it is. Start again when it has ended.",
        )
    answer = states.start_execution(stateMachineArn=arn, input=json.dumps(typed))
    return Run(workflow, str(answer["executionArn"]), answer["startDate"])


def an(workflow: str) -> str:
    """A workflow's name with its article."""
    return f"a {workflow}" if workflow == "drill" else f"an {workflow}"


def running(connection: Connection, stack: Stack) -> list[Run]:
    """What runs in a stack, the latest first."""
    return _sorted(_of_stack(connection, stack, running=True))


def latest(connection: Connection) -> Run:
    """What runs in either Region, or else what ran last; the latest begun. Raises Problem if nothing did."""
    stacks = list(connection.stacks.values())
    for going in (True, False):
        found: list[Run] = []
        for stack in stacks:
            found += _of_stack(connection, stack, running=going)
        if found:
            return _sorted(found)[0]
    regions = " and ".join(stack.region for stack in stacks)
    raise Problem(
        f"nothing has run yet in {regions}",
        "`lifeboat export --wait` makes the first backup.",
    )


def named(connection: Connection, name: str) -> Run:
    """The run of an execution's ARN or name, or of an export's, import's or drill's id. Raises Problem."""
    if name.startswith("arn:"):
        return _described(connection, name)
    stacks = list(connection.stacks.values())
    for stack in stacks:
        table = connection.table(stack)
        for _, partition in WORKFLOWS.values():
            entry = entry_of(table, partition, name)
            if entry is not None and entry.get("execution_arn"):
                return _described(connection, str(entry["execution_arn"]))
    for stack in stacks:
        for output, _ in WORKFLOWS.values():
            machine = stack.outputs.get(output, "")
            if machine:
                arn = f"{machine.replace(':stateMachine:', ':execution:')}:{name}"
                try:
                    return _described(connection, arn)
                except Problem:
                    continue
    regions = " and ".join(stack.region for stack in stacks)
    raise Problem(
        f"there is no run {name} in {regions}",
        "Give the id of an export, import or drill, or an execution's name; `lifeboat status` has the last.",
    )


@dataclass
class Follower:
    """Looks at one run: its execution, and its entry in the ledger."""

    connection: Connection
    stack: Stack
    run: Run
    run_id: str = ""

    def __post_init__(self) -> None:
        self._states = self.connection.client("stepfunctions", self.run.region)
        self._table: BackupTable = self.connection.table(self.stack)

    def look(self) -> Look:
        """Look once. Raises what AWS refuses with."""
        found = self._states.describe_execution(executionArn=self.run.execution_arn)
        status = str(found["status"])
        if not self.run_id:
            self.run_id = self._find(found.get("input"))
        partition = WORKFLOWS[self.run.workflow][1]
        entry = entry_of(self._table, partition, self.run_id) if self.run_id else None
        if entry is not None and entry.get("execution_arn") not in (None, self.run.execution_arn):
            entry = None  # a resumed import has opened its entry again
        if entry is not None and self.run.workflow == "drill" and entry.get("import_id"):
            entry = {**entry, "import": entry_of(self._table, IMPORTS, str(entry["import_id"])) or {}}
        return Look(
            now(),
            status,
            entry or {},
            self._state() if status in RUNNING else "",
            str(found.get("error") or ""),
            str(found.get("cause") or ""),
        )

    def _find(self, typed: str | None) -> str:
        """The run's id: that of the import it resumes, or of the entry that names the execution."""
        given = json.loads(typed) if typed and self.run.workflow == "import" else None
        if isinstance(given, dict) and given.get("Resume"):
            return str(given["Resume"])
        entries = newest_first(self._table, WORKFLOWS[self.run.workflow][1])
        for _, entry in zip(range(_AMONG_THE_LAST), entries, strict=False):
            if entry.get("execution_arn") == self.run.execution_arn:
                return str(entry["sk"])
        return ""

    def _state(self) -> str:
        """The state entered last; only for showing."""
        try:
            events = self._states.get_execution_history(
                executionArn=self.run.execution_arn,
                reverseOrder=True,
                maxResults=50,
                includeExecutionData=False,
            )["events"]
        except ClientError:
            return ""
        entered = (event.get("stateEnteredEventDetails", {}).get("name", "") for event in events)
        return next((str(name) for name in entered if name), "")


def follower(connection: Connection, run: Run) -> Follower:
    """Looks at a run in the Region it runs in. Raises Problem if that Region's stack cannot be reached."""
    return Follower(connection, connection.in_region(run.region), run)


def _of_stack(connection: Connection, stack: Stack, running: bool) -> list[Run]:
    states = connection.client("stepfunctions", stack.region)
    found: list[Run] = []
    for workflow, (output, _) in WORKFLOWS.items():
        if output in stack.outputs:
            found += _listed(states, workflow, stack.outputs[output], running, _AT_A_TIME if running else 1)
    return found


def _listed(states: Any, workflow: str, machine_arn: str, running: bool, most: int) -> Iterator[Run]:
    only = {"statusFilter": "RUNNING"} if running else {}
    answer = states.list_executions(stateMachineArn=machine_arn, maxResults=most, **only)
    for each in answer["executions"]:
        yield Run(workflow, str(each["executionArn"]), each["startDate"])


def _described(connection: Connection, arn: str) -> Run:
    parts = arn.split(":")
    if len(parts) != 8 or parts[5] != "execution":
        raise Problem(f"{arn} is not the ARN of an execution", "Give an execution's ARN, or a run's id.")
    try:
        found = connection.client("stepfunctions", parts[3]).describe_execution(executionArn=arn)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("ExecutionDoesNotExist", "InvalidArn"):
            raise Problem(
                f"Step Functions does not know the execution {parts[7]} in {parts[3]}",
                "It forgets executions 90 days after their end; the ledger keeps what became of them.",
            ) from None
        raise
    for stack in connection.stacks.values():
        for workflow, (output, _) in WORKFLOWS.items():
            if stack.outputs.get(output) == found["stateMachineArn"]:
                return Run(workflow, arn, found["startDate"])
    raise Problem(
        f"the execution {parts[7]} is none of the stack {connection.stack_name}'s",
        "Name the stack with --stack.",
    )


def _sorted(runs: list[Run]) -> list[Run]:
    return sorted(runs, key=lambda run: run.began, reverse=True)
