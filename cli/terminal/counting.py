"""How far a long reading is: a bar in a terminal, else a line now and then."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cli.terminal.output import Output

QUIET_SECONDS: Final = 15.0
"""Where nobody watches, a line is printed so often."""

Advance = Callable[[int], None]
"""Told how many more are done."""


@contextmanager
def counted(output: Output, what: str, total: int) -> Iterator[Advance]:
    """Show how many of about `total` are done; standard output stays for the result.

    Safe for threads, as Rich's bars are.
    """
    if output.errors.is_terminal:
        columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=output.errors, transient=True) as progress:
            task = progress.add_task(what, total=total)
            yield lambda more: progress.advance(task, more)
        return
    done, told = 0, time.monotonic()

    def advance(more: int) -> None:
        nonlocal done, told
        done += more
        if time.monotonic() - told >= QUIET_SECONDS:
            told = time.monotonic()
            output.errors.print(f"{what}: {done:,} of about {total:,}")

    yield advance
