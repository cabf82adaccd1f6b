"""Showing a run while it goes on: bars in a terminal, else a line now and then. Ctrl-C leaves it running."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from cli.entries import EXPORTS, entry_of
from cli.problems import problem_of
from cli.runs.executions import Follower, Look
from cli.runs.progress import Pace, Phase, Stage, phases
from cli.terminal.output import Output, duration
from cli.terminal.wording import clock, end_in, left_until, of_total, percent
from lifeboat.errors import LifeboatError
from lifeboat.model import seconds_between
from lifeboat.store.ledger import LATEST

LEFT: Final = 130
"""Exit status after Ctrl-C, as shells have it: who waits for the run must not go on as if it were good."""

LOOK_SECONDS: Final = 2.0
LINE_SECONDS: Final = 15.0
"""Between two looks, and between two lines where there is no terminal."""

MOST_MISSES: Final = 20
"""So many looks may fail one after the other; a run of hours meets a lost connection now and then."""

BAR, SHORT_BAR, BESIDE = 24, 6, 73
"""Columns of a bar, of one where there is little room, and of what stands beside it."""

_MARKS: Final = {Stage.WAITING: "·", Stage.RUNNING: "▸", Stage.DONE: "✓"}
_STYLES: Final = {Stage.WAITING: "dim", Stage.RUNNING: "bold", Stage.DONE: "green"}


NOTHING_SEEN: Final = Look("", "RUNNING")


@dataclass
class View:
    """What is shown of a run. `trouble` is why the last look failed."""

    follower: Follower
    before: Mapping[str, Any]
    pace: Pace = field(default_factory=Pace)
    seen: Look = NOTHING_SEEN
    phases: list[Phase] = field(default_factory=list)
    trouble: str = ""

    def take(self, look: Look) -> None:
        """Take note of a look."""
        self.seen, self.trouble = look, ""
        self.phases = phases(self.follower.run.workflow, look, self.pace, self.before)

    @property
    def title(self) -> str:
        """Which run it is, and for how long it has run."""
        run, look = self.follower.run, self.seen
        entry = look.entry
        what = f"{run.workflow} {self.follower.run_id or run.name}"
        pool = entry.get("user_pool_id")
        into = f" into {pool}" if pool and run.workflow == "import" else ""
        since = duration(seconds_between(run.began.isoformat(), look.at))
        return f"{what}{into} in {run.region}" + (f", {since}" if look.running else "")

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        lines: list[RenderableType] = [Text(self.title, style="bold")]
        if self.seen.entry:
            lines.append(self._bars(self.seen.at, min(BAR, max(SHORT_BAR, options.max_width - BESIDE))))
            notes = [f"    {phase.name}: {phase.note}" for phase in self.phases if phase.note]
            lines += [Text(note, style="dim") for note in notes]
        elif self.seen.running:
            lines.append(Text(f"  {self.seen.state or 'starting'} …", style="dim"))
        if self.trouble:
            lines.append(Text(f"  {self.trouble}; looking again. The run goes on.", style="yellow"))
        if self.seen.running:
            lines.append(Text("  Ctrl-C leaves it running; `lifeboat watch` shows it again.", style="dim"))
        yield Group(*lines)

    def _bars(self, at: str, width: int) -> Table:
        bars = Table.grid(padding=(0, 1))
        for _ in range(5):
            bars.add_column(no_wrap=True)
        for phase in self.phases:
            bars.add_row(
                Text(f"  {_MARKS[phase.stage]} {phase.name}", style=_STYLES[phase.stage]),
                _bar(phase, width),
                Text(_counts(phase)),
                Text(f"{phase.per_second:g}/s" if phase.per_second else ""),
                Text(left_until(phase.expected_end, at)),
            )
        return bars

    def line(self) -> str:
        """The phase at hand in one line."""
        look = self.seen
        at = clock(look.at)
        if self.trouble:
            return f"{at}  {self.trouble}; looking again"
        running = [phase for phase in self.phases if phase.stage is Stage.RUNNING]
        if not look.entry or not running:
            return f"{at}  {look.state or 'starting'}" if look.running else f"{at}  ended"
        parts = []
        for phase in running:
            counted = _counts(phase)
            if phase.total and phase.name:
                counted += f" ({percent(phase.done, phase.total)})"
            more = [f"{phase.per_second:g} a second" if phase.per_second else ""]
            more += [end_in(phase.expected_end, look.at), phase.note]
            parts.append(", ".join(each for each in (f"{phase.name} {counted}".strip(), *more) if each))
        return f"{at}  {'; '.join(parts)}"

    def key(self) -> object:
        """What changes when a line is due before its time."""
        at_hand = tuple((phase.name, phase.stage) for phase in self.phases)
        return (at_hand, bool(self.trouble), self.seen.running)


def _counts(phase: Phase) -> str:
    if phase.total is None and not phase.done:
        return ""
    if phase.stage is Stage.WAITING:
        return f"{phase.total:,}" if phase.total else ""
    return of_total(phase.done, phase.total if phase.stage is Stage.RUNNING else None)


def _bar(phase: Phase, width: int) -> RenderableType:
    total: int | None = 1
    done = 1 if phase.stage is Stage.DONE else 0
    if phase.stage is Stage.RUNNING:
        total, done = phase.total or None, min(phase.done, phase.total or 0)
    return ProgressBar(
        total=total,
        completed=done,
        width=width,
        pulse=total is None,
        complete_style="cyan",
        finished_style="green",
    )


def follow(
    output: Output,
    follower: Follower,
    sleep: Callable[[float], None] = time.sleep,
    pause: float = LOOK_SECONDS,
) -> Look:
    """Show a run until it ends, and return the last look at it.

    With --json it is shown on standard error. Raises typer.Exit on Ctrl-C, and what AWS refuses with if the
    first look fails or too many follow one another that do.
    """
    console = output.errors if output.as_json else output.console
    try:
        view = View(follower, _before(follower))
        view.take(follower.look())
        with _shown(console, view) as show:
            misses = 0
            while view.seen.running:
                sleep(pause)
                try:
                    view.take(follower.look())
                    misses = 0
                except (ClientError, BotoCoreError, LifeboatError) as error:
                    misses += 1
                    if misses > MOST_MISSES:
                        raise
                    view.trouble = problem_of(error).message
                show()
        return view.seen
    except KeyboardInterrupt:
        run = follower.run
        output.say(
            f"\nThe {run.workflow} goes on in {run.region}. `lifeboat watch` shows it again, from anywhere "
            f"(this one: `lifeboat watch {follower.run_id or run.name}`)."
        )
        raise typer.Exit(LEFT) from None


@contextmanager
def _shown(console: Console, view: View) -> Iterator[Callable[[], None]]:
    """Bars that are drawn anew, or lines that follow one another."""
    if console.is_terminal:
        live = Live(view, console=console, refresh_per_second=4, vertical_overflow="visible")
        try:  # Ctrl-C may come while it starts, and the cursor must come back
            live.start(refresh=True)
            yield live.refresh
        finally:
            live.stop()
        return
    last: tuple[float, object] = (0.0, None)
    titled = False

    def show() -> None:
        nonlocal last, titled
        moment, key = time.monotonic(), view.key()
        if not titled:
            console.print(view.title, markup=False)
            titled = True
        if key != last[1] or moment - last[0] >= LINE_SECONDS:
            console.print(f"  {view.line()}", markup=False, soft_wrap=True)
            last = (moment, key)

    show()
    yield show


def _before(follower: Follower) -> Mapping[str, Any]:
    """The last completed export, by which one that runs is measured."""
    if follower.run.workflow != "export":
        return {}
    table = follower.connection.table(follower.stack)
    return entry_of(table, EXPORTS, LATEST) or {}
