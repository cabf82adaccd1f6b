"""`lifeboat import`: restore the backup into a pool, and show it until it ends."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.cockpit import Cockpit
from cli.import_input import ImportAsked
from cli.import_plan import plan_of, stack_of
from cli.starting import confirm, launch


def import_(
    ctx: typer.Context,
    pool: Annotated[
        str | None, typer.Option("--pool", help="Id of the empty pool to fill.", show_default=False)
    ] = None,
    create_pool: Annotated[
        str | None,
        typer.Option(
            "--create-pool",
            metavar="NAME",
            help="Make the pool, with its clients and settings, from the backup.",
            show_default=False,
        ),
    ] = None,
    resume: Annotated[
        str | None,
        typer.Option("--resume", metavar="ID", help="Go on with an earlier import.", show_default=False),
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of",
            metavar="MOMENT",
            help="Restore the backup as it was then; ISO 8601 with its zone.",
            show_default=False,
        ),
    ] = None,
    lane: Annotated[
        str | None,
        typer.Option(
            "--lane", help="auto, csv (import jobs or nothing) or api; auto if left out.", show_default=False
        ),
    ] = None,
    on_demand: Annotated[
        bool, typer.Option("--on-demand", help="Who signs in meanwhile comes back first.")
    ] = False,
    memberships: Annotated[
        str | None,
        typer.Option(
            "--memberships",
            help="now, or on-sign-in: groups are given at the first sign-in.",
            show_default=False,
        ),
    ] = None,
    accept_differences: Annotated[
        bool,
        typer.Option("--accept-differences", help="Fill a pool that loses settings the backup has."),
    ] = False,
    arns: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="OLD=NEW",
            help="An ARN of the lost Region and the one that stands for it; as often as needed.",
            show_default=False,
        ),
    ] = None,
    arn_file: Annotated[
        Path | None,
        typer.Option(
            "--map-file", help="The same from a file: a JSON object, or lines OLD=NEW.", show_default=False
        ),
    ] = None,
    source_sub_attribute: Annotated[
        str | None,
        typer.Option(
            "--source-sub-attribute",
            metavar="NAME",
            help="Custom attribute for the old sub, such as custom:source_sub.",
            show_default=False,
        ),
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Show it until it ends.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before it starts.")] = False,
) -> None:
    """Restore the backup: into an empty pool, or into one that it makes. Nobody is sent a message.

    It checks everything before it writes anything. In a terminal it shows what it is going to do and asks. It
    runs in the Region of the pool; a pool that it makes is in the backup Region, or in that of --region.
    """
    cockpit: Cockpit = ctx.obj
    asked = ImportAsked(
        pool,
        create_pool,
        resume,
        as_of,
        lane,
        tuple(arns or ()),
        arn_file,
        source_sub_attribute,
        accept_differences,
        on_demand,
        memberships,
    )
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
