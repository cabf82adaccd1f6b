"""Exporting users: each listing is streamed past what the backup holds, and differences are written."""

from __future__ import annotations

from dataclasses import dataclass

from lifeboat.cognito.reader import PoolReader
from lifeboat.errors import ResourceNotFound
from lifeboat.export.absences import Absences
from lifeboat.export.counts import Counts, count_change, no_counts, total
from lifeboat.export.tasks import UsersTask
from lifeboat.model import User
from lifeboat.pacing import Deadline
from lifeboat.store.items import Change, draft_user, listing_hash
from lifeboat.store.table import BackupTable, StoredVersion, VersionWriter, held_before


@dataclass(frozen=True, slots=True)
class UserExport:
    """Exports the users of one worker's prefixes."""

    table: BackupTable
    reader: PoolReader
    absences: Absences
    writer: VersionWriter
    at: str
    capture_mfa: bool

    def export(self, task: UsersTask, deadline: Deadline) -> UsersTask:
        """Export prefix after prefix until all are done or time runs short."""
        waiting = list(task["Prefixes"])
        counts = total([task["Counts"]]) if "Counts" in task else no_counts()
        absences = list(task.get("Absences", []))
        while waiting and not (deadline.near() and len(waiting) < len(task["Prefixes"])):
            prefix = waiting.pop(0)
            found, manifest = self._export_prefix(prefix)
            counts = total([counts, found])
            if manifest:
                absences.append(manifest)
        return {
            "Run": task["Run"],
            "Prefixes": waiting,
            "Counts": counts,
            "Absences": absences,
            "Finished": not waiting,
        }

    def _export_prefix(self, prefix: str) -> tuple[Counts, str | None]:
        counts = no_counts()
        stored = self.table.stored_users(prefix)
        counts["stored"] = held_before(stored.values(), self.at)
        unseen = set(stored)
        seen: set[str] = set()
        for user in self.reader.users(prefix):
            if user.sub in seen:  # a listing that is not consistent may show a user twice
                continue
            try:
                change = self._write(user, stored.get(user.sub))
            except ResourceNotFound:  # deleted since it was listed: absent, and looked for again like others
                continue
            seen.add(user.sub)
            unseen.discard(user.sub)
            count_change(counts, change)
        self.writer.flush()
        # Only here, behind the listing's last page, may anything be called absent.
        counts["absent"] = held_before((stored[sub] for sub in unseen), self.at)
        if not unseen:
            return counts, None
        return counts, self.absences.put_users(
            {"prefix": prefix, "listed": len(seen), "subs": sorted(unseen)}
        )

    def _write(self, user: User, stored: StoredVersion | None) -> Change | None:
        """Write a listed user if it is new or changed; second factors are read of those only."""
        if not self.capture_mfa:
            return self.writer.write(draft_user(user), stored)
        listed = listing_hash(user)
        if stored is not None and stored.listing_hash == listed:
            return self.writer.unchanged(stored)
        draft = draft_user(self.reader.with_mfa(user), listed)
        if stored is not None and stored.content_hash == draft.content_hash:
            self.writer.refresh(draft, stored)
        return self.writer.write(draft, stored)
