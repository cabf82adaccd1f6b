"""Which files one worker runs in a row: the lists name files that are there, each once."""

from __future__ import annotations

from tests.scheduling import ROOT, WORLDS, unit_of


def test_the_files_that_share_a_world_are_there() -> None:
    named = [name for files in WORLDS for name in files]
    assert sorted(named) == sorted(set(named))
    assert all((ROOT / f"tests/e2e/{name}.py").exists() for name in named)


def test_a_file_is_a_unit_or_part_of_one() -> None:
    assert unit_of("tests/e2e/test_captures.py") == unit_of("tests/e2e/test_admin_api.py") == "world 1"
    assert unit_of("tests/local/test_ministack_tables.py") == "stand-in"
    for alone in ("tests/e2e/test_live.py", "tests/local/test_embedded.py", "tests/unit/test_scheduling.py"):
        assert unit_of(alone) == alone
