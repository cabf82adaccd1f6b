"""The payloads that pass between the states of the ExportWorkflow: keys, counts and numbers only."""

from __future__ import annotations

from typing import NotRequired, TypedDict

from lifeboat.export.counts import Counts
from lifeboat.settling import Settled


class Run(TypedDict):
    """The export at hand. `At` is the moment its versions are valid from; rates follow from `Workers`.

    `Live` is whether changes are captured beside it.
    """

    ExportId: str
    At: str
    ExecutionArn: str
    Workers: int
    AllowMassRetirement: bool
    EstimatedUsers: int
    CaptureMfa: bool
    Live: NotRequired[bool]


class Portion(TypedDict):
    """A worker's part of the listing: the sub prefixes still to be listed ("" = all of the pool)."""

    Prefixes: list[str]


class UsersTask(TypedDict):
    """Input and output of Export Users; it is called again until `Finished`.

    `Left` says how often the listing of a prefix was left unfinished: where, is in the bucket (Places).
    """

    Run: Run
    Prefixes: list[str]
    Left: NotRequired[dict[str, int]]
    Counts: NotRequired[Counts]
    Absences: NotRequired[list[str]]
    Finished: NotRequired[bool]


class GroupsTask(TypedDict):
    """Input and output of Export Groups; it is called again until `Finished`, which then gives the rest.

    `Left` is how often the listing was left unfinished.
    """

    Run: Run
    Left: int
    Counts: NotRequired[Counts]
    Absences: NotRequired[list[str]]
    Portions: NotRequired[list[dict[str, int]]]
    Finished: NotRequired[bool]


class MembershipsTask(TypedDict):
    """Input and output of Export Memberships: portion number and the first group that was not begun.

    `Left` says how often the groups that were begun were left unfinished, by their number in the portion.
    """

    Run: Run
    Portion: int
    Next: int
    Left: NotRequired[dict[str, int]]
    Counts: NotRequired[Counts]
    Absences: NotRequired[list[str]]
    Finished: NotRequired[bool]


class ConfigurationCounts(TypedDict):
    """Parts of the pool's configuration: how many there are, and what was written for them."""

    parts: int
    added: int
    changed: int
    retired: int


class ConfigurationTask(TypedDict):
    """Input and output of Capture Configuration; it is called again until `Finished`.

    `Next` counts the parts that were gone through: first those that there may be, then those of the
    manifests in `Absences`. `Unread` is the kinds of part that Cognito refuses to show.
    """

    Run: Run
    Next: int
    Counts: NotRequired[ConfigurationCounts]
    Unread: NotRequired[list[str]]
    Absences: NotRequired[list[str]]
    Finished: NotRequired[bool]


class ConfigurationResult(TypedDict):
    """What Complete Export tells of the pool's configuration."""

    Counts: ConfigurationCounts
    Unread: list[str]


class PartResult(TypedDict):
    """Counts and names of absence manifests of one worker."""

    Counts: Counts
    Absences: list[str]


class CleanupTask(TypedDict):
    """Input of Plan Cleanup."""

    Run: Run
    Users: list[PartResult]
    Groups: PartResult
    Memberships: list[PartResult]


class RetireTask(TypedDict):
    """Input and output of Retire Items: names of absence manifests still to be gone through.

    `Entry` is the first manifest's entry that is not settled, `Left` how often it was left unfinished.
    """

    Run: Run
    Absences: list[str]
    Entry: NotRequired[int]
    Left: NotRequired[int]
    Retired: NotRequired[dict[str, int]]
    Finished: NotRequired[bool]


class CleanupPlan(TypedDict):
    """Output of Plan Cleanup. `Guard` says why nothing may be retired, "" if it may."""

    Run: Run
    Counts: dict[str, Counts]
    Guard: str
    Retire: bool
    Portions: list[dict[str, list[str]]]


class CompleteTask(TypedDict):
    """Input of Complete Export."""

    Run: Run
    Counts: dict[str, Counts]
    Guard: str
    Retired: list[dict[str, int]]
    Configuration: NotRequired[ConfigurationResult]
    Captures: NotRequired[Settled]
