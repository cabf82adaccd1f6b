"""The ledgers of exports and imports."""

import pytest

from lifeboat.store.ledger import Ledger
from lifeboat.store.table import BackupTable
from tests.unit.examples import AT, EARLIER

ARN = "arn:aws:states:eu-west-1:123456789012:execution:Export:one"


def test_an_entry_is_opened_and_closed(table: BackupTable, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given an export that began, and ends an hour and a half second later
    ledger = Ledger(table, "export")
    ledger.begin("one", ARN, AT, {"plan": {"prefixes": 1}})
    opened = ledger.get("one")
    assert opened is not None
    assert (opened["status"], opened["started_at"], opened["ended_at"]) == ("RUNNING", AT, "")
    monkeypatch.setattr("lifeboat.store.ledger.now", lambda: "2026-03-01T13:00:00.500Z")
    # When it is closed
    closed = ledger.end("one", "COMPLETED", {"counts": {"users": {"listed": 3}}}, "a guard", keep=True)
    # Then it says what, how long and why, and is the latest
    assert (closed["status"], closed["reason"], closed["duration_seconds"]) == (
        "COMPLETED",
        "a guard",
        "3600.500",
    )
    assert (closed["run_id"], closed["execution_arn"], closed["plan"]) == ("one", ARN, {"prefixes": 1})
    assert closed["counts"] == {"users": {"listed": 3}}
    latest = ledger.latest()
    assert latest is not None
    assert {**latest, "sk": "one"} == closed


def test_closing_again_ends_the_same(table: BackupTable) -> None:
    ledger = Ledger(table, "export")
    ledger.begin("one", ARN, AT, {})
    first = ledger.end("one", "COMPLETED", {"a": 1}, keep=True)
    second = ledger.end("one", "COMPLETED", {"a": 1}, keep=True)
    moving = {"ended_at", "duration_seconds"}
    assert first.keys() == second.keys()
    assert {n: v for n, v in first.items() if n not in moving} == {
        n: v for n, v in second.items() if n not in moving
    }


def test_a_failed_run_is_not_the_latest(table: BackupTable) -> None:
    ledger = Ledger(table, "export")
    ledger.begin("one", ARN, EARLIER, {})
    ledger.end("one", "COMPLETED", {}, keep=True)
    ledger.begin("two", ARN, AT, {})
    ledger.end("two", "FAILED", {}, "Lost: no reason")
    latest = ledger.latest()
    assert latest is not None
    assert latest["run_id"] == "one"


def test_a_resumed_run_opens_its_entry_again_and_keeps_the_rest(table: BackupTable) -> None:
    ledger = Ledger(table, "import")
    ledger.begin("one", ARN, EARLIER, {"user_pool_id": "p"})
    ledger.end("one", "INCOMPLETE", {"report": "s3://b/k"}, "one failed")
    ledger.begin("one", f"{ARN}-again", AT, {})
    entry = ledger.get("one")
    assert entry is not None
    assert (entry["status"], entry["reason"], entry["ended_at"], entry["started_at"]) == (
        "RUNNING",
        "",
        "",
        AT,
    )
    assert (entry["execution_arn"], entry["user_pool_id"]) == (f"{ARN}-again", "p")


def test_exports_and_imports_keep_their_own(table: BackupTable) -> None:
    Ledger(table, "export").begin("one", ARN, AT, {})
    assert Ledger(table, "import").get("one") is None
    assert Ledger(table, "export").latest() is None


def test_field_names_that_dynamodb_reserves_are_no_obstacle(table: BackupTable) -> None:
    ledger = Ledger(table, "export")
    ledger.update("one", {"status": "s", "size": 1, "plan": {"a": True}, "a-b.c#d": "x"})
    entry = ledger.get("one")
    assert entry is not None
    assert (entry["size"], entry["a-b.c#d"]) == (1, "x")
