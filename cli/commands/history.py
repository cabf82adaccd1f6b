"""`lifeboat history`: the versions of one user."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from cli.cockpit import Cockpit
from cli.history.fields import visible
from cli.history.lookup import sub_of_user
from cli.history.versions import CAPTURE, KEPT, history
from cli.terminal.output import escaped, table

STILL = "now"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("history", epilog="Example: lifeboat history 3f2b8c1e-0000-4000-8000-000000000001")(show)


def show(
    ctx: typer.Context,
    user: Annotated[str, typer.Argument(help="Sub, username, email address or phone number (+4912…).")],
) -> None:
    """Show the versions that the backup keeps of one user, what changed when, and the groups.

    Deleted users are found as well, for as long as history is kept (HistoryDays). This prints usernames and
    attributes, because it was asked for one user.
    """
    cockpit: Cockpit = ctx.obj
    connection, output = cockpit.connection, cockpit.output
    backup = connection.table(connection.here())
    document = history(backup, sub_of_user(backup, user, output))
    output.show(document, lambda console: draw(console, document))


def draw(console: Console, document: Mapping[str, Any]) -> None:
    """Draw a history as tables."""
    versions = document["versions"]
    console.print(f"[bold]User {escaped(document['sub'])}[/]")
    if document["present"]:
        now = versions[0]["user"]
        enabled = "enabled" if now["enabled"] else "[yellow]disabled[/]"
        name = escaped(visible(now["username"]))
        console.print(f"{name}, {now['status']}, {enabled}; in the pool, as the backup has it.")
    elif versions:
        last = versions[0]
        console.print(f"[yellow]Not in the pool since {last['valid_from']}[/] (noticed by {last['by']}).")
    console.print()
    rows = table("From", "Until", "By", "What changed", title="Versions, newest first")
    for version in versions:
        rows.add_row(*_interval(version), _what(version))
    groups = table("From", "Until", "By", "Group", title="Groups")
    for each in document["memberships"]:
        groups.add_row(*_interval(each), Text(visible(each["group"])))
    for shown in (rows, groups):
        for column in shown.columns[:3]:
            column.no_wrap = True
    console.print(rows)
    console.print()
    if groups.row_count:
        console.print(groups)
    else:
        console.print("In no group, as far as the backup goes back.")
    moments = [version["valid_from"] for version in versions if version["what"] != "gone"]
    if moments:
        console.print(
            "\nTo have an earlier state again: `lifeboat import --create-pool NAME --as-of MOMENT` restores "
            "everybody into another pool; MOMENT is one of From, or any between it and Until.",
            soft_wrap=True,
        )


def _interval(of: Mapping[str, Any]) -> tuple[str, str, str]:
    """From when, until when, and by what. The moments are whole: they may be typed for --as-of."""
    by = CAPTURE if of["by"] == CAPTURE else "export"
    return of["valid_from"], of["valid_to"] or STILL, by


def _what(version: Mapping[str, Any]) -> Text:
    """What a version changed, a line for each field; all fields of one that nothing is known before."""
    if version["what"] == "gone":
        return Text("not in the pool")
    if version["what"] != "changed":
        first = "first version kept; earlier ones have expired" if version["what"] == KEPT else "added"
        lines = [first, *(f"  {name}: {_value(value)}" for name, value in version["user"].items())]
        return Text("\n".join(lines))
    lines = [
        f"{each['field']}: {_value(each['before'])} → {_value(each['after'])}" for each in version["changes"]
    ]
    return Text("\n".join(lines) or "nothing that a person can see")


def _value(value: Any) -> str:
    if value is None:
        return "(none)"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(value)
    return visible(str(value))
