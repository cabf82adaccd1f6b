"""`lifeboat` as a process: exit statuses, streams, no stack trace, and the script of `make setup`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli import __version__

ROOT = Path(__file__).parents[2]


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    path = f"{ROOT}{os.pathsep}{ROOT / 'layers' / 'lifeboat'}"
    own = {"PYTHONPATH": path, "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.devnull}
    return subprocess.run(
        command, env=kept | own | environment, cwd=ROOT, capture_output=True, text=True, check=False
    )


def lifeboat(*arguments: str) -> subprocess.CompletedProcess[str]:
    return run(sys.executable, "-m", "cli", *arguments)


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (("--help",), 0, "status"),
        (("--version",), 0, __version__),
        ((), 2, "Usage"),
        (("no-such-command",), 2, "No such command"),
        (("import", "--pool", "people"), 2, "--pool: expected the id of an empty user pool"),
        (("status", "--profile", "nobody-has-this"), 2, "nobody-has-this"),
        (("status", "--local", "--local-dir", "nowhere"), 1, "there is no embedded AWS that"),
    ],
)
def test_exit_statuses(arguments: tuple[str, ...], status: int, says: str) -> None:
    ended = lifeboat(*arguments)

    assert ended.returncode == status
    assert says in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr


def test_with_json_an_error_is_a_document_on_standard_output() -> None:
    ended = lifeboat("status", "--json", "--local", "--local-dir", "nowhere")

    assert ended.returncode == 1
    assert json.loads(ended.stdout).keys() == {"error", "remedy"}
    assert ended.stderr == ""


def test_the_script_that_make_setup_writes_runs_from_anywhere(tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    (venv / "bin").mkdir(parents=True)
    (venv / ".installed").touch()
    interpreter = venv / "bin" / "python"
    interpreter.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    interpreter.chmod(0o755)
    script = venv / "bin" / "lifeboat"

    made = run("make", f"VENV={venv}", "--old-file", str(venv / ".installed"), str(script))
    ended = subprocess.run([script, "--version"], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert made.returncode == 0, made.stderr
    assert ended.stdout == f"lifeboat {__version__}\n"
    assert "bin/lifeboat" in (ROOT / "Makefile").read_text().split("\nsetup:")[1].splitlines()[0]
