"""Clearing away after a drill: its import stopped, its pool deleted, its messages gone.

A pool is deleted only if, at that moment, all of this holds: it has the name, the tags and the age of the
scratch pool of a drill in the ledger, that drill is over or closing, and no setting of the stack names it.
What the ledger says can be wrong only if the table is; what the pool says only if somebody tagged it by hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lifeboat.aws.executions import Executions
from lifeboat.aws.queues import Queue, purge_all
from lifeboat.cognito.scratch_pools import DRILL_TAG, STACK_TAG, Description, ScratchPools
from lifeboat.drill.patience import until
from lifeboat.drill.tasks import Cleared, ClearTask
from lifeboat.errors import CognitoUnavailable
from lifeboat.model import instant, moment_after, now, seconds_between
from lifeboat.store.ledger import DIED, Ledger
from lifeboat.store.lock import YOUNG, Lock
from lifeboat.store.table import BackupTable
from lifeboat.telemetry import logger

Entry = Mapping[str, Any]

SKEW = 300
"""Seconds that the clocks of Cognito and Step Functions may differ by."""

JOB_PATIENCE, JOB_LOOK = 120, 3
"""Seconds for which a stopped import job is waited for, and between two looks at it."""

RUNNING, FAILED = "RUNNING", "FAILED"
OVER = "the drill that it was for is over"


@dataclass(frozen=True, slots=True)
class Scratch:
    """What drills leave behind. `protected` are the ids of pools that are never touched."""

    table: BackupTable
    executions: Executions
    pools: ScratchPools
    queues: tuple[Queue, ...]
    stack_name: str
    region: str
    protected: frozenset[str]

    def take(self, task: ClearTask) -> Cleared:
        """Clear away after the drill that the task names, else after all that are over."""
        drill = task.get("Drill")
        return {"Deleted": self.clear_left_behind() if drill is None else self.clear(drill["DrillId"])}

    def clear(self, drill_id: str) -> list[str]:
        """Stop a drill's import, delete its pool and its messages. Safe to repeat; returns the pools deleted.

        Nothing happens if the ledger has no such drill.
        """
        ledger = Ledger(self.table, "drill")
        entry = ledger.get(drill_id)
        if entry is None:
            return []
        ledger.update(drill_id, {"closing": True})
        self.executions.stop(str(entry["import_execution_arn"]), "DrillEnded")
        entry = ledger.get(drill_id) or entry
        imported = self._close_import(str(entry.get("import_id", "")))
        deleted = self._delete_pools(entry, imported)
        self._clear_queues(entry, imported)
        ledger.update(drill_id, {"cleared_at": now()})
        return deleted

    def clear_left_behind(self) -> list[str]:
        """Clear away after drills of this Region that were stopped, timed out or lost, and what they left."""
        deleted: list[str] = []
        ledger = Ledger(self.table, "drill")
        for entry in list(ledger.all(("run_id", "status", "region", "execution_arn", "started_at"))):
            if entry.get("region") == self.region and entry["status"] == RUNNING and self._dead(entry):
                drill_id = str(entry["run_id"])
                deleted += self.clear(drill_id)
                ledger.end(drill_id, FAILED, {}, DIED)
                Lock(self.table, self.executions, "drill").release(str(entry["execution_arn"]))
        # A function of a stopped execution goes on for a while, and may have made its pool after all.
        for pool_id, _ in list(self.pools.named()):
            described = self.pools.describe(pool_id)
            drill_id = str((described or {}).get("UserPoolTags", {}).get(DRILL_TAG, ""))
            found = ledger.get(drill_id) if drill_id else None
            if found is not None and found["status"] != RUNNING and self._delete(found, pool_id):
                deleted.append(pool_id)
        return deleted

    def is_scratch(self, entry: Entry, pool: Description) -> bool:
        """Whether a pool is the scratch pool of a drill, which may be deleted."""
        tags = pool.get("UserPoolTags", {})
        created = pool.get("CreationDate")
        return (
            bool(entry.get("closing") or entry.get("status") not in (None, RUNNING))
            and pool["Id"] not in self.protected
            and pool["Name"] == entry["pool_name"]
            and tags.get(DRILL_TAG) == entry["run_id"]
            and tags.get(STACK_TAG) == self.stack_name
            and created is not None
            and instant(created) >= moment_after(str(entry["started_at"]), -SKEW)
        )

    def _dead(self, entry: Entry) -> bool:
        running = self.executions.running(str(entry["execution_arn"]))
        if running is None:  # forgotten long ago, or not known yet
            running = seconds_between(str(entry["started_at"]), now()) < YOUNG
        return not running

    def _close_import(self, import_id: str) -> Entry | None:
        """End the ledger entry of the drill's import, so that functions of it that still run stop working."""
        ledger = Ledger(self.table, "import")
        imported = ledger.get(import_id) if import_id else None
        if imported is not None and imported["status"] == RUNNING:
            return ledger.end(import_id, FAILED, {}, OVER)
        return imported

    def _delete_pools(self, entry: Entry, imported: Entry | None) -> list[str]:
        """Delete the drill's pool; where an answer of CreateUserPool was lost there may be another one."""
        known = str(entry.get("pool_id", ""))
        named = [pool_id for pool_id, name in self.pools.named() if name == entry["pool_name"]]
        job = str(((imported or {}).get("job") or {}).get("job_id", ""))
        if known and job:
            self._stop_job(entry, known, job)
        candidates = dict.fromkeys([*([known] if known else []), *named])
        return [pool_id for pool_id in candidates if self._delete(entry, pool_id)]

    def _stop_job(self, entry: Entry, pool_id: str, job_id: str) -> None:
        described = self.pools.describe(pool_id)
        if described is None or not self.is_scratch(entry, described):
            return
        self.pools.stop_job(pool_id, job_id)
        if not until(lambda: not self.pools.job_runs(pool_id, job_id), JOB_PATIENCE, JOB_LOOK):
            raise CognitoUnavailable("StopUserImportJob", "Stopping")

    def _delete(self, entry: Entry, pool_id: str) -> bool:
        current = Ledger(self.table, "drill").get(str(entry["run_id"])) or {}
        if self.pools.delete(pool_id, lambda pool: bool(current) and self.is_scratch(current, pool)):
            logger.info("scratch pool deleted", pool_id=pool_id)
            return True
        logger.error("not deleted: the pool is not this drill's", pool_id=pool_id)
        return False

    def _clear_queues(self, entry: Entry, imported: Entry | None) -> None:
        """Delete what the drill's import has left in the queues, unless they are somebody else's by now.

        Who takes the lock over from a drill's import writes so into the drill's entry first, and clears the
        queues itself. The queues were empty when that import began.
        """
        arn, drill_id = str(entry["execution_arn"]), str(entry["run_id"])
        lock = Lock(self.table, self.executions, "import")
        if not lock.take_back(arn, drill_id):
            return
        try:
            current = Ledger(self.table, "drill").get(drill_id) or {}
            if imported is not None and not current.get("gave_way_to"):
                purge_all(self.queues)
        finally:
            lock.release(arn)
