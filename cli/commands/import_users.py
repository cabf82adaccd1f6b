"""`lifeboat import`: restore the backup into a pool, and show it until it ends."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.cockpit import Cockpit
from cli.imports.input import ImportAsked, asks_for_import
from cli.imports.plan import plan_of, stack_of
from cli.runs.starting import confirm, launch


@asks_for_import
def import_(
    ctx: typer.Context,
    asked: ImportAsked,
    wait: Annotated[bool, typer.Option("--wait", help="Show it until it ends.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before it starts.")] = False,
) -> None:
    """Restore the backup: into an empty pool, or into one that it makes. Nobody is sent a message.

    It checks everything before it writes anything. In a terminal it shows what it is going to do and asks. It
    runs in the Region of the pool; a pool that it makes is in the backup Region, or in that of --region.
    """
    cockpit: Cockpit = ctx.obj
    typed = asked.typed()
    stack = stack_of(cockpit, asked)
    plan = plan_of(cockpit.connection, stack, asked)
    output = cockpit.output
    plan.draw(output.errors if output.as_json else output.console)
    confirm(output, yes, "Start the import?")
    launch(cockpit, stack, "import", typed, wait)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "import",
        epilog="Example: lifeboat import --create-pool people --wait --yes\n\n"
        "Example: lifeboat import --pool eu-west-1_AbCdEf123 --wait\n\n"
        "Example: lifeboat import --resume 2026-11-21T09:25:21.878Z-86b993c5 --wait\n\n"
        "Example: lifeboat import --create-pool people-before --as-of 2026-11-21T08:00:00Z",
    )(import_)
