"""The interpreter that the runs share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.statemachines.engine import Engine, started_engine


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with started_engine() as engine:
        yield engine
