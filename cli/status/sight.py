"""Everything that `lifeboat status` looks at, read side by side from both Regions.

A Region, or a service of one, that does not answer hides nothing else: what could not be read is named.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from cli.connection import ROLES, Connection, Role, Stack
from cli.entries import DRILLS, EXPORTS, IMPORTS, last_entries
from cli.problems import Problem, problem_of
from cli.runs.executions import Run, running
from lifeboat.aws.queues import Queue
from lifeboat.errors import LifeboatError
from lifeboat.model import now
from lifeboat.store.items import Item
from lifeboat.store.ledger import Ledger

T = TypeVar("T")

TREND: Final = 10
"""The last exports that are shown."""

READERS: Final = 12
"""Threads that ask AWS: who waits for a status waits for the slowest answer, not for the sum of them."""

QUEUE_OUTPUT: Final = "QueueUrl"
_DEAD: Final = "DeadLetter"

_OF_CAPTURES: Final = "Capture"
_OF_STANDBY: Final = "Standby"


@dataclass(frozen=True, slots=True)
class QueueSeen:
    """A queue: its output's name without "QueueUrl", and about how many messages it holds."""

    name: str
    region: str
    depth: int

    @property
    def dead(self) -> bool:
        """Whether it holds what could not be handled."""
        return _DEAD in self.name

    @property
    def of_imports(self) -> bool:
        """Whether imports fill it."""
        return not self.name.startswith((_OF_CAPTURES, _OF_STANDBY, "Schedule"))


@dataclass(frozen=True, slots=True)
class AlarmSeen:
    """An alarm of a stack. `state` is ALARM, OK or INSUFFICIENT_DATA."""

    name: str
    region: str
    state: str
    description: str
    since: str = ""


@dataclass(frozen=True, slots=True)
class StackSeen:
    """What one stack shows. `latest` is the last completed export, as its Region's replica has it."""

    role: Role
    region: str
    latest: Item | None = None
    exports: list[Item] = field(default_factory=list)
    drills: list[Item] = field(default_factory=list)
    imports: list[Item] = field(default_factory=list)
    alarms: list[AlarmSeen] = field(default_factory=list)
    queues: list[QueueSeen] = field(default_factory=list)
    running: list[Run] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Sight:
    """What was seen at the moment `at`.

    `parameters` are the primary stack's, or the backup's while the primary cannot be reached. `pool_users` is
    the pool's own estimate, None where Cognito was not asked or did not answer: `pool_problem` then says why.
    `pool_gone` says that it answered that there is no such pool. `unread` is what else could not be read, in
    words.
    """

    at: str
    name: str
    stacks: Mapping[Role, StackSeen]
    unreachable: Mapping[Role, str]
    parameters: Mapping[str, str]
    pool_users: int | None = None
    pool_problem: str = ""
    pool_gone: bool = False
    unread: tuple[str, ...] = ()

    @property
    def latest(self) -> Item | None:
        """The last completed export, in whichever Region it is known."""
        known = [each.latest for each in self.stacks.values() if each.latest is not None]
        return max(known, key=lambda entry: str(entry["started_at"]), default=None)

    @property
    def exports(self) -> list[Item]:
        """The last exports, newest first, as the primary Region has them if it answers."""
        for role in ROLES:
            if role in self.stacks and self.stacks[role].exports:
                return self.stacks[role].exports
        return []

    @property
    def drill(self) -> Item | None:
        """The last drill in either Region."""
        drills = [drill for each in self.stacks.values() for drill in each.drills]
        return max(drills, key=lambda entry: str(entry["started_at"]), default=None)

    @property
    def restore(self) -> Item | None:
        """The last import in either Region, those of drills aside."""
        imports = [each for seen in self.stacks.values() for each in seen.imports]
        return max(imports, key=lambda entry: str(entry["started_at"]), default=None)

    @property
    def alarms(self) -> list[AlarmSeen]:
        """Every alarm of both stacks."""
        return [alarm for each in self.stacks.values() for alarm in each.alarms]

    @property
    def queues(self) -> list[QueueSeen]:
        """Every queue of both stacks."""
        return [queue for each in self.stacks.values() for queue in each.queues]

    @property
    def running(self) -> list[Run]:
        """What runs in either Region, the latest first."""
        return sorted(
            (run for each in self.stacks.values() for run in each.running), key=_began, reverse=True
        )


def _began(run: Run) -> float:
    return run.began.timestamp()


def look_around(connection: Connection) -> Sight:
    """Look at both stacks. Raises Problem when there is none where the operator looks."""
    stacks = connection.stacks
    unread: list[str] = []
    with ThreadPoolExecutor(READERS) as readers:

        def ask(what: str, otherwise: T, read: Callable[[], T]) -> Callable[[], T]:
            asked = readers.submit(read)

            def answer() -> T:
                try:
                    return asked.result()
                except (Problem, LifeboatError, ClientError, BotoCoreError) as error:
                    unread.append(f"{what}: {problem_of(error).message}")
                    return otherwise

            return answer

        finders = {role: _stack_reader(connection, stack, ask) for role, stack in stacks.items()}
        pool = _pool_reader(connection, readers)
        found = {role: find() for role, find in finders.items()}
        pool_users, pool_problem, pool_gone = pool()
    source = stacks.get("primary") or stacks["backup"]
    return Sight(
        now(),
        connection.stack_name,
        found,
        dict(connection.unreachable),
        source.parameters,
        pool_users,
        pool_problem,
        pool_gone,
        tuple(unread),
    )


_Ask = Callable[[str, Any, Callable[[], Any]], Callable[[], Any]]


def _stack_reader(connection: Connection, stack: Stack, ask: _Ask) -> Callable[[], StackSeen]:
    # Clients are made here, one after the other: making them is not safe for threads, using them is.
    region = stack.region
    sqs, watch = connection.client("sqs", region), connection.client("cloudwatch", region)
    connection.client("stepfunctions", region)
    table = connection.table(stack)

    def ledgers() -> tuple[Item | None, list[Item], list[Item], list[Item]]:
        latest = Ledger(table, "export").latest()
        drills = last_entries(table, DRILLS, 1)
        imports = [entry for entry in last_entries(table, IMPORTS, TREND) if not entry.get("drill")]
        return latest, last_entries(table, EXPORTS, TREND), drills, imports[:1]

    kept = ask(f"the backup table in {region}", (None, [], [], []), ledgers)
    alarms = ask(f"the alarms in {region}", [], lambda: alarms_of(watch, stack))
    runs = ask(f"the workflows in {region}", [], lambda: running(connection, stack))
    urls = {
        output.removesuffix(QUEUE_OUTPUT): url
        for output, url in stack.outputs.items()
        if output.endswith(QUEUE_OUTPUT)
    }
    depths = {
        name: ask(f"the queue {name} in {region}", 0, _depth_of(sqs, url)) for name, url in urls.items()
    }

    def find() -> StackSeen:
        latest, exports, drills, imports = kept()
        return StackSeen(
            stack.role,
            region,
            latest,
            exports,
            drills,
            imports,
            alarms(),
            [QueueSeen(name, region, depth()) for name, depth in depths.items()],
            runs(),
        )

    return find


def _depth_of(sqs: Any, url: str) -> Callable[[], int]:
    return lambda: Queue(sqs, url).depth()


def alarms_of(cloudwatch: Any, stack: Stack) -> list[AlarmSeen]:
    """The alarms of a stack, by their names: the stack's name, a hyphen, and letters."""
    own = re.compile(rf"{re.escape(stack.name)}-[A-Za-z]+")
    pages = cloudwatch.get_paginator("describe_alarms").paginate(AlarmNamePrefix=f"{stack.name}-")
    return [
        AlarmSeen(
            str(alarm["AlarmName"]).removeprefix(f"{stack.name}-"),
            stack.region,
            str(alarm["StateValue"]),
            str(alarm.get("AlarmDescription", "")).strip(),
            _moment(alarm.get("StateTransitionedTimestamp") or alarm.get("StateUpdatedTimestamp")),
        )
        for page in pages
        for alarm in page["MetricAlarms"]
        if own.fullmatch(str(alarm["AlarmName"]))
    ]


def _moment(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else ""


def _pool_reader(
    connection: Connection, readers: ThreadPoolExecutor
) -> Callable[[], tuple[int | None, str, bool]]:
    """Asks Cognito for the pool that is backed up: whether its Region is lost is seen here first.

    Gives about how many users it has, or why that is not known, and whether there is no such pool any more.
    """
    stack = connection.stacks.get("primary")
    pool_id = stack.parameters.get("UserPoolId", "") if stack is not None else ""
    if stack is None or not pool_id:
        return lambda: (None, "", False)
    client = connection.client("cognito-idp", stack.region)
    asked = readers.submit(lambda: client.describe_user_pool(UserPoolId=pool_id))

    def answer() -> tuple[int | None, str, bool]:
        try:
            return int(asked.result()["UserPool"].get("EstimatedNumberOfUsers", 0)), "", False
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == "ResourceNotFoundException":
                return None, f"there is no user pool {pool_id} in {stack.region}", True
            return None, f"Cognito in {stack.region}: {problem_of(error).message}", False
        except BotoCoreError as error:
            return None, f"Cognito in {stack.region}: {problem_of(error).message}", False

    return answer


def names_of(queues: Iterable[QueueSeen]) -> str:
    """Queues with what they hold, in words."""
    return ", ".join(f"{queue.name} in {queue.region} holds {queue.depth:,}" for queue in queues)
