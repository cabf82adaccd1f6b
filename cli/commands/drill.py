"""`lifeboat drill`: try a restore into a scratch pool that is deleted again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.console import Console

from cli.cockpit import Cockpit
from cli.connection import Stack
from cli.drills import Following, Progress, Started, start
from cli.output import duration, escaped, table

EXAMPLE = "Example: lifeboat drill --sample 10 --wait"


def drill(
    ctx: typer.Context,
    sample: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=100,
            metavar="PERCENT",
            help="Restore so many percent of the users; by default as the parameter DrillSamplePercent says.",
            show_default=False,
        ),
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait for the end, and exit with 1 if the drill did not succeed.")
    ] = False,
) -> None:
    """Restore into a scratch pool, verify, measure, delete the pool, record the result.

    Runs in the backup Region, or in the Region of --region. Never touches another pool, and gives way to an
    import. Interrupting the wait leaves the drill running.
    """
    cockpit: Cockpit = ctx.obj
    connection, output = cockpit.connection, cockpit.output
    stack = _stack(cockpit)
    started = start(connection, stack, sample)
    output.say(f"The drill {started.drill_id} has started in {stack.region}.")
    if not wait:
        document = {"drill_id": started.drill_id, "execution_arn": started.execution_arn}
        output.show(document, lambda console: console.print("See how it goes with `lifeboat watch`."))
        return
    last = _follow(cockpit, started)
    document = _document(started, last.entry)
    output.show(document, lambda console: _draw(console, document))
    if document["status"] != "SUCCEEDED":
        raise typer.Exit(1)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("drill", epilog=EXAMPLE)(drill)


def _stack(cockpit: Cockpit) -> Stack:
    connection = cockpit.connection
    return connection.in_region(cockpit.asked.region) if cockpit.asked.region else connection.backup()


def _follow(cockpit: Cockpit, started: Started) -> Progress:
    """Follow the drill to its end, and say what it is at whenever that is something new."""
    connection, region = cockpit.connection, started.stack.region
    following = Following(
        connection.table(started.stack), started, connection.client("stepfunctions", region)
    )
    said = ""
    for progress in following.until_over():
        last = progress
        if progress.step != said and not progress.over:
            cockpit.output.say(f"  {escaped(progress.step)}")
            said = progress.step
    return last


def _document(started: Started, entry: Mapping[str, Any]) -> dict[str, Any]:
    seconds = {
        name: float(entry[name]) if entry.get(name) else None for name in ("rto_seconds", "duration_seconds")
    }
    return {
        "drill_id": started.drill_id,
        "execution_arn": started.execution_arn,
        "status": entry.get("status", "FAILED"),
        "reason": entry.get("reason", ""),
        "sample_percent": entry.get("sample_percent", ""),
        "users": entry.get("users", 0),
        "import_id": entry.get("import_id", ""),
        "pool_id": entry.get("pool_id", ""),
        **seconds,
    }


def _draw(console: Console, document: Mapping[str, Any]) -> None:
    if document["status"] == "SUCCEEDED":
        console.print("[green]The drill succeeded:[/] everything came back, and the scratch pool is deleted.")
    else:
        console.print(f"[bold red]The drill failed:[/] {escaped(str(document['reason']))}", soft_wrap=True)
        console.print("docs/runbook.md#drill-failed says what to do.")
    drawn = table("", "")
    for name, value in (
        ("users restored and verified", document["users"]),
        ("of the backup", f"{document['sample_percent']} %"),
        ("time of the restore", _seconds(document["rto_seconds"])),
        ("time of the whole drill", _seconds(document["duration_seconds"])),
        ("import", document["import_id"]),
    ):
        drawn.add_row(name, str(value))
    console.print(drawn)


def _seconds(value: float | None) -> str:
    return "-" if value is None else duration(value)
