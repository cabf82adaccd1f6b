"""`lifeboat report`: fetch an import's report and open it."""

from __future__ import annotations

import webbrowser
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from cli.cockpit import Cockpit
from cli.imports.reports import Report, file_name, find_report, with_usernames, write_copy
from cli.terminal.output import duration, escaped, table

EPILOG = (
    "Example: lifeboat report 2026-11-21T09:25:21.878Z-86b993c5 --usernames --output report.html --no-open"
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("report", epilog=EPILOG)(report)


def report(
    ctx: typer.Context,
    import_id: Annotated[
        str | None,
        typer.Argument(
            metavar="[IMPORT]", help="Id of the import; the last one if left out.", show_default=False
        ),
    ] = None,
    usernames: Annotated[
        bool,
        typer.Option(
            "--usernames", help="Put usernames into the copy, hidden until they are switched on in the page."
        ),
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(help="File to write [default: report-IMPORT.html here].", show_default=False),
    ] = None,
    no_open: Annotated[bool, typer.Option("--no-open", help="Do not open it in the browser.")] = False,
) -> None:
    """Fetch the report of an import and open it in the browser.

    Exit status 0 however the import ended: --json has its status.
    """
    cockpit: Cockpit = ctx.obj
    connection = cockpit.connection
    found = find_report(connection, import_id)
    text = with_usernames(connection.table(connection.here()), found) if usernames else found.page
    path = (output or Path(file_name(str(found.document["import_id"])))).absolute()
    write_copy(path, text, private=usernames)
    document = summary(found, path, usernames)
    cockpit.output.show(document, lambda console: draw(console, document))
    if not (no_open or cockpit.output.as_json) and not webbrowser.open(path.as_uri()):
        cockpit.output.say("There is no browser here to open it with: copy the file to where there is one.")


def summary(found: Report, path: Path, usernames: bool) -> dict[str, Any]:
    """What is said of a report: how the import ended, in counts, and where the copy lies."""
    report = found.document
    return {
        "import_id": report["import_id"],
        "status": report["status"],
        "user_pool_id": report["user_pool_id"],
        "ended_at": report["ended_at"],
        "duration_seconds": report["duration_seconds"],
        "users": report["totals"]["users"],
        "report": found.entry["report"],
        "file": str(path),
        "usernames": usernames,
        "running_again": found.outdated,
    }


def draw(console: Console, document: Mapping[str, Any]) -> None:
    """The same for a person."""
    fine = document["status"] == "SUCCEEDED"
    took = duration(float(document["duration_seconds"]))
    console.print(
        f"[bold {'green' if fine else 'red'}]{document['status']}[/] import {document['import_id']} into "
        f"{document['user_pool_id']}, {took}",
        soft_wrap=True,
    )
    if document["running_again"]:
        console.print("[yellow]It was taken up again since; this is how its last attempt ended.[/]")
    users = document["users"]
    names = ("in_backup", "restored", "different", "failed", "unexpected")
    counts = table(*(name.replace("_", " ") for name in names), numbers=[n.replace("_", " ") for n in names])
    counts.add_row(*(f"{users[name]:,}" for name in names))
    console.print(counts)
    console.print(f"Written to {escaped(document['file'])}", soft_wrap=True)
    if document["usernames"]:
        console.print("[yellow]It has personal data: delete it when you have read it.[/]")
    if not fine:
        again = f"lifeboat import --resume {document['import_id']} --wait"
        console.print(f"Mend what it names, then: [bold]{again}[/]", soft_wrap=True)
