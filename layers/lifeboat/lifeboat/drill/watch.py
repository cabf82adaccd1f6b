"""Watching a drill's import until it has ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lifeboat.aws.executions import Executions
from lifeboat.drill.patience import until
from lifeboat.drill.tasks import Watched, WatchTask
from lifeboat.model import now, seconds_between
from lifeboat.pacing import Deadline
from lifeboat.store.ledger import Ledger
from lifeboat.store.lock import YOUNG

LOOK = 2
"""Seconds between two looks: an operator's import waits for the drill to notice it."""


@dataclass(frozen=True, slots=True)
class DrillWatch:
    """Waits in the function and not in the workflow, whose history would fill up in a drill of days."""

    ledger: Ledger
    executions: Executions
    look: float = LOOK
    clock: Callable[[], str] = now

    def watch(self, task: WatchTask, deadline: Deadline) -> Watched:
        """Wait until the import has ended, or the drill has given way, or time runs short."""
        drill = task["Drill"]
        begun = self.clock()

        def over() -> bool:
            entry = self.ledger.get(drill["DrillId"]) or {}
            if entry.get("gave_way_to"):
                return True
            running = self.executions.running(drill["ImportExecution"])
            if running is None:  # not known yet
                return seconds_between(begun, self.clock()) > YOUNG
            return not running

        ended = False
        while not ended and not deadline.near():
            ended = until(over, self.look * 10, self.look)
        return {"Drill": drill, "Ended": ended}
