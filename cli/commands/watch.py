"""`lifeboat watch`: show a run that goes on, or how the last one ended."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.cockpit import Cockpit
from cli.runs.executions import latest, named
from cli.runs.starting import show_to_the_end


def watch(
    ctx: typer.Context,
    run: Annotated[
        str | None,
        typer.Argument(
            help="An execution's ARN or name, or the id of an export, import or drill; without it what runs "
            "now, or ran last.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Show an export, import or drill until it ends, then what it did and what to do next."""
    cockpit: Cockpit = ctx.obj
    connection = cockpit.connection
    show_to_the_end(cockpit, latest(connection) if run is None else named(connection, run))


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "watch",
        epilog="Example: lifeboat watch\n\nExample: lifeboat watch 2026-11-21T09:25:21.878Z-86b993c5",
    )(watch)
