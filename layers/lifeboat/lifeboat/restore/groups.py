"""Creating the groups in the new pool."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from lifeboat.cognito.writer import PoolWriter
from lifeboat.errors import GroupExists
from lifeboat.model import Group
from lifeboat.pacing import Deadline
from lifeboat.restore.steps import StepProgress
from lifeboat.restore.tasks import GroupsTask
from lifeboat.store.backup import Backup


@dataclass(frozen=True, slots=True)
class GroupRestore:
    """Creates groups with their description, precedence and role (another one where ArnMap says so)."""

    backup: Backup
    writer: PoolWriter
    arn_map: Mapping[str, str]
    progress: StepProgress

    def create(self, task: GroupsTask, deadline: Deadline) -> GroupsTask:
        """Create group after group until all are there or time runs short.

        A group that is already there is set to what the backup says.
        """
        position = task["Next"]
        with self.progress.shown():
            for number, group in enumerate(self.backup.groups()):
                if number < position:
                    continue
                if deadline.near():
                    return {"Run": task["Run"], "Next": number, "Finished": False}
                self._create(group)
                self.progress.count()
                position = number + 1
        return {"Run": task["Run"], "Next": position, "Finished": True}

    def _create(self, group: Group) -> None:
        if group.role_arn is not None:
            group = replace(group, role_arn=self.arn_map.get(group.role_arn, group.role_arn))
        try:
            self.writer.create_group(group)
        except GroupExists:
            self.writer.update_group(group)
