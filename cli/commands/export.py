"""`lifeboat export`: start an export, and show it until it ends."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cli.cockpit import Cockpit
from cli.runs.starting import confirm, launch


def export(
    ctx: typer.Context,
    wait: Annotated[bool, typer.Option("--wait", help="Show it until it ends.")] = False,
    allow_mass_retirement: Annotated[
        bool,
        typer.Option(
            "--allow-mass-retirement",
            help="Retire what the pool no longer has even if it is more than MaxRetirePercent.",
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before a mass retirement.")] = False,
) -> None:
    """Back the pool up now, instead of when the schedule does."""
    cockpit: Cockpit = ctx.obj
    stack = cockpit.connection.primary()
    typed: dict[str, Any] = {}
    if allow_mass_retirement:
        typed["AllowMassRetirement"] = True
        cockpit.output.say(
            "Whatever the pool no longer has goes from the backup into its history, however much it is."
        )
        confirm(cockpit.output, yes, "Has the pool lost it on purpose?")
    launch(cockpit, stack, "export", typed, wait)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "export",
        epilog="Example: lifeboat export --wait\n\n"
        "Example: lifeboat export --allow-mass-retirement --wait --yes",
    )(export)
