"""Where the Chromium of the tests comes from: the machine, Playwright, the system's packages, or nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from local import browser
from local.browser import BrowserMissingError, find_executable


class Machine:
    """A machine that may have programs, and on which installing one may work."""

    def __init__(self, patch: pytest.MonkeyPatch, folder: Path, *programs: str) -> None:
        self.programs = set(programs)
        self.downloaded = folder / "chrome"
        self.ran: list[str] = []
        self.works = ""
        patch.setattr("shutil.which", lambda name: name if name in self.programs else None)
        patch.setattr("tempfile.gettempdir", lambda: str(folder))
        patch.setattr(browser, "_run", self.run)
        patch.setattr("os.getuid", lambda: 0)

    def run(self, *command: str) -> str:
        self.ran.append(" ".join(command[-2:]))
        if self.works not in self.ran[-1] or not self.works:
            return f"{self.ran[-1]}: no network"
        if "playwright" in command:
            self.downloaded.touch()
        elif "install" in command:
            self.programs.add("chromium")
        return ""

    def find(self) -> str:
        return find_executable(self.downloaded).name


@pytest.mark.parametrize("name", ["chromium", "chromium-browser", "google-chrome"])
def test_one_that_is_there_is_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    machine = Machine(monkeypatch, tmp_path, name)
    assert machine.find() == name
    assert machine.ran == []


def test_playwright_fetches_one_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    machine = Machine(monkeypatch, tmp_path, "apt-get")
    machine.works = "install chromium"
    assert [machine.find(), machine.find()] == ["chrome", "chrome"]
    assert machine.ran == ["install chromium"]


def test_else_the_system_installs_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    machine = Machine(monkeypatch, tmp_path, "apt-get")
    monkeypatch.setattr(browser, "_by_playwright", lambda: "no network")
    monkeypatch.setattr(
        browser, "_run", lambda *command: "" if "update" in command else machine.run(*command)
    )
    machine.works = "--no-install-recommends chromium"
    assert machine.find() == "chromium"
    assert machine.ran == [machine.works]


def test_else_it_says_what_to_install_and_what_was_tried(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    machine = Machine(monkeypatch, tmp_path)
    with pytest.raises(BrowserMissingError) as caught:
        machine.find()
    assert "apt-get install chromium" in str(caught.value)
    assert "playwright install" in str(caught.value)
    assert "no network" in str(caught.value)
    assert "not for this user, or not on this system" in str(caught.value)
