"""The pictures that `make screenshots` takes: all of them, each small enough for a page that has several."""

from __future__ import annotations

from local.processes import REPOSITORY
from local.screenshots import IMAGES, LARGEST

TAKEN = {"import", "report", "report-charts", "report-phone", "status"}


def test_every_picture_is_there_and_small() -> None:
    pictures = {path.stem: path.read_bytes() for path in IMAGES.glob("*.png")}
    assert pictures.keys() == TAKEN
    for name, content in pictures.items():
        assert content.startswith(b"\x89PNG\r\n"), name
        assert len(content) <= LARGEST, name


def test_every_picture_is_taken_by_the_script() -> None:
    script = (REPOSITORY / "local/screenshots.py").read_text("utf-8")
    assert {name for name in TAKEN if f'"{name}"' in script} == TAKEN
