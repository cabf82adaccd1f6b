"""What holds for every test."""

import gc
from itertools import islice
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
COMPUTING = ("adapters", "local", "statemachines", "template", "unit")
"""What keeps a core busy, the longest files first. The tests of e2e mostly wait."""

AMONG = 3
"""So many files that compute come after each that waits."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Deal out first what takes longest, and what mostly waits among what computes.

    `make test` gives whole files to its workers, in this order: a long one at the end would be run alone.
    """
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)

    def rank(path: Path) -> int:
        folder = path.relative_to(TESTS).parts[0]
        return COMPUTING.index(folder) if folder in COMPUTING else -1

    waiting = [path for path in files if rank(path) < 0]
    others = iter(sorted((path for path in files if rank(path) >= 0), key=rank))
    ordered: list[Path] = []
    for path in waiting:
        ordered += [path, *islice(others, AMONG)]
    items[:] = [item for path in (*ordered, *others) for item in files[path]]


def pytest_collection_finish() -> None:
    """Let the garbage collector leave alone what is there to stay: a fifth of the time of the small tests."""
    gc.collect()
    gc.freeze()
