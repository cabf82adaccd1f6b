"""`lifeboat preflight`: everything that would go wrong with an import, without writing anything."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

import typer
from rich.console import Console

from cli.cockpit import Cockpit
from cli.imports.input import OPTIONS, ImportAsked, asks_for_import
from cli.imports.outlook import Outlook
from cli.imports.rehearsal import Rehearsal, rehearse, stack_for
from cli.terminal.output import duration, escaped, table
from cli.terminal.sentences import split_remedy


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "preflight",
        epilog="Example: lifeboat preflight --create-pool people\n\n"
        "Example: lifeboat preflight --pool eu-west-1_AbCdEf123",
    )(show)


@asks_for_import
def show(ctx: typer.Context, asked: ImportAsked) -> None:
    """Look for everything that would go wrong with an import, and reckon what it would do. Writes nothing.

    Takes the options of `lifeboat import`. Exit status 1 if the import would not begin.
    """
    cockpit: Cockpit = ctx.obj
    typed = asked.typed()
    found = rehearse(cockpit.connection, stack_for(cockpit, asked), typed)
    document = found.document()
    cockpit.output.show(document, lambda console: draw(console, found, typed))
    if found.problems:
        raise typer.Exit(1)


def draw(console: Console, found: Rehearsal, typed: Mapping[str, Any]) -> None:
    """Draw problems first, then warnings, then what the import would do."""
    console.print(f"Rehearsed an import in {found.stack.region} ({found.stack.name}); nothing was written.\n")
    if found.problems:
        console.print(f"[bold red]{_number(len(found.problems), 'problem')}: the import would not begin.[/]")
        for place, problem in enumerate(found.problems, start=1):
            wrong, remedy = split_remedy(problem)
            console.print(f" {place}. {escaped(wrong)}", soft_wrap=True)
            if remedy:
                console.print(f"    [bold]→[/] {escaped(remedy)}", soft_wrap=True)
    else:
        console.print("[bold green]No problems: the import can begin.[/]")
    _notes(console, "warning", found.warnings)
    _notes(console, "thing that the created pool would not have", found.left_out)
    if not found.problems:
        if found.outlook is not None:
            _outlook(console, found.outlook, found.export_id)
        if found.resumes:
            console.print(f"\n{found.restored:,} users are restored already; it takes up the others.")
        console.print(f"\nStart it: [bold]{escaped(command(typed))}[/]", soft_wrap=True)


def _number(count: int, noun: str) -> str:
    head, space, rest = noun.partition(" ")
    return f"{count} {head if count == 1 else head + 's'}{space}{rest}"


def _notes(console: Console, noun: str, notes: list[str]) -> None:
    if notes:
        console.print(f"\n[yellow]{_number(len(notes), noun)}[/]")
        for note in notes:
            console.print(f" - {escaped(note)}", soft_wrap=True)


def _outlook(console: Console, outlook: Outlook, export_id: str) -> None:
    seen, about = outlook.seen, "" if outlook.exact else "about "
    console.print(f"\nWhat it would do, from the export {escaped(export_id)}")
    rows = table("what", "how many", numbers=("how many",))
    rows.show_header = False
    rows.add_row("users in the backup", f"{about}{seen.users:,}")
    rows.add_row("  by import jobs", f"{about}{seen.by_csv:,}")
    rows.add_row("  by the API", f"{about}{seen.by_api:,}")
    if seen.refused:
        rows.add_row("  fail, because no import job takes them", f"{about}{seen.refused:,}")
    if seen.federated:
        rows.add_row("  federated: appear at their first sign-in", f"{about}{seen.federated:,}")
    rows.add_row("groups", f"{outlook.groups:,}")
    rows.add_row("memberships", f"{about}{seen.memberships:,}")
    rows.add_row("made monthly active users by it (billed), at most", f"{about}{seen.billed:,}")
    rows.add_row("takes, at the quotas, at least", f"about {duration(outlook.seconds)}")
    console.print(rows)
    console.print(f"The pace is set by: {outlook.pace}.")
    if not outlook.exact:
        console.print("Reckoned from some of the 256 shards.")
    if seen.why_api:
        why = table("Why by the API", "users", numbers=("users",))
        for reason, count in seen.why_api.most_common():
            why.add_row(escaped(reason), f"{count:,}")
        console.print()
        console.print(why)


def command(typed: Mapping[str, Any]) -> str:
    """The command that starts the import which was rehearsed."""
    words = ["lifeboat", "import"]
    for key, value in typed.items():
        option = OPTIONS[key]
        if value is True:
            words.append(option)
        elif key == "ArnMap":
            for old, new in value.items():
                words += [option, f"{old}={new}"]
        else:
            words += [option, value["PoolName"] if key == "CreateUserPool" else str(value)]
    return shlex.join([*words, "--wait"])
