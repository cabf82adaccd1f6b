"""`lifeboat drill`: try a restore into a scratch pool that is deleted again."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.cockpit import Cockpit
from cli.runs.starting import launch

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
        bool, typer.Option("--wait", help="Show progress until it ends; exit 1 unless the drill succeeded.")
    ] = False,
) -> None:
    """Restore into a scratch pool, verify, measure, delete the pool, record the result.

    Runs in the backup Region, or in the Region of --region. Never touches another pool, and gives way to an
    import. Ctrl-C leaves the drill running; `lifeboat watch` shows it again.
    """
    cockpit: Cockpit = ctx.obj
    region = cockpit.asked.region
    stack = cockpit.connection.in_region(region) if region else cockpit.connection.backup()
    launch(cockpit, stack, "drill", {} if sample is None else {"SamplePercent": sample}, wait)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("drill", epilog=EXAMPLE)(drill)
