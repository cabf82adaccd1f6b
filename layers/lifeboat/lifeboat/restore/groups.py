"""Creating the groups in the new pool."""

from __future__ import annotations

from dataclasses import dataclass

from lifeboat.cognito.writer import PoolWriter
from lifeboat.errors import GroupExists
from lifeboat.pacing import Deadline
from lifeboat.restore.tasks import GroupsTask
from lifeboat.store.table import BackupTable


@dataclass(frozen=True, slots=True)
class GroupRestore:
    """Creates groups with their description, precedence and role."""

    table: BackupTable
    writer: PoolWriter

    def create(self, task: GroupsTask, deadline: Deadline) -> GroupsTask:
        """Create group after group until all are there or time runs short.

        A group that is already there is set to what the backup says.
        """
        position = task["Next"]
        for number, group in enumerate(self.table.groups()):
            if number < position:
                continue
            if deadline.near():
                return {"Run": task["Run"], "Next": number, "Finished": False}
            try:
                self.writer.create_group(group)
            except GroupExists:
                self.writer.update_group(group)
            position = number + 1
        return {"Run": task["Run"], "Next": position, "Finished": True}
