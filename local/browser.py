"""A Chromium for the tests and pictures of what people look at: one that is there, or one that is installed.

Playwright drives it (https://playwright.dev/python/docs/browsers), with a browser of the machine where there
is one, so that nothing is fetched there.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, sync_playwright

from local.deployment import exclusive

NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
"""What a Chromium is called on the PATH."""

ARGUMENTS: Final = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""It shows pages of our own only, in containers too, and speaks to nobody by itself."""

MISSING: Final = (
    "There is no Chromium on the PATH ({names}), and none could be installed. Install one: on Debian and "
    "Ubuntu `apt-get install chromium`, elsewhere Google Chrome, or "
    "`{python} -m playwright install --with-deps chromium`."
)


class BrowserMissingError(Exception):
    """There is no browser. The message says what to install, and what was tried."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run a Chromium. Raises BrowserMissingError."""
    with sync_playwright() as playwright:
        executable = find_executable(Path(playwright.chromium.executable_path))
        browser = playwright.chromium.launch(executable_path=executable, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


def find_executable(downloaded: Path) -> Path:
    """Where a Chromium is; `downloaded` is where Playwright's own would be.

    One process at a time installs one, the others wait for it. Raises BrowserMissingError.
    """
    with exclusive(Path(tempfile.gettempdir()) / f"lifeboat-chromium-{os.getuid()}.lock"):
        tried = []
        for install in (_nothing, _by_playwright, _by_apt):
            problem = install()
            if problem:
                tried.append(problem)
            found = _on_path() or (downloaded if downloaded.exists() else None)
            if found:
                return found
    said = MISSING.format(names=", ".join(NAMES), python=sys.executable)
    raise BrowserMissingError("\n".join([said, *tried]))


def _on_path() -> Path | None:
    found = next(filter(None, map(shutil.which, NAMES)), None)
    return None if found is None else Path(found)


def _nothing() -> str:
    return ""


def _by_playwright() -> str:
    """Let Playwright fetch its own. Returns why it could not, "" if it could."""
    return _run(sys.executable, "-m", "playwright", "install", "chromium")


def _by_apt() -> str:
    """Let Debian's package manager install one, where there is that and the right to."""
    if os.getuid() != 0 or shutil.which("apt-get") is None:
        return "apt-get: not for this user, or not on this system"
    return _run("apt-get", "update") or _run(
        "apt-get", "install", "--yes", "--no-install-recommends", NAMES[0]
    )


def _run(*command: str) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    last = (done.stderr or done.stdout).strip().splitlines()[-1:]
    return f"{' '.join(command)}: {' '.join(last)}" if done.returncode else ""
