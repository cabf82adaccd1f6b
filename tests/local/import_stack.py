"""Fixtures of the tests that run user import jobs: a pytest plugin beside `front_stack`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.local.import_jobs import FAST, ImportStack, make_role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.local.front_stack import FrontStack


@pytest.fixture(scope="session")
def import_role(front_stack: FrontStack) -> str:
    return make_role(front_stack, "import-log")


@pytest.fixture
def imports(front: FrontStack, import_role: str) -> Iterator[ImportStack]:
    """Run jobs, fast ones unless a test says otherwise."""
    front.control("PUT", "imports", FAST)
    yield ImportStack(front, import_role)
    front.control("POST", "reset")
