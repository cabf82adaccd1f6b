"""`lifeboat config`: parameters in force, quotas, and whether Cognito could replicate the pool itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from cli.cockpit import Cockpit
from cli.connection import Connection, Role, Stack
from cli.deployment.parameters import differences, rows
from cli.deployment.quotas import QuotaLine, quota_lines
from cli.deployment.replication import Requirement, limits, requirements, verdict
from cli.problems import problem_of
from cli.terminal.output import escaped, table
from lifeboat.cognito.replicas import PoolReplicas, Replica
from lifeboat.errors import LifeboatError
from lifeboat.pacing import Budget


@dataclass
class Replication:
    """What is known of the pool's replication. `problem` is why nothing is."""

    asked: list[Requirement] = field(default_factory=list)
    limits: list[str] = field(default_factory=list)
    replicas: list[Replica] = field(default_factory=list)
    problem: str = ""

    @property
    def verdict(self) -> str:
        """In one sentence."""
        return self.problem or verdict(self.asked, self.replicas)


def config(ctx: typer.Context) -> None:
    """Show the parameters in force, the account's quotas, and whether the pool could be replicated.

    The exit status is 1 when parameters of the two stacks contradict each other, or a stack assumes a higher
    quota than the account has.
    """
    cockpit: Cockpit = ctx.obj
    connection = cockpit.connection
    stacks = connection.stacks
    wrong = list(differences(stacks))
    quotas = {stack.region: quota_lines(connection, stack) for stack in stacks.values()}
    replication = replication_of(connection, stacks.get("primary"))
    document = {
        "stack": connection.stack_name,
        "regions": {role: stack.region for role, stack in stacks.items()},
        "unreachable": dict(connection.unreachable),
        "parameters": {name: {"primary": here, "backup": there} for name, here, there in rows(stacks)},
        "differences": wrong,
        "quotas": {
            region: {"quotas": [line.document() for line in lines], "problem": problem}
            for region, (lines, problem) in quotas.items()
        },
        "native_replication": {
            "verdict": replication.verdict,
            "requirements": [each.document() for each in replication.asked],
            "limits": replication.limits,
            "replicas": [each.line() for each in replication.replicas],
        },
    }
    cockpit.output.show(
        document, lambda console: draw(console, stacks, connection.unreachable, wrong, quotas, replication)
    )
    if wrong or any(line.too_high for lines, _ in quotas.values() for line in lines):
        raise typer.Exit(1)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("config", epilog="Example: lifeboat config\n\nExample: lifeboat config --json")(config)


def replication_of(connection: Connection, primary: Stack | None) -> Replication:
    """Look at the pool that is backed up."""
    pool_id = primary.parameters.get("UserPoolId", "") if primary is not None else ""
    if primary is None or not pool_id:
        return Replication(problem="not known while the primary stack cannot be reached")
    client = connection.client("cognito-idp", primary.region)
    try:
        description = client.describe_user_pool(UserPoolId=pool_id)["UserPool"]
    except (ClientError, BotoCoreError) as error:
        return Replication(problem=f"not known: {problem_of(error).message}")
    found = Replication(requirements(description), limits(description))
    try:
        found.replicas = PoolReplicas(client, pool_id, Budget(100, 1)).all()
    except LifeboatError:  # what is asked for holds without them
        found.replicas = []
    return found


def draw(
    console: Console,
    stacks: Mapping[Role, Stack],
    unreachable: Mapping[Role, str],
    wrong: list[str],
    quotas: Mapping[str, tuple[list[QuotaLine], str]],
    replication: Replication,
) -> None:
    """For a person: what is wrong first."""
    for each in wrong:
        console.print(f"[red]✗[/] {escaped(each)}", soft_wrap=True)
    for role, why in unreachable.items():
        console.print(f"[yellow]![/] the {role} stack cannot be reached: {escaped(why)}", soft_wrap=True)
    if wrong or unreachable:
        console.print()
    regions = {role: f"{role} ({stack.region})" for role, stack in stacks.items()}
    shown = table("parameter", regions.get("primary", "primary"), regions.get("backup", "backup"))
    for name, here, there in rows(stacks):
        same = here == there
        shown.add_row(name, *(_value(each, same) for each in (here, there)))
    console.print(shown)
    for region, (lines, problem) in quotas.items():
        console.print()
        _draw_quotas(console, region, lines, problem)
    console.print()
    console.print(f"[bold]Cognito's own replication:[/] {escaped(replication.verdict)}", soft_wrap=True)
    for asked in replication.asked:
        mark = {True: "[green]✓[/]", False: "[yellow]✗[/]", None: "[dim]?[/]"}[asked.met]
        console.print(f"  {mark} {escaped(asked.what)}: {escaped(asked.why)}", soft_wrap=True)
    for limit in replication.limits:
        console.print(f"  [dim]· of a replica: {escaped(limit)}[/]", soft_wrap=True)
    if replication.asked:
        console.print("  docs/choosing.md says when it is enough.")


def _value(value: str | None, same: bool) -> str:
    if value is None:
        return "[dim]not there[/]"
    if not value:
        return "[dim]-[/]"
    return escaped(value) if same else f"[bold]{escaped(value)}[/]"


def _draw_quotas(console: Console, region: str, lines: list[QuotaLine], problem: str) -> None:
    console.print(f"[bold]Cognito's request quotas in {region}[/], requests a second")
    if problem:
        console.print(
            f"  [yellow]![/] the account's quotas could not be read: {escaped(problem)}", soft_wrap=True
        )
    numbers = ("account", "assumed", "an export uses", "an import uses")
    shown = table("category", *numbers, "", numbers=numbers)
    for line in lines:
        account = "?" if line.account is None else f"{line.account:g}"
        color = "red" if line.too_high else "yellow"
        shown.add_row(
            line.category,
            account,
            f"{line.assumed:g}",
            f"{line.for_export:g}",
            f"{line.for_import:g}",
            f"[{color}]{escaped(line.finding)}[/]" if line.finding else "",
        )
    console.print(shown)
