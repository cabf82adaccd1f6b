"""The live benchmark in short: nothing is lost, and a first sign-in is one.

Nothing timed is asserted: times on a machine that runs other tests beside it say nothing.
"""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from benchmarks.live import EVERY_SIGN_UP, Asked, LiveBench
from benchmarks.live_page import TARGETS, page
from local.embedded import EmbeddedAws
from local.front_control import FrontControl
from local.live import COMING_BACK
from local.narration import Narrator
from tests.e2e.world import BACKUP

CHANGES = 8
SIGN_INS = CHANGES - CHANGES // EVERY_SIGN_UP
"""Of those who did not sign up among the changes."""


def test_changes_arrive_and_lost_users_choose_a_password_and_sign_in(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    narrator = Narrator(Console(file=io.StringIO()))
    with EmbeddedAws(tmp_path_factory.mktemp("bench-live"), seed=4) as embedded:
        found = LiveBench(embedded, narrator, Asked(CHANGES, 20.0, 4)).run().document()
        calls = FrontControl(embedded.cognito_endpoint_url).ask("GET", "calls")[BACKUP]
    assert (found["changes"], found["lost"], found["first_sign_ins"]) == (CHANGES, 0, SIGN_INS)
    assert {name: calls[name]["calls"] for name in COMING_BACK} == dict.fromkeys(COMING_BACK, SIGN_INS)
    assert not any(calls[name]["failed"] for name in COMING_BACK)
    assert all(found[name] is not None for _, name, _ in TARGETS)
    assert ", ".join(COMING_BACK) in page(found)
