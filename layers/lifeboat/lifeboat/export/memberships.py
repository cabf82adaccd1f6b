"""Exporting memberships: each group's members are compared with the index ByGroup."""

from __future__ import annotations

from dataclasses import dataclass

from lifeboat.cognito.reader import PoolReader
from lifeboat.errors import ResourceNotFound
from lifeboat.export.absences import Absences, MemberAbsences
from lifeboat.export.counts import Counts, count_change, no_counts, total
from lifeboat.export.tasks import MembershipsTask
from lifeboat.model import Membership
from lifeboat.pacing import Deadline
from lifeboat.store.items import draft_membership
from lifeboat.store.table import BackupTable, VersionWriter, held_before


@dataclass(frozen=True, slots=True)
class MembershipExport:
    """Exports the memberships of one worker's groups."""

    table: BackupTable
    reader: PoolReader
    absences: Absences
    writer: VersionWriter
    at: str

    def export(self, task: MembershipsTask, deadline: Deadline) -> MembershipsTask:
        """Export group after group until all are done or time runs short."""
        names = self.absences.group_names(task["Portion"])
        counts = total([task["Counts"]]) if "Counts" in task else no_counts()
        manifests = list(task.get("Absences", []))
        absent: list[MemberAbsences] = []
        start = position = task["Next"]
        while position < len(names) and not (deadline.near() and position > start):
            found, missing = self._export_group(names[position])
            counts = total([counts, found])
            if missing:
                absent.append({"group": names[position], "subs": missing})
            position += 1
        if absent:
            manifests.append(self.absences.put_memberships(f"{task['Portion']}-{start}", absent))
        return {
            "Run": task["Run"],
            "Portion": task["Portion"],
            "Next": position,
            "Counts": counts,
            "Absences": manifests,
            "Finished": position >= len(names),
        }

    def _export_group(self, name: str) -> tuple[Counts, list[str]]:
        counts = no_counts()
        stored = self.table.stored_members(name)
        counts["stored"] = held_before(stored.values(), self.at)
        seen: set[str] = set()
        try:
            for user in self.reader.members(name):
                if user.sub in seen:
                    continue
                seen.add(user.sub)
                draft = draft_membership(Membership(user.sub, name))
                count_change(counts, self.writer.write(draft, stored.get(user.sub)))
        except ResourceNotFound:
            # Deleted since the groups were listed: its listing did not run to the end, so nothing
            # of it is absent. The next export finds the group gone.
            self.writer.flush()
            return counts, []
        self.writer.flush()
        missing = sorted(set(stored) - seen)
        counts["absent"] = held_before((stored[sub] for sub in missing), self.at)
        return counts, missing
