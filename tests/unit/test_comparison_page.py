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

PARTS = {"standby": "apply_changes", "migrate_user": "migrate_user", "groups_at_sign_in": "migrate_user"}
"""The function that stands for a part of the product, by a word in the names of the part's tests."""


def built(path: str) -> bool:
    """Whether the part that a test is about is there at all."""
    functions = [function for word, function in PARTS.items() if word in path]
    return all((ROOT / "functions" / function).is_dir() for function in functions)


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
            missing += [word for word in words[1:] if not (ROOT / word).is_file() and built(word)]
    assert not missing
