"""Exporting groups, and dealing out the listing of their members."""

from __future__ import annotations

from dataclasses import dataclass

from lifeboat.cognito.reader import PoolReader
from lifeboat.export.absences import Absences
from lifeboat.export.counts import count_change, no_counts
from lifeboat.export.tasks import GroupsResult, GroupsTask
from lifeboat.listing import MEMBERSHIP_WORKERS, portions
from lifeboat.store.items import draft_group
from lifeboat.store.table import BackupTable, VersionWriter, held_before


@dataclass(frozen=True, slots=True)
class GroupExport:
    """Exports the groups of a pool."""

    table: BackupTable
    reader: PoolReader
    absences: Absences
    writer: VersionWriter
    at: str

    def export(self, task: GroupsTask) -> GroupsResult:
        """Export all groups; the memberships of groups that are gone are absent with them."""
        counts, memberships = no_counts(), no_counts()
        stored = self.table.stored_groups()
        counts["stored"] = held_before(stored.values(), self.at)
        listed: dict[str, None] = {}
        for group in self.reader.groups():
            if group.name not in listed:
                listed[group.name] = None
                count_change(counts, self.writer.write(draft_group(group), stored.get(group.name)))
        self.writer.flush()
        manifests = []
        gone = sorted(set(stored) - set(listed))
        counts["absent"] = held_before((stored[name] for name in gone), self.at)
        if gone:
            manifests.append(self.absences.put_groups(gone))
            lost = [(name, self.table.stored_members(name)) for name in gone]
            held = sum(held_before(members.values(), self.at) for _, members in lost)
            memberships["stored"] = memberships["absent"] = held
            manifests.append(
                self.absences.put_memberships(
                    "gone", [{"group": name, "subs": sorted(members)} for name, members in lost if members]
                )
            )
        dealt = portions(list(listed), MEMBERSHIP_WORKERS)
        for number, names in enumerate(dealt):
            self.absences.put_group_names(number, names)
        return {
            "Counts": counts,
            "MembershipCounts": memberships,
            "Absences": manifests,
            "Portions": [{"Portion": number, "Next": 0} for number in range(len(dealt))],
        }
