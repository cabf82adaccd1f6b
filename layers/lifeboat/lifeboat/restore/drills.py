"""What an import has to do with drills: an import of a drill's own, and any other, for which drills give way.

The input of a drill's import is {"Drill": <id>} and nothing else. Only the DrillWorkflow can give it: the
drill's ledger entry must name the execution, and it does so before that execution is started.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lifeboat.aws.executions import Executions
from lifeboat.aws.queues import Queue, purge_all
from lifeboat.errors import DrillEnded, InvalidInput
from lifeboat.restore.tasks import Run
from lifeboat.store.items import Item
from lifeboat.store.keys import SHARDS, lock_key
from lifeboat.store.ledger import Ledger
from lifeboat.store.lock import Lock, region_of
from lifeboat.store.table import BackupTable

DRILL = "Drill"
"""The key of the input that makes an import a drill's."""

GAVE_WAY = "a drill's import: it gave way to an import, or its execution was stopped"

RUNNING, FAILED = "RUNNING", "FAILED"


@dataclass(frozen=True, slots=True)
class Sample:
    """The drill that an import is of; `shards` are those that it restores."""

    drill_id: str
    pool_name: str
    shards: tuple[str, ...]

    def part_of(self, number: int) -> int:
        """About how many of so many things, evenly spread, lie in the shards."""
        return -(-number * len(self.shards) // len(SHARDS))


def sample_shards(percent: int, drill_id: str) -> tuple[str, ...]:
    """So many percent of the shards, one at least; which ones differs from drill to drill."""
    number = max(1, round(len(SHARDS) * percent / 100))
    first = int(drill_id.rpartition("-")[2], 16)
    return tuple(
        sorted(SHARDS[(first + each * len(SHARDS) // number) % len(SHARDS)] for each in range(number))
    )


class Drills:
    """The drills in the table, as imports see them."""

    def __init__(self, table: BackupTable) -> None:
        self._table = table
        self._ledger = Ledger(table, "drill")

    def sample(self, given: Any, execution_arn: str) -> Sample | None:
        """The drill that an execution with this input is for; None for an import of anybody else's.

        Raises InvalidInput when the ledger does not know this execution as that of a drill, and DrillEnded
        when the drill is over.
        """
        if not isinstance(given, Mapping) or DRILL not in given:
            return None
        drill_id = given[DRILL]
        entry = self._ledger.get(drill_id) if isinstance(drill_id, str) and drill_id else None
        if len(given) > 1 or entry is None or entry.get("import_execution_arn") != execution_arn:
            raise InvalidInput(
                DRILL, "only the DrillWorkflow gives this key; start that one to try a restore"
            )
        _check(entry)
        return Sample(
            str(entry["run_id"]),
            str(entry["pool_name"]),
            sample_shards(int(entry["sample_percent"]), str(entry["run_id"])),
        )

    def check(self, run: Run) -> None:
        """Raise DrillEnded where a run is of a drill that is over; a function outlives its execution."""
        if run.get("Drill"):
            _check(self._ledger.get(run["Drill"]) or {})

    def note(self, drill_id: str, **values: str) -> None:
        """Write into a drill's entry."""
        self._ledger.update(drill_id, values)

    def note_failure(self, execution_arn: str, reason: str) -> bool:
        """Write why a drill's import failed into the drill's entry; False if the execution is of no drill."""
        holder = self._table.get(lock_key("drill", region_of(execution_arn)))
        entry = None if holder is None else self._ledger.get(str(holder["run_id"]))
        if entry is None or entry.get("import_execution_arn") != execution_arn:
            return False
        self.note(str(entry["run_id"]), import_reason=reason)
        return True

    def abandoned(self, import_id: str) -> bool:
        """Whether an import was of a drill and is over: nobody needs what is still to be done for it."""
        entry = Ledger(self._table, "import").get(import_id)
        return entry is not None and bool(entry.get("drill")) and entry["status"] != RUNNING


def _check(entry: Item) -> None:
    if entry.get("status") != RUNNING or entry.get("closing") or entry.get("gave_way_to"):
        raise DrillEnded("the drill is over, or has given way to an import")


@dataclass(frozen=True, slots=True)
class WayMade:
    """Makes way for an import: no drill of its Region may be in its way."""

    table: BackupTable
    executions: Executions
    queues: tuple[Queue, ...]

    def make(self, execution_arn: str, import_id: str) -> None:
        """End what a drill is doing with the lock and the queues. Safe to repeat.

        Takes a minute if the drill has messages in the queues (`purge_all`), else a moment. The caller holds
        the lock of imports, so no import of a drill can begin any more; the DrillWorkflow sees that it has
        given way, and clears away its pool by itself.
        """
        holder = Lock(self.table, self.executions, "drill").holder(execution_arn)
        drills = Ledger(self.table, "drill")
        entry = drills.get(holder[1]) if holder is not None else None
        if entry is None or entry["status"] != RUNNING:
            return
        if entry.get("gave_way_to") not in ("", import_id):
            return  # what the queues hold is no drill's any more
        drills.update(str(entry["run_id"]), {"gave_way_to": import_id})
        imports = Ledger(self.table, "import")
        own = str(entry.get("import_id", ""))
        imported = imports.get(own) if own else None
        if imported is None:
            return
        if imported["status"] == RUNNING:
            imports.end(own, FAILED, {}, GAVE_WAY)
        purge_all(self.queues)
