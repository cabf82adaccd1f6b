"""The end of an export beside captures: whoever was captured meanwhile is read once more.

An export leaves such users to their captures, but an event of a later change may have been lost: this state
makes an export the reconciler of everybody.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypedDict

from lifeboat.errors import CognitoUnavailable
from lifeboat.pacing import Deadline
from lifeboat.settling import Settled
from lifeboat.store.keys import SHARDS
from lifeboat.store.markers import Markers, captured_since
from lifeboat.sync.capture.groups import GroupCapture, GroupsUnfinished
from lifeboat.sync.capture.users import UserCapture
from lifeboat.telemetry import logger

SIDE_BY_SIDE = 8
"""Users that are captured at a time: what takes long is waiting for Cognito."""


class SettleTask(TypedDict):
    """Input of Settle Captures; it is called again until `Finished`."""

    Run: dict[str, Any]
    Place: Settled


@dataclass(frozen=True, slots=True)
class CaptureSettling:
    """Captures everybody again who has been captured since an export began.

    They are read from the pool itself, also by an export that reads its replica: the replica may be behind
    what a capture has written. `beside_replica` is for such an export, which must go on while the pool's
    Region is lost: who cannot be read then is left to the next export, which compares everybody.
    """

    markers: Markers
    users: UserCapture
    groups: GroupCapture
    beside_replica: bool

    def settle(self, task: SettleTask, deadline: Deadline) -> Settled:
        """Go through shard after shard until all are done or time runs short, within one if need be."""
        place: Settled = {**task["Place"]}
        if not task["Run"].get("Live"):
            return {**place, "Finished": True}
        try:
            return self._settle(place, captured_since(task["Run"]["At"]), deadline)
        except CognitoUnavailable as error:
            if not self.beside_replica:
                raise
            logger.warning("captures left unsettled: the pool cannot be reached", error=error.code)
            return {**place, "Finished": True, "Unsettled": error.code}

    def _settle(self, place: Settled, since: str, deadline: Deadline) -> Settled:
        if not place["Shard"] and not place["Behind"]:
            try:
                place["Written"] += self.groups.capture(deadline)
            except GroupsUnfinished:
                return place
        for number in range(place["Shard"], len(SHARDS)):
            place["Shard"] = number
            if not self._settle_shard(SHARDS[number], since, place, deadline):
                return place
            place["Behind"] = ""
        return {**place, "Finished": True}

    def _settle_shard(self, shard: str, since: str, place: Settled, deadline: Deadline) -> bool:
        """Settle a shard; False if time ran short before its end."""
        # Read to its end first: capturing moves the markers of those who are still to come.
        subs = iter(list(self.markers.since(shard, since, place["Behind"])))
        with ThreadPoolExecutor(SIDE_BY_SIDE) as threads:
            while batch := list(islice(subs, SIDE_BY_SIDE)):
                for captured in threads.map(self.users.capture, batch):
                    place["Users"] += 1
                    place["Written"] += captured.written
                place["Behind"] = batch[-1]
                if deadline.near():
                    return False
        return not deadline.near()
