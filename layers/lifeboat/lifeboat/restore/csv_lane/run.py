"""One call of Run Import Jobs: import jobs one after the other, and the watch over everything meanwhile."""

from __future__ import annotations

from dataclasses import dataclass

from lifeboat.pacing import Deadline
from lifeboat.restore.csv_lane.job import ImportJobStep
from lifeboat.restore.progress import ProgressCheck
from lifeboat.restore.tasks import JobTask, Progress


@dataclass(frozen=True, slots=True)
class UserImport:
    """Brings an import's users into the pool, as far as one invocation can."""

    step: ImportJobStep
    check: ProgressCheck

    def go_on(self, task: JobTask, working: Deadline, watching: Deadline) -> Progress:
        """Run jobs and watch until all is done or time runs short. Safe to repeat at any point.

        `working` leaves time for a step, which settles one job and hands in the next; `watching` for a look.
        Raises ImportStalled.
        """
        progress = task.get("Progress")
        while True:
            with self.check.display.kept_up():
                job = self.step.take(task, working)
            progress = self.check.watch(job, progress, watching)
            if progress["Drained"] or working.near():
                return progress
