"""How far the end of an export has come that reads again whoever was captured meanwhile."""

from __future__ import annotations

from typing import NotRequired, TypedDict


class Settled(TypedDict):
    """The shards before `Shard` are settled, and in it the subs up to `Behind`.

    `Users` were captured again, and for them `Written` versions began or ended. `Unsettled` is the error code
    for which the others were left to the next export.
    """

    Shard: int
    Behind: str
    Users: int
    Written: int
    Finished: bool
    Unsettled: NotRequired[str]


def nothing_settled() -> Settled:
    """Where the state begins."""
    return {"Shard": 0, "Behind": "", "Users": 0, "Written": 0, "Finished": False}
