"""`lifeboat verify`: a pool compared with the backup."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from cli.cockpit import Cockpit
from cli.deployment import defaults
from cli.history.exports import state
from cli.history.fields import visible
from cli.history.verification import Rules, Verification, verify
from cli.problems import Problem
from cli.terminal.counting import counted
from cli.terminal.output import escaped, table
from lifeboat.cognito.pool import PoolFacts
from lifeboat.cognito.reader import PoolReader
from lifeboat.errors import CognitoUnavailable, ResourceNotFound
from lifeboat.pacing import Budget
from lifeboat.store.ledger import Ledger
from lifeboat.store.table import BackupTable

MOST_ROWS = 500
"""A longer list is for programs: --json has every line."""

SHARE = 25
"""Percent of the quota of UserList: ordinary traffic of the application and an export go on beside it."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "verify",
        epilog="Example: lifeboat verify\n\nExample: lifeboat verify --pool eu-west-1_AbCdEf123 --list",
    )(show)


def show(
    ctx: typer.Context,
    pool: Annotated[
        str | None, typer.Option("--pool", help="The pool; the one backed up, if left out.")
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="Name users and fields that differ.")] = False,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="Compare with the backup as of a moment, ISO 8601.")
    ] = None,
    share: Annotated[
        int, typer.Option("--share", min=1, max=100, help="Percent of Cognito's quotas to list with.")
    ] = SHARE,
) -> None:
    """Compare a pool with the backup now, user by user. Exit status 1 if anything differs.

    The pool that is backed up has to be as the backup says; what changed since the last export differs. In a
    restored pool users are matched as the import does, and what no import can bring back does not count.
    Makes nobody a billed active user.
    """
    cockpit: Cockpit = ctx.obj
    if pool is not None and cockpit.asked.region is None:
        cockpit.asked = replace(cockpit.asked, region=pool.partition("_")[0])  # that one must answer
    connection, output = cockpit.connection, cockpit.output
    here = connection.here()
    backup = connection.table(here)
    days = defaults.number(here, "HistoryDays")
    present = state(backup, "--as-of", None, days)
    latest = Ledger(backup, "export").get(present.export_id) or {}
    pool_id = pool or str(latest.get("user_pool_id", ""))
    exact = pool_id == latest.get("user_pool_id")
    filled = {} if exact else filled_by(backup, pool_id)
    moment = as_of or str(filled.get("as_of") or "") or None
    compared = state(backup, "--as-of", moment, days) if moment else present
    client = connection.client("cognito-idp", pool_id.partition("_")[0])
    reader = PoolReader(client, pool_id, Budget(share, 1))
    try:
        description = reader.describe()
    except ResourceNotFound:
        raise Problem(
            f"there is no user pool {pool_id} in this account and Region",
            "Correct the id: `aws cognito-idp list-user-pools` names those there are.",
        ) from None
    except CognitoUnavailable as error:
        raise Problem(
            f"the pool {pool_id} does not answer ({error.code})",
            "If its Region is lost, compare the pool that was restored: name it with --pool.",
        ) from None
    rules = Rules(
        PoolFacts.of(description),
        exact,
        str(filled.get("source_sub_attribute", "")),
        str(filled.get("memberships_given", "")),
        {str(old): str(new) for old, new in filled.get("arn_map", {}).items()},
    )
    with counted(output, "Users and members read", to_read(latest, description)) as advance:
        found = verify(compared.backup, reader, rules, advance)
    document = {
        "pool": pool_id,
        "backed_up": exact,
        "export": compared.export_id,
        "as_of": compared.moment or None,
        "import": filled.get("run_id"),
        **found.document(list_),
    }
    output.show(document, lambda console: draw(console, document, found, list_))
    if not found.fine:
        raise typer.Exit(1)


def to_read(export: Mapping[str, Any], description: Mapping[str, Any]) -> int:
    """About how many users and members are read, of the backup and of the pool: for showing how far it is."""
    counts = export.get("counts", {})
    listed = sum(int(counts.get(kind, {}).get("listed", 0)) for kind in ("users", "memberships"))
    return listed + int(description.get("EstimatedNumberOfUsers", 0))


def filled_by(table_: BackupTable, pool_id: str) -> Mapping[str, Any]:
    """The ledger entry of the last import that filled a pool; empty if none did."""
    attributes = (
        "run_id",
        "user_pool_id",
        "started_at",
        "as_of",
        "source_sub_attribute",
        "memberships_given",
        "arn_map",
    )
    entries = (
        each for each in Ledger(table_, "import").all(attributes) if each.get("user_pool_id") == pool_id
    )
    return max(entries, key=lambda each: str(each.get("started_at", "")), default={})


def draw(console: Console, document: Mapping[str, Any], found: Verification, listed: bool) -> None:
    """Draw the verdict, the counts, and the lists if they were asked for."""
    what = "the pool that is backed up" if document["backed_up"] else "filled by no import"
    if document["import"]:
        what = f"filled by the import {document['import']}"
    against = f"as of {document['as_of']}" if document["as_of"] else "as it is now"
    console.print(f"Pool {document['pool']} ({escaped(what)}), compared with the backup {against}")
    console.print(f"(export {escaped(document['export'])}).\n")
    if found.fine:
        console.print("[bold green]Equal: everybody is there, as the backup says.[/]\n")
    else:
        console.print("[bold red]Not equal.[/]\n")
    users = document["users"]
    rows = table("", "users", numbers=("users",))
    for name, label in LABELS.items():
        rows.add_row(label, f"{users[name]:,}")
    console.print(rows)
    console.print(
        f"\nMemberships that agree: {found.memberships:,}. Groups in the backup: {found.groups_in_backup:,}, "
        f"{len(found.groups):,} differ."
    )
    for each in found.groups[:MOST_ROWS]:
        console.print(Text(f" - group {visible(each['group'])}: {', '.join(each['fields'])}"))
    if found.different:
        fields = table("Field that differs", "users", numbers=("users",))
        for name, count in found.fields().most_common():
            fields.add_row(Text(name), f"{count:,}")
        console.print()
        console.print(fields)
    if listed:
        _lists(console, found)
    elif found.different or found.missing or found.unexpected:
        console.print("\n--list names them; `lifeboat history SUB` shows what the backup has of one.")


LABELS = {
    "in_backup": "in the backup",
    "in_pool": "in the pool",
    "equal": "equal",
    "different": "different",
    "missing": "missing from the pool",
    "unexpected": "in the pool only",
    "federated": "federated profiles in the pool, not compared",
}


def _lists(console: Console, found: Verification) -> None:
    rows = table("Sub in the backup", "Sub in the pool", "What", title="Users that differ")
    lines = [
        *(
            (each["sub"], each["pool_sub"], ", ".join(map(visible, each["fields"])))
            for each in found.different
        ),
        *((sub, "", "missing from the pool") for sub in found.missing),
        *(("", sub, "in the pool only") for sub in found.unexpected),
    ]
    for old, new, what in lines[:MOST_ROWS]:
        rows.add_row(Text(old), Text(new), Text(what))
    if lines:
        console.print()
        console.print(rows)
    if len(lines) > MOST_ROWS:
        console.print(f"… and {len(lines) - MOST_ROWS:,} more: --json has every one.")
