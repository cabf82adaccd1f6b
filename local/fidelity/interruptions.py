"""Imports that are stopped and killed at some moment, resumed, and compared with an undisturbed one.

At a point an import into a new pool is stopped after so many calls and invocations, all its functions are
killed, and it is resumed by its id, or started again where it had not begun. Every other point has the import
make its pool. The end must be that of the undisturbed import: the same users, attributes, groups,
memberships, links and factors, nobody twice.
"""

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from local.deployment import Deployment
from local.embedded import EmbeddedAws
from local.fidelity.endings import Progress, kill_functions, stop_at
from local.fidelity.filling import PARTNER
from local.fidelity.observing import Observation, observe
from local.fidelity.run import QUICK_JOBS
from local.fidelity.same_end import differences
from local.front_control import FrontControl
from local.people import create_pool
from local.workflows import Workflow

SOON: Final = "6"
"""Seconds after which a message of a killed function is delivered again, in place of six minutes."""

ATTEMPTS: Final = 5
QUEUES: Final = ("NewUsersQueueUrl", "ApiUsersQueueUrl", "UpdatesQueueUrl")


@dataclass(frozen=True, slots=True)
class Point:
    """A moment to stop an import at: its number, and the share of an undisturbed one's way."""

    number: int
    share: float

    @property
    def made_by_import(self) -> bool:
        """Whether the import makes its pool."""
        return self.number % 2 == 0


def points(count: int, seed: int) -> list[Point]:
    """Choose points at random, one in each of `count` equal parts of the way, so that none is left out."""
    rng = random.Random(seed)
    return [Point(number, (number - 1 + rng.random()) / count) for number in range(1, count + 1)]


@dataclass(frozen=True, slots=True)
class Ending:
    """How an import ended, told in words, and what is not as it should be."""

    told: str
    problems: Sequence[str]


@dataclass(frozen=True, slots=True)
class Interruptions:
    """Imports of one export, each into a pool of its own."""

    embedded: EmbeddedAws
    deployment: Deployment

    @property
    def _region(self) -> str:
        return self.deployment.backup.region

    @property
    def _cognito(self) -> Any:
        return self.embedded.client("cognito-idp", self._region)

    @property
    def _front(self) -> FrontControl:
        return FrontControl(self.embedded.cognito_endpoint_url)

    @property
    def _workflow(self) -> Workflow:
        outputs = self.deployment.backup.outputs
        names = outputs["ImportWorkflowArn"], outputs["BackupTableName"], "IMPORT"
        return Workflow(self.embedded, self._region, *names)

    def prepare(self) -> None:
        """Have messages of killed functions delivered again soon, and import jobs done quickly."""
        sqs = self.embedded.client("sqs", self._region)
        for name in QUEUES:
            url = self.deployment.backup.outputs[name]
            sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": SOON})
        self._front.ask("PUT", "imports", QUICK_JOBS)
        self._front.clear_messages()

    def undisturbed(self, lane: str = "auto") -> tuple[Observation, int]:
        """Import without disturbance; return the pool at its end, and the length of the way there.

        Raises WorkflowFailedError.
        """
        progress = Progress(self.embedded, self._region)
        given = {"NewUserPoolId": self._empty_pool(f"by-{lane}"), "UserLane": lane}
        run = self._workflow.run(given).succeeded()
        return observe(self._cognito, str(run.ledger["user_pool_id"])), progress.count()

    def ending(self, point: Point, reference: Observation, way: int) -> Ending:
        """Stop an import at a point, resume it to its end, and compare."""
        name = f"point-{point.number}"
        given: Mapping[str, Any] = {"CreateUserPool": {"PoolName": name}}
        if not point.made_by_import:
            given = {"NewUserPoolId": self._empty_pool(name)}
        workflow, progress = self._workflow, Progress(self.embedded, self._region)
        states = self.embedded.client("stepfunctions", self._region)
        arn = states.start_execution(stateMachineArn=workflow.state_machine_arn, input=json.dumps(given))[
            "executionArn"
        ]
        reached = stop_at(states, arn, progress, round(point.share * way))
        kill_functions(self.embedded, self._region)
        entry = workflow.entry_of(arn)
        told = f"stopped at {reached} of about {way}, {'resumed' if entry else 'started again'}"
        for attempt in range(1, ATTEMPTS + 1):
            run = workflow.run({"Resume": entry["run_id"]} if entry else given)
            if run.status == "SUCCEEDED":
                found = observe(self._cognito, str(run.ledger["user_pool_id"]))
                return Ending(f"{told} {attempt} ×", list(self._problems(name, reference, found)))
            entry = entry or dict(run.ledger)
        return Ending(f"{told} {ATTEMPTS} ×", [f"it ended as {run.status}: {run.failure}"])

    def messages(self) -> int:
        """Count the messages sent to users since `prepare`."""
        return self._front.messages()

    def _problems(self, name: str, reference: Observation, found: Observation) -> Iterator[str]:
        """Say what is not as it should be; an import makes one pool, however often it was killed."""
        yield from differences(reference, found)
        pages = self._cognito.get_paginator("list_user_pools").paginate(PaginationConfig={"PageSize": 60})
        pools = sum(pool["Name"] == name for page in pages for pool in page["UserPools"])
        if pools != 1:
            yield f"there are {pools} pools called {name}"

    def _empty_pool(self, name: str) -> str:
        """Make a pool for an import, with the identity provider that users are linked to."""
        pool_id = create_pool(self._cognito, name)
        self._cognito.create_identity_provider(UserPoolId=pool_id, **PARTNER)
        return pool_id
