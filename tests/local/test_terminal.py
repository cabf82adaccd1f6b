"""A terminal's screens, as a program draws them."""

from __future__ import annotations

import sys

from local.terminal import Screen, picture, run

BAR = """
import sys, time
from rich.console import Console
from rich.progress import Progress
print("begun")
with Progress(console=Console(), auto_refresh=False) as progress:
    users, groups = progress.add_task("users", total=4), progress.add_task("groups", total=4)
    for _ in range(4):
        progress.advance(users)
        progress.refresh()
sys.exit(3)
"""


def drawn(output: str) -> str:
    screen = Screen()
    screen.write(output)
    return screen.text()


def test_lines_are_written_over() -> None:
    assert drawn("one\ntwo\x1b[1A\rONE\ntwo") == "ONE\ntwo"
    assert drawn("long line\r\x1b[2Kshort") == "short"
    assert drawn("abc\rX") == "Xbc"
    assert drawn("abcdef\rab\x1b[K") == "ab"
    assert drawn("ab\x1b[5Gc\x1b[?25l") == "ab  c"


def test_colours_stay_with_their_characters() -> None:
    screen = Screen()
    screen.write("\x1b[1;31mred\x1b[0m plain")
    assert screen.ansi() == "\x1b[0m\x1b[1;31mred\x1b[0m plain\x1b[0m"


def test_a_progress_display_is_seen_as_a_person_sees_it() -> None:
    shown = run([sys.executable, "-c", BAR], {}, 80)
    assert shown.status == 3
    screens = [drawn(screen) for _, screen in shown.screens]
    assert [line.split()[0] for line in screens[-1].splitlines() if line] == ["begun", "users", "groups"]
    assert "100%" in shown.last
    assert "50%" in shown.when(lambda screen: "50%" in screen)


def test_a_picture_fetches_nothing_and_shows_the_text() -> None:
    drawing = picture("\x1b[32mgood\x1b[0m news", "lifeboat status", 40)
    assert "good" in drawing
    assert "lifeboat" in drawing
    assert "url(http" not in drawing
    assert "@font-face" not in drawing
