"""What a command prints: for a person by Rich, for a program one JSON document on standard output."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from cli.problems import Problem

WIDTH: Final = 120
"""Columns where there is no terminal."""


def console_for(stream: Any) -> Console:
    """A console that is wide enough where nobody can say how wide the terminal is."""
    return Console(file=stream, width=None if stream.isatty() else WIDTH, highlight=False)


@dataclass(frozen=True, slots=True)
class Output:
    """Prints documents. With `as_json` standard output has one JSON document and nothing else."""

    as_json: bool = False
    console: Console = field(default_factory=lambda: console_for(sys.stdout))
    errors: Console = field(default_factory=lambda: console_for(sys.stderr))

    def show(self, document: Mapping[str, Any], draw: Callable[[Console], object]) -> None:
        """Print a document: as JSON, or as `draw` draws it."""
        if self.as_json:
            self.console.print_json(json.dumps(document, default=plain, ensure_ascii=False))
        else:
            draw(self.console)

    def say(self, text: str) -> None:
        """Tell a person what is going on; never mixed into JSON."""
        (self.errors if self.as_json else self.console).print(text)

    def complain(self, problem: Problem) -> None:
        """Tell what is wrong and what to do."""
        if self.as_json:
            document = {"error": problem.message, "remedy": problem.remedy}
            self.console.print_json(json.dumps(document, ensure_ascii=False))
            return
        self.errors.print(f"[bold red]Error:[/] {escaped(problem.message)}", soft_wrap=True)
        if problem.remedy:
            self.errors.print(escaped(problem.remedy), soft_wrap=True)


def table(*columns: str, numbers: Iterable[str] = (), title: str | None = None) -> Table:
    """A table with these columns, those of `numbers` set to the right."""
    right = set(numbers)
    made = Table(title=title, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for column in columns:
        made.add_column(column, justify="right" if column in right else "left", overflow="fold")
    return made


def escaped(text: str) -> str:
    """A text that Rich prints as it is."""
    return text.replace("[", r"\[")


def plain(value: Any) -> Any:
    """What JSON has no form for: DynamoDB's numbers, moments, sets."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, set | frozenset):
        return sorted(value)
    return str(value)


def duration(seconds: float) -> str:
    """Seconds in words: "1 h 5 min", "12 s"; the two largest units."""
    left = max(0, round(seconds))
    parts = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        number, left = divmod(left, size)
        if number:
            parts.append(f"{number} {unit}")
    return " ".join(parts[:2]) or "0 s"
