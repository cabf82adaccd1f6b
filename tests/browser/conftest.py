"""A Chromium for all tests of a file, and a desk for each.

It ends with the file: Playwright keeps an event loop running, beside which no other test could run one.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from local.browser import chromium
from tests.browser.desk import Desk


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture
def desk(browser: Browser, tmp_path: Path) -> Iterator[Desk]:
    """Whatever a test does with its pages: only the files themselves are asked for, and nothing is wrong."""
    found = Desk(browser, tmp_path)
    yield found
    found.close()
    assert found.complaints == []
    own = {file.as_uri() for file in tmp_path.iterdir()}
    assert {url.partition("#")[0] for url in found.asked} <= own | {"data:,"}
