"""The payloads that pass between the states of the DrillWorkflow."""

from __future__ import annotations

from typing import NotRequired, TypedDict

from lifeboat.workflow import ExecutionTask


class BeginTask(ExecutionTask):
    """Input of Begin Drill. `ImportWorkflow` is the ARN of the state machine that drills import by."""

    ImportWorkflow: str


class Drill(TypedDict):
    """The drill at hand, and the execution that restores for it."""

    DrillId: str
    ExecutionArn: str
    ImportExecution: str


class Begun(TypedDict):
    """Output of Begin Drill."""

    Drill: Drill


class WatchTask(TypedDict):
    """Input and output of Watch Drill, called again until `Ended`."""

    Drill: Drill
    Ended: NotRequired[bool]


class Watched(TypedDict):
    """Output of Watch Drill."""

    Drill: Drill
    Ended: bool


class ClearTask(TypedDict):
    """Input of Delete Scratch Pool: the drill whose pool is to go, or none for all that was left behind."""

    Drill: NotRequired[Drill]


class Cleared(TypedDict):
    """Output of Delete Scratch Pool: the pools that were deleted, by id."""

    Deleted: list[str]


class CompleteTask(TypedDict):
    """Input of Complete Drill."""

    Drill: Drill


class Ended(TypedDict):
    """Output of Complete Drill. Error and Cause are empty when the drill passed."""

    DrillId: str
    Passed: bool
    Error: str
    Cause: str
    RtoSeconds: float
    Users: int
