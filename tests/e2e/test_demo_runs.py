"""`make demo` runs to its end, as the README says."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_demo_loses_nothing_and_says_so() -> None:
    numbers, live_numbers = ROOT / ".local" / "demo.json", ROOT / ".local" / "demo-live.json"
    live_numbers.unlink(missing_ok=True)
    # The interpreter at hand stands for the one that `make setup` makes; the command is the Makefile's.
    command = ["make", "demo", "USERS=40", "GROUPS=4", "MEMBERSHIPS=40", f"PY={sys.executable}"]
    environment = {**os.environ, "MAKEFLAGS": ""}
    ready = ["INSTALLED="]

    ran = subprocess.run(
        [*command, *ready], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )

    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-1000:]
    written = json.loads(numbers.read_text())
    assert set(written) == {
        "exported",
        "second_export",
        "restored",
        "differences",
        "export_seconds",
        "import_seconds",
    }
    assert written["differences"] == 0
    assert written["restored"] == written["exported"]
    assert written["exported"]["memberships"] == 40
    assert written["second_export"]["written"] < written["second_export"]["unchanged"]
    assert "differen" in ran.stdout
    live = json.loads(live_numbers.read_text())
    assert live.keys() == {
        "changes",
        "across_seconds",
        "first_sign_in_seconds",
        "restored",
        "differences",
    }
    assert live["differences"] == 0
    assert live["changes"] > 0
    # Five have signed up and one has left.
    assert live["restored"]["users"] == written["exported"]["users"] + 4
