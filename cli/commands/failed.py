"""`lifeboat failed`: whom an import could not restore, and the dead letters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from cli.cockpit import Cockpit
from cli.connection import Connection
from cli.dead_letters import HOLDS, Peeked, Redriven, peek, queues_of, redrive
from cli.history.fields import visible
from cli.history.usernames import usernames
from cli.imports.failures import Failures, failures, last_import, region_of, why
from cli.imports.input import in_options
from cli.problems import Problem
from cli.terminal.output import escaped, table
from lifeboat.aws.bucket import Bucket
from lifeboat.errors import StoreUnavailable
from lifeboat.store.ledger import Ledger
from lifeboat.store.table import BackupTable

MOST_LETTERS = 200
"""Of each queue so many messages are looked at."""

MOST_ROWS = 100
"""A longer list is for programs: --json has every line."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "failed",
        epilog="Example: lifeboat failed 2026-11-21T09:25:21.878Z-86b993c5\n\n"
        "Example: lifeboat failed --redrive",
    )(show)


def show(
    ctx: typer.Context,
    import_id: Annotated[
        str | None, typer.Argument(metavar="[IMPORT]", help="Id of an import; the last one, if left out.")
    ] = None,
    redrive_: Annotated[
        bool, typer.Option("--redrive", help="Give the dead letters of both stacks another try.")
    ] = False,
    names: Annotated[bool, typer.Option("--usernames", help="Name users by username as well.")] = False,
) -> None:
    """List the users whom an import could not restore, with reasons, and every dead-letter queue.

    Exit status 1 if there are any; with --redrive, if a message could not be moved.
    """
    cockpit: Cockpit = ctx.obj
    connection, output = cockpit.connection, cockpit.output
    backup = connection.table(connection.here())
    entry = _entry(backup, import_id)
    found = None if entry is None else failures(backup, _bucket(connection, entry), entry)
    known = usernames(backup, (each["sub"] for each in found.users)) if names and found else {}
    if found is not None and known:
        for each in found.users:
            each["username"] = known.get(each["sub"])
    unreachable: dict[str, str] = {
        f"the {role} stack": reason for role, reason in connection.unreachable.items()
    }
    peeked = _peek(connection, unreachable)
    moved = [
        redrive(connection.client("sqs", each.queue.region), each.queue)
        for each in peeked
        if redrive_ and each.depth
    ]
    document = {
        "import": None if found is None else found.document(),
        "dead_letters": [each.document() for each in peeked],
        "unreachable": unreachable,
    }
    if redrive_:
        document["redriven"] = [
            {"queue": each.name, "region": each.region, "moved": each.moved, "left": each.left}
            for each in moved
        ]
    output.show(document, lambda console: draw(console, found, peeked, moved, unreachable))
    stuck = any(each.goes_back and each.left for each in moved)
    if stuck or (not redrive_ and (any(each.depth for each in peeked) or (found and found.any))):
        raise typer.Exit(1)


def _entry(backup: BackupTable, import_id: str | None) -> Mapping[str, Any] | None:
    """The ledger entry of the import that is meant; None if none was named and none has ever run."""
    if import_id is None:
        return last_import(backup)
    entry = Ledger(backup, "import").get(import_id)
    if entry is None:
        raise Problem(
            f"there is no import {import_id} in the ledger",
            "Leave the id out for the last import; notifications and reports name the others.",
        )
    return entry


def _bucket(connection: Connection, entry: Mapping[str, Any]) -> Bucket | None:
    """The bucket with an import's report; None if its stack does not answer."""
    region = region_of(entry)
    stack = next((each for each in connection.stacks.values() if each.region == region), None)
    if stack is None:
        return None
    return Bucket(connection.client("s3", region), stack.output("ReportsBucketName"))


def _peek(connection: Connection, unreachable: dict[str, str]) -> list[Peeked]:
    """What the queues of both stacks hold. A Region whose queues do not answer is added to `unreachable`."""
    peeked: list[Peeked] = []
    for stack in connection.stacks.values():
        sqs = connection.client("sqs", stack.region)
        try:
            peeked += [peek(sqs, queue, MOST_LETTERS) for queue in queues_of(stack)]
        except StoreUnavailable as error:
            unreachable[f"the {stack.role} stack"] = f"{stack.region}: {error}"
    return peeked


def draw(
    console: Console,
    found: Failures | None,
    peeked: list[Peeked],
    moved: list[Redriven],
    unreachable: Mapping[str, str],
) -> None:
    """Draw the failed users, then the queues, then what to do."""
    if found is None:
        console.print("No import has run yet.")
    else:
        _import(console, found)
    _letters(console, peeked)
    for where, reason in unreachable.items():
        console.print(f"\n[yellow]Not looked at: the queues of {where} ({escaped(reason)}).[/]")
    if moved:
        _moved(console, moved)
    _advice(console, found, peeked, bool(moved))


def _import(console: Console, found: Failures) -> None:
    entry = found.entry
    console.print(
        f"Import [bold]{escaped(entry['run_id'])}[/] into {entry.get('user_pool_id') or 'no pool yet'}: "
        f"{_status(str(entry.get('status')))}"
    )
    if entry.get("reason"):
        console.print(escaped(in_options(str(entry["reason"]))), soft_wrap=True)
    if not found.reported:
        console.print("It has no report yet: who differs is known at its end only.")
    if not found.users and not found.groups:
        console.print("[green]No user failed.[/]")
        return
    if found.users:
        count = len(found.users)
        verb = "1 user failed or differs" if count == 1 else f"{count:,} users failed or differ"
        console.print(f"\n[bold red]{verb}.[/]")
    reasons = table("Reason", "users", numbers=("users",))
    for reason, count in found.reasons():
        reasons.add_row(Text(reason), f"{count:,}")
    if found.users:
        console.print(reasons)
        console.print()
        _users(console, found.users)
    for each in found.groups:
        console.print(Text(f"The group {visible(each['group'])} differs: {', '.join(each['fields'])}"))


def _users(console: Console, users: list[dict[str, Any]]) -> None:
    named = any("username" in each for each in users)
    rows = table("Sub", *(("Username",) if named else ()), "Reason")
    for each in users[:MOST_ROWS]:
        name = (Text(visible(each["username"] or "")),) if named else ()
        rows.add_row(each["sub"], *name, Text(why(each)))
    console.print(rows)
    if len(users) > MOST_ROWS:
        console.print(f"… and {len(users) - MOST_ROWS:,} more: --json has every one.")


def _status(status: str) -> str:
    colour = {"SUCCEEDED": "green", "RUNNING": "cyan"}.get(status, "red")
    return f"[{colour}]{status}[/]"


def _letters(console: Console, peeked: list[Peeked]) -> None:
    holding = [each for each in peeked if each.depth]
    if not holding:
        console.print(f"\n[green]All {len(peeked)} dead-letter queues are empty.[/]")
        return
    for each in holding:
        queue = each.queue
        what = HOLDS.get(queue.kind, "messages")
        console.print(f"\n[bold red]{queue.name}[/] in {queue.region} holds {each.depth:,}: {what}")
        rows = table("Reason", "messages", "Whom (the first ones)", numbers=("messages",))
        for reason, count in each.reasons():
            rows.add_row(Text(reason), f"{count:,}", Text(_whom(each, reason)))
        console.print(rows)
        if len(each.letters) < each.depth:
            console.print(f"{len(each.letters):,} of them were looked at.")


def _whom(peeked: Peeked, reason: str) -> str:
    whom = [letter.sub or letter.about for letter in peeked.letters if letter.reason == reason]
    some = list(dict.fromkeys(each for each in whom if each))
    return "\n".join([*some[:3], *(["…"] if len(some) > 3 else [])])


def _moved(console: Console, moved: Iterable[Redriven]) -> None:
    rows = table("Redriven", "Region", "moved back", "left", numbers=("moved back", "left"))
    console.print()
    for each in moved:
        rows.add_row(each.name, each.region, f"{each.moved:,}", f"{each.left:,}")
    console.print(rows)


def _advice(console: Console, found: Failures | None, peeked: list[Peeked], moved: bool) -> None:
    """What to do next, in the order in which to do it."""
    steps: list[str] = []
    holding = [each.queue for each in peeked if each.depth]
    tries_again = any(queue.source_url for queue in holding)
    if not moved and (tries_again or (found is not None and found.users)):
        steps.append("Mend the reasons above (docs/runbook.md#import-incomplete, #dead-letters).")
    if not moved and tries_again:
        steps.append("Give the dead letters another try: lifeboat failed --redrive")
    steps += [f"{queue.name}: {queue.remedy}: {queue.purge}" for queue in holding if not queue.source_url]
    if found is not None and found.entry.get("status") not in ("SUCCEEDED", "RUNNING"):
        steps.append(
            "Go on with the import; it takes up who is missing: "
            f"lifeboat import --resume {found.entry['run_id']} --wait"
        )
    if moved:
        steps.append("Look again in some minutes what came back: lifeboat failed")
    if steps:
        console.print("\n[bold]What to do[/]")
        for place, step in enumerate(steps, start=1):
            console.print(f" {place}. {escaped(step)}", soft_wrap=True)
