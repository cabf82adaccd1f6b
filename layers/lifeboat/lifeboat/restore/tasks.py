"""The payloads that pass between the states of the ImportWorkflow: keys, counts and numbers, never users."""

from __future__ import annotations

from typing import NotRequired, TypedDict

NOW, ON_SIGN_IN = "NOW", "ON_SIGN_IN"
"""When users get their groups: from the import, or from the trigger when they sign in."""


class Run(TypedDict):
    """The import at hand.

    `Buckets` is into how many parts the verification is divided; `UserPoolId` is "" until the pool that an
    import is to create is there. `AsOf` is the moment that was asked for, "" for the present; the import
    restores the state that the export `ExportId` found, or that of `Moment`. The input's ArnMap may be long:
    it is in the ledger entry (`arn_map`). While it runs, `OnDemand` brings users back who sign in;
    `Memberships` is NOW or ON_SIGN_IN. Both may be absent: false, and NOW. `Drill` is the id of the drill
    that the import is of, absent or "" for none.
    """

    ImportId: str
    UserPoolId: str
    ExecutionArn: str
    ExportId: str
    AsOf: str
    Moment: NotRequired[str]
    Buckets: int
    UserLane: str
    SourceSubAttribute: str
    Warnings: list[str]
    OnDemand: NotRequired[bool]
    Memberships: NotRequired[str]
    Drill: NotRequired[str]


def leaves_groups(run: Run) -> bool:
    """Whether the import leaves groups to the sign-in."""
    return run.get("Memberships", NOW) == ON_SIGN_IN


def attaches(run: Run) -> bool:
    """Whether the import attaches triggers to the pool."""
    return run.get("OnDemand", False) or leaves_groups(run)


class AttachTask(TypedDict):
    """Input of Attach Triggers. `Functions` are ARNs by trigger."""

    Run: Run
    Functions: dict[str, str]


class DetachTask(TypedDict):
    """Input of Detach Triggers."""

    UserPoolId: str


class Attached(TypedDict):
    """Output of both: the triggers of the pool that are there by the import, by name."""

    Attached: list[str]


class PoolTask(TypedDict):
    """Input and output of Create User Pool, called again until `Finished`; `Run` then names the pool."""

    Run: Run
    PoolName: str
    Finished: NotRequired[bool]


class GroupsTask(TypedDict):
    """Input and output of Create Groups: the position of the next group by name."""

    Run: Run
    Next: int
    Finished: NotRequired[bool]


class ScanTask(TypedDict):
    """Input and output of Enqueue Users: the shards still to be scanned.

    `HeadStart` is of how many memberships the users are still to go by the API lane before all others. Of the
    users counted so far `Complete` are of an earlier run and need nothing more.
    """

    Run: Run
    Portion: int
    Shards: list[str]
    HeadStart: int
    Complete: NotRequired[int]
    Enqueued: NotRequired[int]
    Expected: NotRequired[int]
    Finished: NotRequired[bool]


class JobTask(TypedDict):
    """Input of Run Import Jobs. `Progress` is its last answer, absent at first."""

    Run: Run
    Progress: NotRequired[Progress]


class JobProgress(TypedDict):
    """An import job, of which so many users are done.

    `LookAfter` is in how many seconds there may be something to do.
    """

    Active: bool
    Users: int
    Done: int
    LookAfter: int


class Progress(TypedDict):
    """Output of Run Import Jobs. Times are `instant` texts.

    `CountedAt` is when the outcomes were last counted one by one, "" if never.
    """

    Drained: bool
    Expected: int
    Settled: int
    Waiting: int
    Imported: int
    ChangedAt: str
    EmptySince: str
    CountedAt: str


class ListingTask(TypedDict):
    """Input and output of List Restored: what of the new pool is still to be listed."""

    Run: Run
    Parts: list[str]
    Finished: NotRequired[bool]


class VerifyTask(TypedDict):
    """Input of Verify Users: one bucket's number."""

    Run: Run
    Bucket: int


class Verified(TypedDict):
    """Output of Verify Users."""

    Bucket: int
    Equal: int
    Different: int
    Missing: int
    Unexpected: int
    Memberships: int
    AtSignIn: NotRequired[int]


class CompleteTask(TypedDict):
    """Input of Complete Import."""

    Run: Run
    Verified: list[Verified]
