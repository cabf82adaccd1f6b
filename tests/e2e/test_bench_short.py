"""The benchmark in short: what is exact in it must hold, and what it says must be complete.

Nothing timed is asserted: times on a machine that runs other tests beside it say nothing.
"""

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from benchmarks.bench import Asked, Result, bench
from benchmarks.document import document
from benchmarks.page import TARGETS, page
from local.narration import Narrator

USERS = 600
"""Of fewer, the bookkeeping would be a larger part of what a small change writes."""


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    state_dir: Path = tmp_path_factory.mktemp("bench")
    narrator = Narrator(Console(file=io.StringIO()))
    return bench(state_dir, narrator, Asked(USERS, latency_ms=20.0, seed=2, parameters={}))


@pytest.fixture(scope="module")
def found(result: Result) -> dict[str, Any]:
    return document(result)


def test_an_unchanged_export_writes_next_to_nothing(found: dict[str, Any]) -> None:
    assert found["unchanged_items_written"] <= 5
    assert found["runs"]["unchanged_export"]["written_by_kind"].keys() <= {"LOCK", "EXPORT"}


def test_an_export_writes_what_changed_and_little_else(found: dict[str, Any]) -> None:
    assert 0 < found["changed_write_share"] <= 0.025


def test_a_first_export_writes_every_user_group_and_membership_once(found: dict[str, Any]) -> None:
    written = found["runs"]["export"]["written_by_kind"]
    assert (written["USER"], written["GROUP"]) == (2 * USERS, found["groups"])
    assert "HISTORY" not in written
    assert "HISTORY" in found["runs"]["changed_export"]["written_by_kind"]


def test_hardly_a_request_is_throttled(found: dict[str, Any]) -> None:
    assert found["throttled_share"] < 0.01


def test_the_import_brings_everybody_back(result: Result) -> None:
    assert result.lost == 0


def test_the_requests_are_those_that_cannot_be_avoided_and_few_more(found: dict[str, Any]) -> None:
    for name in ("export", "unchanged_export", "changed_export"):
        requests = found["runs"][name]["requests"]
        assert requests["ListUsers"] >= USERS / 60
        assert requests["ListUsersInGroup"] >= found["groups"]
        assert "AdminGetUser" not in requests
    updates = found["runs"]["import"]["requests"]["AdminAddUserToGroup"]
    assert updates == pytest.approx(found["memberships"], rel=0.01)


def test_everything_that_aws_bills_is_counted(found: dict[str, Any]) -> None:
    for run in found["runs"].values():
        assert run["dollars"] > 0
        for name in ("write_units", "read_units", "state_transitions", "lambda_gb_seconds"):
            assert run[name] > 0, (run["name"], name)
    full = found["runs"]["export"]
    # A user is an item in two Regions; a membership is one too, and an entry of the index besides.
    assert full["write_units"] >= (2 + 4) * USERS
    assert full["dynamodb_requests"]["BatchWriteItem"] >= 2 * USERS / 25
    assert found["runs"]["import"]["usage"]["sqs_requests"] > 0


def test_the_results_are_complete(found: dict[str, Any]) -> None:
    assert {name for _, name, _ in TARGETS} <= found.keys()
    assert found["seconds"].keys() == found["floor_seconds"].keys() == found["runs"].keys()
    assert all(run["over_floor"] > 0 for run in found["runs"].values())
    assert page({str(USERS): found}).startswith("# Benchmarks")
