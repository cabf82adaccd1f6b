"""`lifeboat diff`: what changed in the backup between two moments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from cli.cockpit import Cockpit
from cli.deployment import defaults
from cli.history.differences import PARTITIONS, Difference, compare
from cli.history.exports import PRESENT, State, state
from cli.history.fields import visible
from cli.problems import WrongUse
from cli.terminal.counting import counted
from cli.terminal.output import escaped, table
from lifeboat.model import Kind

MOST_ROWS = 500
"""A longer list is for programs: --json has every line."""

WORDS = {Kind.POOL.value: "configuration"}
"""What a kind is called, where it is not called what it is called elsewhere."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "diff",
        epilog="Example: lifeboat diff --from 2026-11-21T08:00:00Z --to 2026-11-21T10:00:00Z\n\n"
        "Example: lifeboat diff --from 2026-11-21T08:00:00Z --list",
    )(show)


def show(
    ctx: typer.Context,
    from_: Annotated[str, typer.Option("--from", help="The earlier moment, ISO 8601 with its zone.")],
    to: Annotated[str | None, typer.Option("--to", help="The later moment; now if it is left out.")] = None,
    list_: Annotated[bool, typer.Option("--list", help="Name everything that differs.")] = False,
    usernames: Annotated[bool, typer.Option("--usernames", help="Name users by username as well.")] = False,
) -> None:
    """Count, or list, what was added, changed and removed between two moments of the backup.

    A moment means what the last export found that had begun by then, and what live capture has brought since;
    `lifeboat import --as-of` restores the same.
    """
    cockpit: Cockpit = ctx.obj
    connection, output = cockpit.connection, cockpit.output
    here = connection.here()
    backup, days = connection.table(here), defaults.number(here, "HistoryDays")
    before, after = state(backup, "--from", from_, days), state(backup, "--to", to, days)
    if after.moment != PRESENT and before.moment > after.moment:
        raise WrongUse("--from lies after --to", "Exchange them.")
    with counted(output, "Partitions compared", PARTITIONS) as advance:
        found = compare(before, after, advance)
    document: dict[str, Any] = {
        "from": _moment(before),
        "to": _moment(after),
        "counts": found.counts(),
    }
    if list_:
        document["differences"] = [each.document(usernames) for each in found.differences]
    output.show(document, lambda console: draw(console, document, found.differences, list_, usernames))


def _moment(side: State) -> dict[str, Any]:
    return {"moment": side.moment or None, "export": side.export_id}


def draw(
    console: Console, document: Mapping[str, Any], found: list[Difference], listed: bool, usernames: bool
) -> None:
    """Draw the counts, and the list if it was asked for."""
    for side in ("from", "to"):
        moment = document[side]["moment"] or "now"
        console.print(f"{side:<5} {moment:<24}  (export {escaped(document[side]['export'])})")
    console.print()
    counts = table("", "added", "changed", "removed", "unchanged", numbers=COLUMNS)
    for kind, each in document["counts"].items():
        counts.add_row(WORDS.get(kind, kind), *(f"{each[name]:,}" for name in COLUMNS))
    console.print(counts)
    if not found:
        console.print("\n[green]Nothing differs.[/]")
    elif not listed:
        console.print("\n--list names what differs; `lifeboat history USER` shows one user's versions.")
    else:
        _list(console, found, usernames)


COLUMNS = ("added", "changed", "removed", "unchanged")


def _list(console: Console, found: list[Difference], usernames: bool) -> None:
    rows = table("Change", "What", "Which", "Fields", title="Differences")
    for each in found[:MOST_ROWS]:
        which = " in ".join(visible(part) for part in (each.sub, each.group) if part) or each.part
        if usernames and each.username:
            which += f" ({visible(each.username)})"
        what = WORDS.get(each.kind.value, each.kind.value.removesuffix("s"))
        rows.add_row(each.change, what, Text(which), Text(", ".join(each.fields)))
    console.print()
    console.print(rows)
    if len(found) > MOST_ROWS:
        console.print(f"… and {len(found) - MOST_ROWS:,} more: --json has every one.")
