"""The commands that README.md and docs/ show: found in their shell blocks and in their text."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import typer.main

from cli.app import app, in_front

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))

POOL = "us-east-1_AbCdEf123"
NEW_POOL = "eu-west-1_AbCdEf123"
IMPORT = "2026-11-21T09:25:21.878Z-86b993c5"
SUB = "3f2b8c1e-0000-4000-8000-000000000001"
MOMENT = "2026-11-21T08:00:00Z"
"""What stands on the pages, and in the examples of the help, for what only an account has."""

FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Shown:
    """A command as a page shows it. `section` is the anchor of the heading above it.

    `prints` are lines of what the page says that it prints: in a block `text` right after the command's own.
    """

    page: str
    section: str
    words: tuple[str, ...]
    prints: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        return shlex.join(self.words)


def anchor(heading: str) -> str:
    """The anchor that GitHub makes of a heading."""
    kept = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return kept.replace(" ", "-")


def headings(text: str) -> list[tuple[int, str]]:
    """Where each heading stands, and its anchor; not what looks like one in a block."""
    plain = FENCE.sub(lambda block: "\n".join(" " * len(line) for line in block[0].split("\n")), text)
    return [(each.start(), anchor(each[1])) for each in re.finditer(r"^#+ (.+)$", plain, re.MULTILINE)]


@cache
def blocks(page: Path) -> tuple[Shown, ...]:
    """The commands in a page's shell blocks, in order."""
    text = page.read_text("utf-8")
    places = headings(text)
    found: list[Shown] = []
    end = -1
    for block in FENCE.finditer(text):
        if block[1] == "text" and found and not text[end : block.start()].strip():
            lines = [line.strip() for line in block[2].splitlines() if line.strip(" …")]
            found[-1] = replace(found[-1], prints=tuple(lines))
        if block[1] != "sh":
            continue
        end = block.end()
        section = next((name for start, name in reversed(places) if start < block.start()), "")
        typed = re.sub(r"<<'(\w+)'.*?^ *\1$", "", block[2], flags=re.MULTILINE | re.DOTALL)
        lines = re.sub(r"\\\n\s*", "", typed).splitlines()
        found += [Shown(page.name, section, tuple(split(line))) for line in lines if line.strip()]
    return tuple(found)


def said(line: str, text: str) -> bool:
    """Whether a printed text has a line as a page shows it; numbers and ids may differ, "…" is anything."""
    parts = re.split(r"(?:\d+ (?:d|h|min|s)\b ?)+|\d[\w.,:-]*|…", " ".join(line.split()))
    pattern = ".{0,200}?".join(re.escape(part) for part in parts)
    return re.search(pattern, " ".join(text.split())) is not None


def split(line: str) -> list[str]:
    """A line's words; a line that only a shell understands is one word."""
    try:
        return shlex.split(line, comments=True)
    except ValueError:
        return [line.strip()]


def mentioned(page: Path) -> Iterator[str]:
    """The commands in a page's running text, in backquotes."""
    text = FENCE.sub("", page.read_text("utf-8"))
    yield from re.findall(r"`((?:lifeboat|make) [^`\n]+)`", text)


def commands() -> dict[str, Any]:
    """The commands of `lifeboat`, by name."""
    group: Any = typer.main.get_command(app)
    return dict(group.commands)


def parse(words: list[str]) -> str:
    """Parse a command line as `lifeboat` does, without running it; return the command's name.

    Raises click's UsageError when it is wrong.
    """
    group: Any = typer.main.get_command(app)
    context = group.make_context("lifeboat", in_front(words))
    name, command, rest = group.resolve_command(context, [*context._protected_args, *context.args])
    command.make_context(name, rest, parent=context)
    return str(name)


def examples() -> list[tuple[str, list[str]]]:
    """The examples at the end of each command's help, with the command's name: "Example: lifeboat …"."""
    return [
        (name, shlex.split(each))
        for name, command in commands().items()
        for each in re.split(r"\bExample:", command.epilog or "")
        if each.strip()
    ]
