"""What an import is going to do, shown before it starts: where to, and which state of the backup."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from rich.console import Console

from cli.cockpit import Cockpit
from cli.connection import Connection, Stack
from cli.entries import IMPORTS, entry_of, number, text
from cli.imports.input import ImportAsked
from cli.problems import Problem, WrongUse
from cli.terminal.output import escaped, table
from cli.terminal.wording import ago, day, plural
from lifeboat.model import now, seconds_between
from lifeboat.restore.moment import Exports, moment_asked
from lifeboat.store.ledger import COMPLETED_WITHOUT_CLEANUP, Ledger
from lifeboat.store.lock import region_of

HISTORY_DAYS = 35
"""The default of the parameter HistoryDays."""


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """`export` is the ledger entry of the export whose state is restored, `resumed` the import's, if any."""

    asked: ImportAsked
    stack: Stack
    export: Mapping[str, Any]
    resumed: Mapping[str, Any]
    at: str

    def draw(self, console: Console) -> None:
        """The plan for a person."""
        shown = table("", "")
        shown.show_header = False
        shown.add_row("[bold]Import into[/]", escaped(self.target))
        if self.resumed:
            shown.add_row("[bold]Goes on with[/]", escaped(self._resumed()))
        shown.add_row("[bold]Restores[/]", escaped(self.source))
        for warning in self.warnings():
            shown.add_row("[bold yellow]Mind[/]", escaped(warning))
        console.print(shown)

    @property
    def target(self) -> str:
        """The pool."""
        region = self.stack.region
        if self.asked.create_pool is not None:
            return f"a new pool {self.asked.create_pool} in {region}, made from the captured configuration"
        if self.asked.pool is not None:
            return f"the empty pool {self.asked.pool}"
        pool = text(self.resumed, "user_pool_id")
        return f"the pool {pool}" if pool else f"a new pool {text(self.resumed, 'pool_name')} in {region}"

    @property
    def source(self) -> str:
        """The state of the backup."""
        export = self.export
        counts = [
            plural(number(export, "counts", f"{kind}s", "listed"), kind)
            for kind in ("user", "group", "membership")
        ]
        began = text(export, "started_at")
        return f"{', '.join(counts)}, as the export of {day(began)} found them ({ago(began, self.at)})"

    def warnings(self) -> list[str]:
        """What to know about that state before one relies on it."""
        found = []
        if text(self.export, "status") == COMPLETED_WITHOUT_CLEANUP:
            found.append("that export retired nothing, because too much was missing from the pool")
        hours = float(self.stack.parameters.get("MaxExportAgeHours") or 0)
        age = seconds_between(text(self.export, "started_at"), self.at)
        if not self.asked.as_of and hours and age > hours * 3_600:
            found.append(f"that is more than MaxExportAgeHours ({hours:g}): what happened since is not in it")
        return found

    def _resumed(self) -> str:
        entry = self.resumed
        return (
            f"the import {self.asked.resume}, which ended as {text(entry, 'status') or 'nobody knows what'}"
        )


def stack_of(cockpit: Cockpit, asked: ImportAsked) -> Stack:
    """The stack that carries the import out.

    That of the pool's Region; of the Region in which the resumed import ran; for a pool that is to be created
    the one asked for, or else the backup stack. Raises WrongUse and Problem.
    """
    if asked.pool is not None:
        region = asked.pool.partition("_")[0]
        if cockpit.asked.region not in (None, region):
            raise WrongUse(
                f"--pool: the pool is in {region}, but --region says {cockpit.asked.region}",
                "Leave --region out, or name a pool of that Region.",
            )
        # Whatever Region is the default: the pool's is the one that must answer.
        cockpit.asked = replace(cockpit.asked, region=region)
        return cockpit.connection.in_region(region)
    connection = cockpit.connection
    if asked.resume is not None:
        entry = resumed_entry(connection, asked.resume)
        return connection.in_region(region_of(str(entry["execution_arn"])))
    if cockpit.asked.region is not None:
        return connection.in_region(cockpit.asked.region)
    return connection.backup()


def resumed_entry(connection: Connection, import_id: str) -> Mapping[str, Any]:
    """The entry of an import, from either Region. Raises WrongUse when there is none."""
    for stack in connection.stacks.values():
        entry = entry_of(connection.table(stack), IMPORTS, import_id)
        if entry is not None and entry.get("execution_arn"):
            return entry
    raise WrongUse(
        f"--resume: there is no import {import_id} in the ledger",
        "`lifeboat watch` shows the last one with its id; so do its report and its notification.",
    )


def plan_of(connection: Connection, stack: Stack, asked: ImportAsked) -> ImportPlan:
    """What the import would do. Raises Problem if there is nothing to restore, WrongUse for a bad moment."""
    ledger, at = Ledger(connection.table(stack), "export"), now()
    resumed = resumed_entry(connection, asked.resume) if asked.resume is not None else {}
    as_of = moment_asked(asked.as_of) if asked.as_of is not None else text(resumed, "as_of")
    if not as_of:
        latest = ledger.latest()
        if latest is None:
            raise Problem(
                "the backup holds no completed export, so there is nothing to restore",
                "Run `lifeboat export --wait`, or name another stack with --stack.",
            )
        return ImportPlan(asked, stack, latest, resumed, at)
    exports = Exports.of(ledger, at, int(stack.parameters.get("HistoryDays") or HISTORY_DAYS))
    own = exports.named(text(resumed, "export_id")) if resumed else None
    export = own or exports.at(as_of)
    problem = exports.problem(as_of, export)
    if export is None or problem:
        raise WrongUse(f"--as-of: {problem}", "`lifeboat status` shows the last exports.")
    return ImportPlan(asked, stack, export, resumed, at)
