"""Every row of docs/comparison.md has a command that shows it, and the command exists."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs/comparison.md").read_text("utf-8").splitlines()
    if line.startswith("| ") and not line.startswith("| design ")
]


def test_every_design_has_what_it_does_and_a_command() -> None:
    assert len(ROWS) > 8
    for design, *_, ours, command in ROWS:
        assert design
        assert ours
        assert re.fullmatch(r"`[^`]+`", command)


def test_the_commands_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    missing = []
    for row in ROWS:
        program, *words = shlex.split(row[-1].strip("`"))
        if program == "make":
            missing += [word for word in words if word not in targets]
        else:
            assert (program, words[0]) == (".venv/bin/pytest", "-q")
            missing += [word for word in words[1:] if not (ROOT / word).is_file()]
    assert not missing
