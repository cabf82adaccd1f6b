"""How many events an execution leaves in its history, reckoned from the state machine's definition.

(step-functions/latest/apireference/API_HistoryEvent.html; the quota is in
step-functions/latest/dg/service-quotas.html)
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from local.processes import REPOSITORY

MOST_EVENTS: Final = 25_000
MOST_BYTES: Final = 262_144
"""Of a payload."""

EVENTS: Final[Mapping[str, int]] = {
    "Task": 5,  # entered, scheduled, started, succeeded, exited: a Lambda function named by its ARN
    "Choice": 2,
    "Pass": 2,
    "Wait": 2,
    "Succeed": 2,
    "Map": 4,  # entered, started, succeeded, exited
    "Parallel": 4,
    "Fail": 1,
}
"""Events of one visit of a state, by its type."""

EVENTS_OF_ITERATION: Final = 2  # MapIterationStarted, MapIterationSucceeded
EVENTS_OF_EXECUTION: Final = 2  # ExecutionStarted, ExecutionSucceeded

Definition = Mapping[str, Any]


def definition(workflow: str) -> Definition:
    """Read a state machine: `export` or `import`."""
    path: Path = REPOSITORY / "statemachines" / f"{workflow}_workflow.asl.json"
    found: Definition = json.loads(path.read_text())
    return found


def states(machine: Definition) -> Iterator[tuple[str, Definition]]:
    """Give every state of a machine, those of branches and iterations too."""
    for name, state in machine["States"].items():
        yield name, state
        for branch in state.get("Branches", ()):
            yield from states(branch)
        if "ItemProcessor" in state:
            yield from states(state["ItemProcessor"])


def visits(
    machine: Definition, rounds: Callable[[str], Sequence[int]], loops: Mapping[str, int]
) -> tuple[dict[str, int], dict[str, int]]:
    """Return how often an execution that goes well visits each state, and the iterations of each Map.

    `rounds` says of a Map, by the name of its first state, how often each iteration calls its function.
    `loops` is how often states outside of a Map are visited that are visited more than once.
    """
    visited: dict[str, int] = {}
    iterations: dict[str, int] = {}
    for name, state in machine["States"].items():
        if state["Type"] == "Fail" or name.startswith("Fail "):
            continue
        visited[name] = loops.get(name, 1)
        for branch in state.get("Branches", ()):
            more, further = visits(branch, rounds, loops)
            visited |= more
            iterations |= further
        if "ItemProcessor" in state:
            each = rounds(state["ItemProcessor"]["StartAt"])
            iterations[name] = len(each)
            for inner, its in state["ItemProcessor"]["States"].items():
                visited[inner] = len(each) if its["Type"] == "Succeed" else sum(each)
    return visited, iterations


def history(machine: Definition, visits: Mapping[str, int], iterations: Mapping[str, int]) -> tuple[int, int]:
    """Return (events, transitions) of an execution that visits each state so often, 0 if it is not named.

    `iterations` is the number of iterations of each Map in all. Raises KeyError for a state that is not
    there.
    """
    types = {name: str(state["Type"]) for name, state in states(machine)}
    events = EVENTS_OF_EXECUTION + sum(EVENTS[types[name]] * count for name, count in visits.items())
    events += sum(EVENTS_OF_ITERATION * count for name, count in iterations.items() if types[name] == "Map")
    return events, sum(visits.values()) + 1
