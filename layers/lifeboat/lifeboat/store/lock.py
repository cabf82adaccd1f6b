"""One execution of a workflow at a time in a Region.

The lock is an item that names the execution holding it. A lock is taken by a conditional write, so
of two starts in the same second exactly one succeeds. A holder that died without releasing it is
recognised by asking Step Functions whether that execution still runs.

A drill's import holds the lock of imports as any other does, but nobody has to wait for it: the lock says
that it is a drill's, and whoever is not of the same drill takes it over while the drill still runs.
"""

from __future__ import annotations

from dataclasses import dataclass

from boto3.dynamodb.conditions import Attr, ConditionBase
from botocore.exceptions import ClientError

from lifeboat.aws.executions import Executions
from lifeboat.aws.translation import store_errors
from lifeboat.errors import AlreadyRunning
from lifeboat.model import now, seconds_between
from lifeboat.store.items import Item
from lifeboat.store.keys import lock_key
from lifeboat.store.table import BackupTable

YOUNG = 60
"""Seconds after its lock was taken within which an unknown execution is thought to be running."""


def region_of(execution_arn: str) -> str:
    """The Region in an ARN."""
    return execution_arn.split(":")[3]


@dataclass(frozen=True, slots=True)
class Lock:
    """The lock of a workflow ("export", "import" or "drill") in the Region of the execution."""

    table: BackupTable
    executions: Executions
    workflow: str

    def acquire(self, execution_arn: str, run_id: str, drill: str = "") -> str | None:
        """Take the lock for an execution; taking it twice for the same one is harmless.

        `run_id` is the export or import id, kept in the lock so that a failure can be written to
        the right ledger. `drill` is the id of the drill that an import is of, "" for none. Returns the run
        id of a dead execution, or of a drill's import, whose lock was taken over; None if there was none.
        Raises AlreadyRunning while another execution runs.
        """
        free = Attr("pk").not_exists() | Attr("execution_arn").eq(execution_arn)
        if self._put(execution_arn, run_id, free, drill):
            return None
        item = self._item(execution_arn)
        if item is None:
            if self._put(execution_arn, run_id, free, drill):
                return None
        else:
            holder_arn = str(item["execution_arn"])
            gives_way = bool(item.get("drill")) and item["drill"] != drill
            running = False if gives_way else self.executions.running(holder_arn)
            if running is None:  # forgotten long ago, or not known yet
                running = seconds_between(item["taken_at"], now()) < YOUNG
            if running:
                execution = holder_arn.rsplit(":", 1)[-1]
                raise AlreadyRunning(
                    f"the {self.workflow} {item['run_id']} is running (execution {execution}); "
                    "wait until it ends, or stop that execution and start again"
                )
            if self._put(execution_arn, run_id, Attr("execution_arn").eq(holder_arn), drill):
                return str(item["run_id"])
        raise AlreadyRunning(f"another {self.workflow} was started at the same moment; wait until it ends")

    def take_back(self, execution_arn: str, drill: str) -> bool:
        """Take the lock of imports for a drill itself, from the drill's import or from nobody.

        Returns whether it was free for that: an import of somebody else's keeps it, dead or alive.
        """
        return self._put(execution_arn, drill, Attr("pk").not_exists() | Attr("drill").eq(drill), drill)

    def holder(self, execution_arn: str) -> tuple[str, str] | None:
        """The execution that holds the lock in this Region, and its run id; None if nobody does."""
        item = self._item(execution_arn)
        return None if item is None else (item["execution_arn"], item["run_id"])

    def held_by(self, execution_arn: str) -> str | None:
        """The run id, if this execution holds the lock."""
        holder = self.holder(execution_arn)
        return holder[1] if holder is not None and holder[0] == execution_arn else None

    def release(self, execution_arn: str) -> None:
        """Give the lock back; nothing happens if this execution does not hold it."""
        key = lock_key(self.workflow, region_of(execution_arn))
        try:
            with store_errors("DynamoDB"):
                self.table.table.delete_item(
                    Key={"pk": key.pk, "sk": key.sk},
                    ConditionExpression=Attr("execution_arn").eq(execution_arn),
                )
        except ClientError:
            return

    def _item(self, execution_arn: str) -> Item | None:
        return self.table.get(lock_key(self.workflow, region_of(execution_arn)))

    def _put(self, execution_arn: str, run_id: str, condition: ConditionBase, drill: str) -> bool:
        key = lock_key(self.workflow, region_of(execution_arn))
        try:
            with store_errors("DynamoDB"):
                self.table.table.put_item(
                    Item={
                        "pk": key.pk,
                        "sk": key.sk,
                        "execution_arn": execution_arn,
                        "run_id": run_id,
                        "taken_at": now(),
                        "drill": drill,
                    },
                    ConditionExpression=condition,
                )
        except ClientError:
            return False
        return True
