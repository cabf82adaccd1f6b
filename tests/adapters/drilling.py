"""A drill, run state by state as the DrillWorkflow and its import do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from lifeboat.aws import clients
from lifeboat.aws.executions import Executions
from lifeboat.drill import assembly as drilling
from lifeboat.drill.tasks import Begun, Ended
from lifeboat.restore import assembly as restoring
from lifeboat.restore.completion import Ended as ImportEnded
from lifeboat.restore.tasks import PoolTask
from lifeboat.store.ledger import Ledger
from lifeboat.store.lock import Lock
from lifeboat.workflow import Failure
from tests.adapters.stack import Import, Stack, execution
from tests.unit.examples import PLENTY

STARTED, LATER = "2026-03-03T00:00:00.000Z", "2026-03-04T00:00:00.000Z"
IMPORT_WORKFLOW = "arn:aws:states:eu-west-1:123456789012:stateMachine:lifeboat-DrillImportWorkflow"


@dataclass
class Known:
    """What Step Functions knows: the executions that run, those that were started and those stopped."""

    running: set[str] = field(default_factory=set)
    started: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)

    def put_in(self, patch: pytest.MonkeyPatch) -> Known:
        def start(_: Executions, machine: str, name: str, given: dict[str, Any]) -> None:
            arn = f"{machine.replace(':stateMachine:', ':execution:')}:{name}"
            self.started.append((arn, dict(given)))
            self.running.add(arn)

        def stop(_: Executions, arn: str, __: str) -> None:
            self.stopped.append(arn)
            self.running.discard(arn)

        patch.setattr(Executions, "running", lambda _, arn: arn in self.running)
        patch.setattr(Executions, "start", start)
        patch.setattr(Executions, "stop", stop)
        return self


@dataclass
class Drilled:
    """A drill of a stack, and the import that it starts."""

    stack: Stack
    known: Known
    typed: Any = field(default_factory=dict)
    started_at: str = STARTED

    def __post_init__(self) -> None:
        self.arn = execution("DrillWorkflow", self.started_at)
        self.known.running.add(self.arn)

    def begin(self) -> Begun:
        self.begun = drilling.drill_beginning().begin(
            {
                "ExecutionId": self.arn,
                "StartedAt": self.started_at,
                "Input": self.typed,
                "ImportWorkflow": IMPORT_WORKFLOW,
            }
        )
        return self.begun

    @property
    def drill_id(self) -> str:
        return self.begun["Drill"]["DrillId"]

    def entry(self) -> dict[str, Any]:
        return Ledger(self.stack.table, "drill").get(self.drill_id) or {}

    def imported(self, **changes: Any) -> Import:
        """The import as it was started."""
        arn, given = self.known.started[-1]
        run = Import(self.stack, given, self.started_at, **changes)
        run.arn = arn
        return run

    def import_begun(self) -> Import:
        """The import with its pool and groups, before the scan."""
        run = self.imported()
        task: PoolTask = {"Run": run.begin()["Run"], "PoolName": run.begun["PoolName"]}
        while not task.get("Finished"):
            task = restoring.pool_creation(task["Run"]).create(task, PLENTY)
        run.begun["Run"] = task["Run"]
        run.create_groups()
        return run

    def restore(self) -> ImportEnded:
        run = self.import_begun()
        run.scan()
        run.deliver()
        ended = run.end()
        self.known.running.discard(run.arn)
        return ended

    def clear(self) -> list[str]:
        return drilling.scratch().take({"Drill": self.begun["Drill"]})["Deleted"]

    def complete(self) -> Ended:
        ended = drilling.drill_end().complete({"Drill": self.begun["Drill"]})
        self.known.running.discard(self.arn)
        return ended

    def fail(self, error: str = "CognitoRefused", cause: str = "no") -> Failure:
        failure = drilling.drill_end().fail(
            {"ExecutionId": self.arn, "StartedAt": self.started_at, "Error": error, "Cause": cause},
            drilling.scratch(),
        )
        self.known.running.discard(self.arn)
        return failure


def sweep() -> list[str]:
    """What the hourly schedule does."""
    return drilling.scratch().take({})["Deleted"]


def pools() -> dict[str, str]:
    """All pools of the Region: their names, by id."""
    listed = clients.cognito().list_user_pools(MaxResults=60)["UserPools"]
    return {each["Id"]: each["Name"] for each in listed}


def held(drill: Drilled, workflow: str) -> str | None:
    holder = Lock(drill.stack.table, drilling._executions(), workflow).holder(drill.arn)
    return None if holder is None else holder[0]


def notified(stack: Stack) -> list[str]:
    topic = clients.sns().meta  # the subjects are read from moto's backend
    from moto.core.models import DEFAULT_ACCOUNT_ID  # noqa: PLC0415
    from moto.sns.models import sns_backends  # noqa: PLC0415

    sent = sns_backends[DEFAULT_ACCOUNT_ID][topic.region_name].topics[stack.topic_arn].sent_notifications
    return [str(each[2]) for each in sent]


def bodies_waiting(stack: Stack) -> int:
    return sum(queue.depth() for queue in (stack.new_users, stack.api_users, stack.updates))
