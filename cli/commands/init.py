"""`lifeboat init`: the first deployment, guided."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from cli.connection import DEFAULT_STACK, Connection
from cli.deployment.first import DEFAULT_SCHEDULE, Check, Plan, Survey, account_of, pools, survey
from cli.deployment.samconfig import Edited, edited, parameters_of
from cli.pricing.cost import estimate
from cli.pricing.cost_page import dollars
from cli.problems import WrongUse
from cli.terminal.output import Output, duration, table

STYLES = {"ok": "green", "note": "yellow", "problem": "bold red"}
EXAMPLE = "lifeboat init --region us-east-1 --pool us-east-1_AbCdEf123 --backup-region eu-west-1 --yes"
DIFF_STYLES = {"+": "green", "-": "red", "@": "cyan"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("init", epilog=f"Example: {EXAMPLE}")(init)


@dataclass(frozen=True, slots=True)
class Interview:
    """Asks for what was not given. Where nobody can answer it raises WrongUse, which names the option."""

    output: Output
    answers: bool

    def ask(self, given: str | None, question: str, option: str, default: str | None = None) -> str:
        """What was given, or the answer."""
        if given is not None:
            return given
        if not self.answers:
            if default is not None:
                return default
            raise WrongUse(f"{option} is not given", f"Give it: {question.lower()}.")
        return str(typer.prompt(question, default=default, show_default=bool(default)))

    def confirm(self, question: str) -> bool:
        """Whether the answer is yes."""
        return self.answers and typer.confirm(question, default=False)


def init(
    ctx: typer.Context,
    pool: Annotated[str | None, typer.Option(help="The user pool to back up.", show_default=False)] = None,
    backup_region: Annotated[
        str | None, typer.Option(help="The Region to fail over to.", show_default=False)
    ] = None,
    schedule: Annotated[
        str | None, typer.Option(help=f"When to export, such as {DEFAULT_SCHEDULE}.", show_default=False)
    ] = None,
    email: Annotated[
        str | None, typer.Option(help="Where notifications and alarms go.", show_default=False)
    ] = None,
    table_name: Annotated[
        str | None, typer.Option("--table", help="Name of the backup table.", show_default=False)
    ] = None,
    live_sync: Annotated[
        str | None, typer.Option(help="OFF, or CAPTURE: changes as they happen.", show_default=False)
    ] = None,
    config: Annotated[Path, typer.Option(help="The file to write.")] = Path("samconfig.toml"),
    yes: Annotated[bool, typer.Option("--yes", help="Write without asking.")] = False,
) -> None:
    """Prepare the first deployment: ask, check account and Regions, write samconfig.toml, say what next."""
    output: Output = ctx.obj.output
    connection: Connection = ctx.obj.connection
    stack: str = ctx.obj.asked.stack
    interview = Interview(output, sys.stdin.isatty() and not output.as_json and not yes)
    region = _region(connection, interview)
    there = parameters_of(config, "primary")
    if pool is None:
        _list_pools(output, connection, region)
    plan = Plan(
        interview.ask(pool, "Id of the user pool to back up", "--pool"),
        region,
        interview.ask(backup_region, "Region to fail over to", "--backup-region"),
        stack,
        interview.ask(table_name, "Name of the backup table", "--table", stack),
        interview.ask(
            schedule, "When to export", "--schedule", there.get("ExportSchedule", DEFAULT_SCHEDULE)
        ),
        interview.ask(
            email,
            "Email address for notifications and alarms, or nothing",
            "--email",
            there.get("NotificationEmail", ""),
        ),
        interview.ask(
            live_sync,
            "Capture changes as they happen (OFF or CAPTURE)",
            "--live-sync",
            there.get("LiveSync", "OFF"),
        ),
    )
    found = survey(connection.client, plan)
    file = edited(config, plan.stacks())
    write = found.fine and file.changed and (yes or _agreed(output, interview, plan, found, file))
    if write:
        file.write()
    document = _document(plan, found, file, write)
    output.show(document, lambda console: _draw(console, plan, found, file, write, interview.answers))
    if not found.fine or (file.changed and not write):
        raise typer.Exit(1)


def _region(connection: Connection, interview: Interview) -> str:
    try:
        return connection.region
    except WrongUse:
        return interview.ask(None, "Region of the user pool", "--region")


def _list_pools(output: Output, connection: Connection, region: str) -> None:
    """Show which pools there are to choose from."""
    account = account_of(connection.client, region)
    output.say(f"User pools of account {account} in {region}:")
    for pool_id, name in pools(connection.client, region):
        output.say(f"  {pool_id}  {name}")


def _agreed(output: Output, interview: Interview, plan: Plan, found: Survey, file: Edited) -> bool:
    """Show what was found and what would be written, and ask."""
    if not interview.answers:
        return False
    _tell(output.console, plan, found, file)
    return interview.confirm(f"Write {file.path}?")


def _tell(console: Console, plan: Plan, found: Survey, file: Edited) -> None:
    console.print(f"Backup of {plan.pool_id}: {plan.region} → {plan.backup_region}", style="bold")
    shown = table("", "", "")
    for check in found.checks:
        words = Text(check.text)
        if check.remedy:
            words.append(f". {check.remedy}", style="dim")
        shown.add_row(Text(check.state, style=STYLES[check.state]), check.name, words)
    console.print(shown)
    if not found.fine:
        return
    costs = estimate(found.priced(plan))
    console.print(
        f"Cost for {found.users:,} users of whom 1 % change in a day: about {dollars(costs.month)} a month, "
        f"{dollars(costs.first_export)} for the first export, and {dollars(costs.restored)} for a restore; "
        f"that takes about {duration(costs.import_seconds)}. `lifeboat cost --help` has more to vary."
    )
    if file.changed:
        for line in file.diff().splitlines():
            console.print(Text(line, style=DIFF_STYLES.get(line[:1], "")))
    else:
        console.print(f"{file.path} says all this already.")


def _draw(console: Console, plan: Plan, found: Survey, file: Edited, written: bool, told: bool) -> None:
    if not (told and found.fine and file.changed):
        _tell(console, plan, found, file)
    if not found.fine:
        console.print("Nothing was written. Mend what is in the way and run the command again.")
        return
    if file.changed and not written:
        console.print("Nothing was written. Run the command again and say yes, or add --yes.")
        return
    if written:
        console.print(f"{file.path} is written. Deploy, in this order:")
    else:
        console.print("Deploy, in this order:")
    for command in plan.commands(file.path.name):
        console.print(f"  {command}")
    console.print("Then make the first backup and look at it:")
    for command in _afterwards(plan):
        console.print(f"  {command}")


def _afterwards(plan: Plan) -> list[str]:
    stack = "" if plan.stack == DEFAULT_STACK else f" --stack {plan.stack}"
    return [
        f"lifeboat export --region {plan.region}{stack} --wait",
        f"lifeboat status --region {plan.region}{stack}",
    ]


def _document(plan: Plan, found: Survey, file: Edited, written: bool) -> dict[str, Any]:
    return {
        "account": found.account,
        "pool": plan.pool_id,
        "region": plan.region,
        "backup_region": plan.backup_region,
        "users": found.users,
        "checks": [_check(each) for each in found.checks],
        "cost": estimate(found.priced(plan)).document(),
        "diff": file.diff(),
        "written": written,
        "commands": [*plan.commands(file.path.name), *_afterwards(plan)],
    }


def _check(check: Check) -> dict[str, str]:
    return {"name": check.name, "state": check.state, "text": check.text, "remedy": check.remedy}
