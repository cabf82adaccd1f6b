"""`lifeboat cost`: what a backup costs by the month, and a restore."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cli.pricing.cost import Pool, estimate
from cli.pricing.cost_page import lines, write
from cli.pricing.prices import ACTIVE_USER, READ_ON
from cli.problems import Problem, WrongUse
from cli.terminal.output import Output, table

NOTE = (
    f"List prices of us-east-1 on {READ_ON} without free tiers, times measured usage; docs/cost.md says what "
    "is not in it. The pool's own active users are billed as before."
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("cost", epilog="Example: lifeboat cost --users 100000 --change-rate 2 --live")(cost)


def cost(
    ctx: typer.Context,
    users: Annotated[int, typer.Option(min=1, max=40_000_000, help="Users of the pool.")] = 10_000,
    change_rate: Annotated[
        float, typer.Option(min=0, max=100, help="Percent of the users who change, come or go in a day.")
    ] = 1.0,
    groups_per_user: Annotated[
        float, typer.Option(min=0, max=100, help="Groups of a user, on average.")
    ] = 1.0,
    exports_per_day: Annotated[float, typer.Option(min=0.01, max=1_440, help="Exports in a day.")] = 1.0,
    live: Annotated[
        bool, typer.Option("--live", help="Changes are captured as they happen, and a standby pool follows.")
    ] = False,
    on_demand: Annotated[
        bool, typer.Option("--on-demand", help="A restore leaves groups to the first sign-in.")
    ] = False,
    plan: Annotated[str, typer.Option(help="The pool's plan: lite, essentials or plus.")] = "essentials",
    history_days: Annotated[int, typer.Option(min=1, max=3_650, help="HistoryDays of the stack.")] = 35,
    page: Annotated[
        Path | None,
        typer.Option(
            "--write", help="Write the table of pool sizes into this page instead.", show_default=False
        ),
    ] = None,
) -> None:
    """Reckon what the backup of a pool costs by the month, and what a restore costs; asks AWS for nothing."""
    output: Output = ctx.obj.output
    if page is not None:
        try:
            write(page)
        except OSError as error:
            raise Problem(f"{page} cannot be written: {error.strerror}", "Name a page that exists.") from None
        output.show({"written": str(page)}, lambda console: console.print(f"{page} is written."))
        return
    if plan not in ACTIVE_USER:
        raise WrongUse(
            f"there is no plan of that name; there are {', '.join(ACTIVE_USER)}", "Correct --plan."
        )
    asked = Pool(users, change_rate, groups_per_user, exports_per_day, live, on_demand, plan, history_days)
    found = estimate(asked)

    def draw(console: Console) -> None:
        shown = table("", "about", numbers=["about"], title=f"{users:,} users")
        for name, amount in lines(asked, found):
            shown.add_row(name, amount)
        console.print(shown)
        console.print(NOTE, style="dim")

    output.show({"users": users, **found.document()}, draw)
