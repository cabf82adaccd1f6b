"""Creating the new pool from the captured configuration, step by step and resumable.

Nobody can choose the id of a pool or an app client, and an answer can get lost. So what was done is written
down after each step; and what may have been done all the same is looked up before it is done again: the
pool by its name and the import's tag, everything else by its name in that pool.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lifeboat.cognito.pool_writer import PartMaker, PoolMaker
from lifeboat.errors import TRANSIENT, CognitoRefused, InvalidInput
from lifeboat.pacing import Deadline
from lifeboat.restore.comparison.expectation import Files
from lifeboat.restore.course import POOL, note_phase
from lifeboat.restore.drills import Drills
from lifeboat.restore.pool.new_pool import IMPORT_TAG, NewPool
from lifeboat.restore.pool.plan import Captured, PoolPlan, plan_pool
from lifeboat.restore.pool.progress import PoolProgress
from lifeboat.restore.pool.scratch import scratch_plan
from lifeboat.restore.pool.steps import PoolSteps
from lifeboat.restore.tasks import PoolTask
from lifeboat.store.backup import Backup
from lifeboat.store.ledger import Ledger
from lifeboat.store.lock import region_of
from lifeboat.telemetry import logger

NOTHING_CAPTURED = (
    "the backup holds no configuration of the pool; run the ExportWorkflow in the primary Region, or create "
    "the pool by hand and give NewUserPoolId"
)


@dataclass(frozen=True, slots=True)
class PoolCreation:
    """Creates the pool that an import fills. `drills` and `stack_name` are for the pool of a drill."""

    backup: Backup
    maker: PoolMaker
    parts_of: Callable[[str], PartMaker]
    files: Files
    ledger: Ledger
    arn_map: Mapping[str, str]
    drills: Drills | None = None
    stack_name: str = ""

    def create(self, task: PoolTask, deadline: Deadline) -> PoolTask:
        """Create the pool, and part after part of it until all are there or time runs short.

        Raises InvalidInput when no configuration was captured, and CognitoRefused when Cognito refuses the
        pool itself, an attribute or the second factors. A passing failure is raised only if nothing was done
        before it in this call; else the next call goes on.
        """
        import_id = task["Run"]["ImportId"]
        note_phase(self.ledger, import_id, POOL)
        plan = self._plan(task)
        progress = PoolProgress.load(self.files, import_id)
        if not progress.pool_id:
            progress.pool_id = self._pool(task, plan)
            progress.left_out = plan.left_out
            progress.save()
            self.ledger.update(import_id, {"user_pool_id": progress.pool_id})
            if self.drills is not None and task["Run"].get("Drill"):
                self.drills.note(task["Run"]["Drill"], pool_id=progress.pool_id)
        finished = self._take_steps(plan, progress, deadline)
        if finished:
            progress.save_client_map()
            noted = {"user_pool_id": progress.pool_id, "pool_notes": progress.notes()}
            self.ledger.update(import_id, noted)
            logger.info(
                "pool created",
                pool_id=progress.pool_id,
                clients=len(progress.clients),
                refused=len(progress.refused),
            )
        return {
            "Run": {**task["Run"], "UserPoolId": progress.pool_id},
            "PoolName": task["PoolName"],
            "Finished": finished,
        }

    def _plan(self, task: PoolTask) -> PoolPlan:
        run = task["Run"]
        captured = Captured(self.backup.configurations())
        if not captured.pool:
            raise InvalidInput("CreateUserPool", NOTHING_CAPTURED)
        new = NewPool(
            name=task["PoolName"],
            region=region_of(run["ExecutionArn"]),
            import_id=run["ImportId"],
            arn_map=self.arn_map,
            source_sub=run["SourceSubAttribute"],
            drill=run.get("Drill", ""),
            stack=self.stack_name,
        )
        plan = plan_pool(captured, new)
        return scratch_plan(plan, new) if new.drill else plan

    def _pool(self, task: PoolTask, plan: PoolPlan) -> str:
        run = task["Run"]
        entry = self.ledger.get(run["ImportId"]) or {}
        known = run["UserPoolId"] or str(entry.get("user_pool_id", ""))
        found = known or self.maker.find(task["PoolName"], IMPORT_TAG, run["ImportId"])
        if found:
            return found
        if self.drills is not None:
            self.drills.check(run)
        try:
            return self.maker.make(plan.pool)
        except CognitoRefused as error:
            remedy = "correct ArnMap if it is about one, or create the pool by hand and give NewUserPoolId"
            raise _with_remedy(error, remedy) from None

    def _take_steps(self, plan: PoolPlan, progress: PoolProgress, deadline: Deadline) -> bool:
        """Take the next step, and more while there is time; returns whether none is left."""
        begun = len(progress.done)
        for name, action in PoolSteps(plan, self.parts_of(progress.pool_id), progress).all():
            if name in progress.done:
                continue
            if deadline.near() and len(progress.done) > begun:
                return False
            try:
                action()
            except TRANSIENT:
                if len(progress.done) == begun:
                    raise
                return False
            except CognitoRefused as error:
                remedy = f"the pool {progress.pool_id} is there without its {name}; correct ArnMap and resume"
                raise _with_remedy(error, remedy) from None
            progress.done.append(name)
            progress.save()
        return True


def _with_remedy(error: CognitoRefused, remedy: str) -> CognitoRefused:
    return CognitoRefused(
        error.operation, error.code, f"{error.detail}; {remedy}" if error.detail else remedy
    )
