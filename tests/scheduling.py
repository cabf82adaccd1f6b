"""Which files of tests one worker runs in a row, because they share what takes long to make.

pytest-xdist's own groups do nothing under this pytest (docs/decisions/0001-dependencies.md), so the scheduler
that `make test` uses looks here.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from xdist.scheduler import LoadFileScheduling

ROOT = Path(__file__).parents[1]

WORLDS = (
    (
        "test_admin_api",
        "test_captures",
        "test_replica",
        "test_fidelity_short",
        "test_round_trip",
        "test_on_demand",
        "test_looking",
    ),
    (
        "test_import_faults",
        "test_warm_standby",
        "test_bad_input",
        "test_one_at_a_time",
        "test_workflow_input",
    ),
    (
        "test_kill_points_short",
        "test_export_faults",
        "test_request_budget",
        "test_large_pool",
        "test_drills",
        "test_cockpit",
    ),
)
"""Files of tests/e2e, by the embedded AWS that they share. Any other file may make one of its own.

The lists take about as long as each other. Those of the first share a second deployment, too.
"""

STANDIN = re.compile(r"\bstandin: Standin\b|\blive_application\b")
"""What stands in a file whose tests use the stand-in application that tests/local/conftest.py deploys."""


@cache
def unit_of(path: str) -> str:
    """The unit of work that a file is part of, by its path in the repository; that path, if it is one."""
    name = Path(path)
    if name.parent.name == "e2e":
        for number, files in enumerate(WORLDS, start=1):
            if name.stem in files:
                return f"world {number}"
    if name.parent.name == "local" and STANDIN.search((ROOT / path).read_text()):
        return "stand-in"
    return path


class ByWorld(LoadFileScheduling):  # type: ignore[misc,unused-ignore]
    """Gives whole units to workers, as `--dist loadfile` gives files."""

    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid.split("::", 1)[0])
