"""Tell a person what is going on: a progress bar for each step, or plain lines where there is no terminal."""

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Final

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

QUARTERS: Final = 4


class Step:
    """A step under way. `note` is said when it is done."""

    def __init__(self, total: int | None, show: Callable[["Step"], object]) -> None:
        self.total = total
        self.done = 0
        self.note = ""
        self._show = show

    def advance(self, by: int = 1) -> None:
        """Go on by some units."""
        self.reach(self.done + by)

    def reach(self, done: int, total: int | None = None) -> None:
        """Be at some unit of the total, which may have become known only now."""
        self.total = self.total if total is None else total
        self.done = done if self.total is None else min(done, self.total)
        self._show(self)


class Narrator:
    """Tells of one step after the other."""

    def __init__(self, console: Console) -> None:
        self.console = console

    @contextlib.contextmanager
    def step(self, title: str, total: int | None = None) -> Iterator[Step]:
        """Tell of a step while it runs, and how long it took; a step that raises is told of as failed."""
        started = time.monotonic()
        try:
            with self._bar(title, total) if self.console.is_terminal else self._lines(title, total) as step:
                yield step
        except BaseException:
            self.say(f"[red]✗[/] {title}")
            raise
        note = f": {step.note}" if step.note else ""
        self.say(f"[green]✓[/] {title}{note} [dim]({time.monotonic() - started:.1f} s)[/]")

    def say(self, text: str) -> None:
        """Print a line (rich markup) without breaking it."""
        self.console.print(text, soft_wrap=True, highlight=False)

    def complain(self, text: str) -> None:
        """Print plain text, which may contain anything, in red."""
        self.console.print(text, style="red", markup=False, soft_wrap=True, highlight=False)

    @contextlib.contextmanager
    def _bar(self, title: str, total: int | None) -> Iterator[Step]:
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self.console, transient=True) as progress:
            task = progress.add_task(title, total=total)
            yield Step(total, lambda step: progress.update(task, completed=step.done, total=step.total))

    @contextlib.contextmanager
    def _lines(self, title: str, total: int | None) -> Iterator[Step]:
        said = 0

        def show(step: Step) -> None:
            nonlocal said
            quarter = QUARTERS * step.done // step.total if step.total else 0
            if said < quarter < QUARTERS:
                said = quarter
                self.say(f"  {title}: {step.done} of {step.total}")

        self.say(f"… {title}")
        yield Step(total, show)
