"""Exporting the pool's configuration: parts are compared with the backup, absent ones looked for again.

What Cognito refuses to show, because of the pool's plan or the account's rights, is left in the backup as
it is: it may be there all the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lifeboat.cognito.configuration import Part, split_name
from lifeboat.cognito.configuration_reader import ConfigurationReader
from lifeboat.errors import CognitoRefused
from lifeboat.export.absences import Absences
from lifeboat.export.tasks import ConfigurationCounts, ConfigurationTask
from lifeboat.model import PoolConfiguration
from lifeboat.pacing import Deadline
from lifeboat.store.configurations import configuration_drafts, owner_and_number
from lifeboat.store.items import Change
from lifeboat.store.keys import Key, pool_key
from lifeboat.store.table import BackupTable, StoredVersion
from lifeboat.store.versions import VersionWriter
from lifeboat.telemetry import logger

Stored = Mapping[str, StoredVersion]


class _Progress:
    """How far the capture has come; begins where the task left it."""

    def __init__(self, task: ConfigurationTask) -> None:
        self.position = task["Next"]
        none: ConfigurationCounts = {"parts": 0, "added": 0, "changed": 0, "retired": 0}
        self.counts: ConfigurationCounts = {**none, **task.get("Counts", none)}
        self.unread = set(task.get("Unread", []))
        self.absences = list(task.get("Absences", []))

    def refused(self, kind: Part, error: CognitoRefused) -> None:
        if kind.value not in self.unread:
            self.unread.add(kind.value)
            logger.warning(
                "configuration not shown", part=kind.value, operation=error.operation, code=error.code
            )


@dataclass(frozen=True, slots=True)
class ConfigurationExport:
    """Exports the configuration of a pool."""

    table: BackupTable
    reader: ConfigurationReader
    absences: Absences
    writer: VersionWriter

    def export(self, task: ConfigurationTask, deadline: Deadline) -> ConfigurationTask:
        """Go through part after part until all are done or time runs short. Safe to repeat.

        Raises ResourceNotFound when the pool is gone; then nothing is retired.
        """
        progress = _Progress(task)
        stored = self.table.stored_configurations()
        names = self.absences.configuration_names() if task["Next"] else self._list(stored, progress)
        if task["Next"] < len(names):
            self._compare(names, stored, progress, deadline)
            finished = progress.position == len(names) and not progress.absences
        else:
            absent = [name for manifest in progress.absences for name in self.absences.get(manifest)]
            self._look_again(absent[task["Next"] - len(names) :], stored, progress, deadline)
            finished = progress.position == len(names) + len(absent)
        return {
            "Run": task["Run"],
            "Next": progress.position,
            "Counts": progress.counts,
            "Unread": sorted(progress.unread),
            "Absences": progress.absences,
            "Finished": finished,
        }

    def _list(self, stored: Stored, progress: _Progress) -> list[str]:
        """The names of all parts there may be, kept for the next calls; stored ones besides are absent."""
        names, refused = self.reader.names()
        for kind, error in refused.items():
            progress.refused(kind, error)
        self.absences.put_configuration_names(names)
        unlisted = sorted({owner_and_number(name)[0] for name in stored} - set(names))
        if unlisted:
            progress.absences.append(self.absences.put_configuration("unlisted", unlisted))
        return names

    def _compare(self, names: Sequence[str], stored: Stored, progress: _Progress, deadline: Deadline) -> None:
        start = progress.position
        absent = [
            name for name in self._write_all(names[start:], stored, progress, deadline) if name in stored
        ]
        if absent:
            progress.absences.append(self.absences.put_configuration(str(start), absent))

    def _look_again(
        self, names: Sequence[str], stored: Stored, progress: _Progress, deadline: Deadline
    ) -> None:
        gone = self._write_all(names, stored, progress, deadline)
        if gone:
            # Of a pool that is gone, every part is "not found" too.
            self.reader.describe()
            self.writer.retire(_items_of(gone, stored))
            progress.counts["retired"] += len(gone)

    def _write_all(
        self, names: Sequence[str], stored: Stored, progress: _Progress, deadline: Deadline
    ) -> list[str]:
        """Compare and write one part, and more while there is time; returns those that are not there."""
        missing: list[str] = []
        surplus: list[Key] = []
        for number, name in enumerate(names):
            if number and deadline.near():
                break
            progress.position += 1
            try:
                part = self.reader.part(name)
            except CognitoRefused as error:
                progress.refused(split_name(name)[0], error)
                continue
            if part is None:
                missing.append(name)
            else:
                surplus += self._write(part, stored, progress.counts)
        self.writer.flush()
        self.writer.retire(surplus)
        return missing

    def _write(self, part: PoolConfiguration, stored: Stored, counts: ConfigurationCounts) -> list[Key]:
        """Write a part's items; returns those that an earlier, longer version had besides."""
        drafts = configuration_drafts(part)
        # The first item changes with every other, because it holds the digest of the whole.
        change, *_ = [self.writer.write(draft, stored.get(draft.key.sk)) for draft in drafts]
        counts["parts"] += 1
        if change is Change.ADDED:
            counts["added"] += 1
        elif change is Change.CHANGED:
            counts["changed"] += 1
        kept = {draft.key for draft in drafts}
        return [key for key in _items_of([part.name], stored) if key not in kept]


def _items_of(names: Sequence[str], stored: Stored) -> list[Key]:
    """The keys of all items of some parts, those that are stored as well as the first ones."""
    wanted = set(names)
    return [pool_key(name) for name in wanted.union(n for n in stored if owner_and_number(n)[0] in wanted)]
