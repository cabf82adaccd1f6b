"""The live benchmark's own parts: percentiles, what counts as lost, the page."""

from __future__ import annotations

import json
import os
import re
import subprocess

import pytest

from benchmarks.live import Asked, Result, Watched, percentile
from benchmarks.live_page import PAGE, RESULTS, page
from benchmarks.measuring import Measured
from local.processes import REPOSITORY

METER = {
    "functions": {"us-east-1": {"capture": {"invocations": 4, "gb_seconds": 2.0, "seconds": 8.0}}},
    "dynamodb": {"us-east-1": {"write_units": 12, "replicated_write_units": 12, "read_units": 8}},
}
RUN = Measured("live", 10.0, 0.0, {}, METER, {}, {})


def change(replica: float | None, standby: float | None) -> Watched:
    return Watched("a", "ann", "note", 0.0, replica, standby)


def test_percentiles_are_of_what_was_measured() -> None:
    assert percentile([1.0, 2.0, 3.0], 50) == 2.0
    assert percentile([float(number) for number in range(101)], 99) == 99.0


@pytest.mark.parametrize(("seconds", "expected"), [([], None), ([1.5], 1.5)])
def test_of_one_or_none_there_is_no_percentile(seconds: list[float], expected: float | None) -> None:
    assert percentile(seconds, 99) == expected


def test_a_change_that_did_not_arrive_everywhere_is_lost() -> None:
    changes = [change(1.0, 2.0), change(1.0, None), change(None, 3.0), change(3.0, 4.0)]
    found = Result(Asked(4, 50.0, 1), changes, [0.1, 0.2], RUN).document()
    assert found["lost"] == 2
    assert found["replica_p50_s"] == 1.0
    assert found["standby_p50_s"] == 3.0


def test_the_cost_is_that_of_a_million_changes() -> None:
    found = Result(Asked(1, 50.0, 1), [change(1.0, 1.0)], [0.1], RUN).document()
    assert found["dollars_per_million_changes_by_unit"]["write_units"] == pytest.approx(24 * 0.625)
    assert found["dollars_per_million_changes"] == pytest.approx(
        24 * 0.625 + 8 * 0.125 + 2 * 13.3334 + 0.8, rel=0.01
    )


@pytest.mark.parametrize(("target", "changes"), [("bench-live", "500"), ("live-soak", "1000")])
def test_each_command_has_its_own_number_of_changes_as_its_help_says(target: str, changes: str) -> None:
    for given, expected in (([], changes), (["CHANGES=7"], "7")):
        order = ["make", "--dry-run", target, "INSTALLED=", *given]
        environment = {name: value for name, value in os.environ.items() if name != "CHANGES"}
        shown = subprocess.run(
            order, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=True
        )
        assert f" --changes {expected} " in shown.stdout
    [help_text] = re.findall(
        rf"^{target}:.*## (.*)$", (REPOSITORY / "Makefile").read_text("utf-8"), re.MULTILINE
    )
    assert f"(CHANGES={changes})" in help_text


def test_what_a_first_sign_in_is_made_of_is_said() -> None:
    found = Result(Asked(1, 50.0, 1), [change(1.0, 1.0)], [0.1], RUN).document()
    assert found["first_sign_in_calls"] == ["ForgotPassword", "ConfirmForgotPassword", "InitiateAuth"]
    assert "A time is that of ForgotPassword, ConfirmForgotPassword, InitiateAuth" in page(found)


def test_the_page_is_made_of_the_kept_results() -> None:
    assert PAGE.read_text() == page(json.loads(RESULTS.read_text()))
