"""What a terminal shows of a program: run it in one, and keep the screens that it drew.

Enough of a terminal for Rich's live displays (https://rich.readthedocs.io/en/stable/live.html): lines that
are written, gone back to, cleared and written again, in colours.
"""

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from io import StringIO
from typing import Final

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.ansi import AnsiDecoder
from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI

from local.processes import REPOSITORY

ROWS: Final = 50
CHUNK: Final = 65_536
_TOKENS: Final = re.compile(
    r"\x1b\[([0-9;?]*)([A-Za-z])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\r|\n|[^\x1b\r\n]+"
)
SVG_FORMAT: Final = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL).replace(
    "Fira Code", "DejaVu Sans Mono"
)
"""Rich's picture of a terminal, without the fonts that it would fetch."""


@dataclass(slots=True)
class Screen:
    """The lines that a program has drawn: of each the characters, each with the colours it was written in."""

    lines: list[list[tuple[str, str]]] = field(default_factory=lambda: [[]])
    row: int = 0
    column: int = 0
    _colours: str = ""

    def write(self, output: str) -> None:
        """Draw what a program has written."""
        for token in _TOKENS.finditer(output):
            parameters, command = token[1], token[2]
            if command is not None:
                self._obey(parameters, command)
            elif token[0] == "\r":
                self.column = 0
            elif token[0] == "\n":
                self.row, self.column = self.row + 1, 0
                while len(self.lines) <= self.row:
                    self.lines.append([])
            elif not token[0].startswith("\x1b"):
                self._put(token[0])

    def _obey(self, parameters: str, command: str) -> None:
        number = int(parameters) if parameters.isdecimal() else 1
        if command == "m":
            plain = parameters in ("", "0")
            self._colours = "" if plain else f"{self._colours}\x1b[{parameters}m"
        elif command == "A":
            self.row = max(0, self.row - number)
        elif command == "B":
            self.row = min(len(self.lines) - 1, self.row + number)
        elif command == "G":
            self.column = number - 1
        elif command == "K":
            kept = 0 if parameters == "2" else self.column
            del self.lines[self.row][kept:]

    def _put(self, text: str) -> None:
        line = self.lines[self.row]
        line.extend([(" ", "")] * (self.column - len(line)))
        line[self.column : self.column + len(text)] = [(character, self._colours) for character in text]
        self.column += len(text)

    def ansi(self) -> str:
        """The screen as text with its colours, without empty lines at the end."""
        lines = []
        for line in self.lines:
            shown, before = [], ""
            for character, colours in line:
                shown.append(character if colours == before else f"\x1b[0m{colours}{character}")
                before = colours
            lines.append("".join(shown).rstrip() + "\x1b[0m")
        while lines and lines[-1] == "\x1b[0m":
            lines.pop()
        return "\n".join(lines)

    def text(self) -> str:
        """The same without colours."""
        return "\n".join("".join(character for character, _ in line).rstrip() for line in self.lines)


@dataclass(frozen=True, slots=True)
class Shown:
    """What a program drew: its exit status, and after how many seconds which screen was there."""

    status: int
    screens: Sequence[tuple[float, str]]

    @property
    def last(self) -> str:
        """The screen at the end."""
        return self.screens[-1][1]

    def when(self, fits: Callable[[str], bool]) -> str:
        """The middle one of the screens that fit; the last one if none does."""
        fitting = [screen for _, screen in self.screens if fits(screen)]
        return fitting[len(fitting) // 2] if fitting else self.last


def run(command: Sequence[str], environment: dict[str, str], columns: int) -> Shown:
    """Run a command in a terminal so wide until it ends."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, columns, 0, 0))
    begun = time.monotonic()
    environment = environment | {"TERM": "xterm-256color", "COLORTERM": "truecolor", "COLUMNS": str(columns)}
    process = subprocess.Popen(
        command, cwd=REPOSITORY, env=environment, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    screen, screens, undecoded = Screen(), [(0.0, "")], b""
    try:
        while chunk := _read(ours):
            undecoded += chunk
            whole = undecoded.decode(errors="ignore")
            undecoded = undecoded[len(whole.encode()) :]
            screen.write(whole)
            screens.append((time.monotonic() - begun, screen.ansi()))
    finally:
        os.close(ours)
        status = process.wait()
    return Shown(status, screens)


def _read(terminal: int) -> bytes:
    """What was written; b"" at the end, which Linux tells by an error."""
    try:
        return os.read(terminal, CHUNK)
    except OSError:
        return b""


def picture(screen: str, title: str, columns: int) -> str:
    """A screen as SVG."""
    console = Console(record=True, width=columns, file=StringIO(), force_terminal=True, legacy_windows=False)
    for line in AnsiDecoder().decode(screen):
        console.print(line, no_wrap=True, overflow="crop", crop=True)
    return console.export_svg(title=title, theme=DIMMED_MONOKAI, code_format=SVG_FORMAT)
