"""The commands, the options they share, and how every error is told.

Exit status: 0 it worked and all is well; 1 something failed, or is not well; 2 the command line is wrong.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from cli import __version__
from cli.cockpit import Cockpit
from cli.commands import (
    config,
    cost,
    diff,
    drill,
    export,
    failed,
    history,
    import_users,
    init,
    preflight,
    report,
    status,
    verify,
    watch,
)
from cli.connection import DEFAULT_STACK, Asked
from cli.problems import problem_of
from cli.terminal.output import Output

SHARED: Final = {
    "--profile": True,
    "--region": True,
    "--stack": True,
    "--local-dir": True,
    "--local": False,
    "--json": False,
}
"""The options that every command has, and whether a value follows. They may stand anywhere."""


app = typer.Typer(
    name="lifeboat",
    help="Backup and failover for Amazon Cognito user pools: look, drill, restore.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"lifeboat {__version__}")
        raise typer.Exit


@app.callback(epilog="The options above may stand before or after the command.")
def shared(
    ctx: typer.Context,
    profile: Annotated[str | None, typer.Option(help="AWS profile.", show_default=False)] = None,
    region: Annotated[
        str | None, typer.Option(help="Region of either stack; in an outage, of the one that answers.")
    ] = None,
    stack: Annotated[str, typer.Option(help="Name of the stacks.")] = DEFAULT_STACK,
    local: Annotated[bool, typer.Option("--local", help="The embedded AWS that `make local` runs.")] = False,
    local_dir: Annotated[Path, typer.Option(help="Folder of the embedded AWS's stack.json.")] = Path(
        ".local"
    ),
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document in place of tables.")] = False,
    _: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", is_eager=True, callback=_version)
    ] = False,
) -> None:
    """Read the options that all commands share."""
    ctx.obj = Cockpit(Asked(profile, region, stack, local, local_dir), Output(as_json))


COMMANDS: Final = (
    status,
    export,
    import_users,
    watch,
    preflight,
    verify,
    report,
    failed,
    history,
    diff,
    drill,
    config,
    cost,
    init,
)
"""The modules of the commands, in the order of the help."""

for module in COMMANDS:
    module.register(app)


def in_front(arguments: Sequence[str]) -> list[str]:
    """The arguments with the shared options, wherever they stand, before the command."""
    first: list[str] = []
    others: list[str] = []
    left = list(arguments)
    while left:
        word = left.pop(0)
        if word == "--":
            others += [word, *left]
            break
        name, equals, _ = word.partition("=")
        if name not in SHARED:
            others.append(word)
            continue
        first.append(word)
        if SHARED[name] and not equals and left:
            first.append(left.pop(0))
    return [*first, *others]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status. A stack trace is never shown."""
    given = in_front(sys.argv[1:] if arguments is None else arguments)
    try:
        app(given, prog_name="lifeboat")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except Exception as error:
        problem = problem_of(error)
        Output("--json" in given).complain(problem)
        return problem.exit_status
    return 0
