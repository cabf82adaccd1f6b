"""Which moment, and so which export, a person means."""

from __future__ import annotations

from dataclasses import dataclass

from cli.problems import Problem, WrongUse
from cli.terminal.sentences import split_remedy
from lifeboat.errors import InvalidInput
from lifeboat.model import now
from lifeboat.restore.moment import EXPECTED_MOMENT, Exports, moment_asked, moment_read
from lifeboat.store.as_of import AsOf
from lifeboat.store.backup import Backup
from lifeboat.store.ledger import Ledger
from lifeboat.store.table import BackupTable

PRESENT = ""
"""The moment of what the backup holds now."""


@dataclass(frozen=True, slots=True)
class State:
    """The backup at a moment (PRESENT or an instant), and the export that found it so."""

    backup: Backup
    moment: str
    export_id: str


def state(table: BackupTable, option: str, asked: str | None, history_days: int) -> State:
    """The backup at the moment that an option names, or as it is where the option was not given.

    As an import of that moment reads it. Raises WrongUse for what is no moment, Problem for one that the
    backup cannot go back to.
    """
    ledger = Ledger(table, "export")
    latest = ledger.latest()
    if latest is None:
        raise Problem(
            "the backup holds no completed export yet",
            "Start one with `lifeboat export --wait`, and look again.",
        )
    if asked is None:
        return State(table, PRESENT, str(latest["run_id"]))
    try:
        moment = moment_asked(asked)
    except InvalidInput as error:
        wrong = str(error).partition(": ")[2].partition(";")[0]
        raise WrongUse(f"{option}: {wrong}", f"Give {EXPECTED_MOMENT}.") from None
    exports = Exports.of(ledger, now(), history_days)
    export = exports.at(moment)
    problem = exports.problem(moment, export)
    if export is None or problem:
        wrong, remedy = split_remedy(problem)
        left_out = "leave AsOf out to restore the present"
        remedy = remedy.replace(left_out, "take the backup as it is now")
        raise Problem(f"{option}: {wrong}", remedy[:1].upper() + remedy[1:] + "." if remedy else "")
    return State(AsOf(table, moment_read(export, moment), now()), moment, str(export["run_id"]))
