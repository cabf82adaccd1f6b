"""What holds for every test."""

from __future__ import annotations

import gc
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.scheduling import ByWorld, unit_of

if TYPE_CHECKING:
    from xdist.remote import Producer

TESTS = Path(__file__).parent
COMPUTING = ("adapters", "local", "cli", "statemachines", "template", "unit")
"""What keeps a core busy, the longest files first. The tests of e2e mostly wait."""

COLLECTED = (2_000, 30, 50)
"""When the garbage collector looks at its three generations.

By default it went through everything, all that moto and botocore keep, every half second: a sixth of the time
of the tests that compute.
"""

AMONG = 3
"""So many files that compute come after each that waits."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Deal out first what takes longest, and what mostly waits among what computes.

    `make test` gives whole units to its workers, in this order: a long one at the end would be run alone.
    """
    units: dict[str, list[pytest.Item]] = {}
    for item in items:
        units.setdefault(unit_of(item.path.relative_to(TESTS.parent).as_posix()), []).append(item)

    def rank(unit: str) -> int:
        folder = units[unit][0].path.relative_to(TESTS).parts[0]
        return COMPUTING.index(folder) if folder in COMPUTING else -1

    shared = [unit for unit in units if not unit.endswith(".py")]
    waiting = [unit for unit in units if rank(unit) < 0 and unit not in shared]
    others = iter(sorted((unit for unit in units if rank(unit) >= 0 and unit not in shared), key=rank))
    ordered: list[str] = []
    for unit in waiting:
        ordered += [unit, *islice(others, AMONG)]
    items[:] = [item for unit in (*shared, *ordered, *others) for item in units[unit]]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByWorld | None:
    """Let files that share a deployment be run by one worker."""
    return ByWorld(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_collection_finish() -> None:
    """Let the garbage collector leave alone what is there to stay: a fifth of the time of the small tests."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTED)
