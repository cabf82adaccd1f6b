"""Starting a workflow from a command: asking first, then telling of it or showing it to its end."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import typer

from cli.cockpit import Cockpit
from cli.connection import Stack
from cli.runs.endings import ending_of
from cli.runs.executions import Run, follower, start
from cli.runs.following import follow
from cli.terminal.output import Output


def confirm(output: Output, yes: bool, question: str) -> None:
    """Ask a person at a terminal, unless --yes says so already. Raises typer.Exit when the answer is no.

    Nobody is asked where there is no terminal: a program that starts a command means it.
    """
    if yes or not sys.stdin.isatty():
        return
    if not typer.confirm(question, err=output.as_json):
        output.say("Nothing was started.")
        raise typer.Exit(1)


def launch(cockpit: Cockpit, stack: Stack, workflow: str, typed: Mapping[str, Any], wait: bool) -> None:
    """Start a workflow, and tell how to watch it or show it until it ends."""
    run = start(cockpit.connection, stack, workflow, typed)
    if wait:
        show_to_the_end(cockpit, run)
        return
    document = {
        "workflow": workflow,
        "execution_arn": run.execution_arn,
        "region": run.region,
        "started_at": run.began,
    }
    cockpit.output.show(
        document,
        lambda console: console.print(
            f"The {workflow} is running in {run.region}. `lifeboat watch {run.name}` shows how far it is.",
            soft_wrap=True,
        ),
    )


def show_to_the_end(cockpit: Cockpit, run: Run) -> None:
    """Show a run until it ends, and tell what became of it. Raises typer.Exit(1) unless all is well."""
    looking = follower(cockpit.connection, run)
    look = follow(cockpit.output, looking)
    ending = ending_of(run, looking.run_id, look)
    cockpit.output.show(ending.document(), ending.draw)
    if not ending.good:
        raise typer.Exit(1)
