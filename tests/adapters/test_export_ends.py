"""How an export begins and ends: its plan, its lock, its ledger."""

from __future__ import annotations

from typing import Any

import pytest
from boto3.dynamodb.conditions import Key as KeyCondition

from lifeboat.aws import clients
from lifeboat.aws.executions import Executions
from lifeboat.cognito.reader import PoolReader
from lifeboat.errors import AlreadyRunning, InvalidInput
from lifeboat.store.ledger import Ledger
from lifeboat.store.lock import Lock
from tests.adapters.dying import content
from tests.adapters.exports import FIRST, SECOND, fill_varied
from tests.adapters.stack import Export, Stack, execution


def test_beginning_again_plans_the_same(stack: Stack) -> None:
    fill_varied(stack.source)
    export = Export(FIRST)
    assert export.begin() == export.begin()
    run = export.begun["Run"]
    assert (run["At"], run["ExecutionArn"], run["EstimatedUsers"]) == (FIRST, export.arn, 6)
    assert export.begun["UserPortions"] == [{"Prefixes": [""]}]
    assert export.begun["Groups"] == {"Left": 0}
    entry = export.ledger()
    assert (entry["status"], entry["started_at"], entry["users_estimated"]) == ("RUNNING", FIRST, 6)


def test_a_large_pool_is_dealt_out_to_workers(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    description = {"Id": stack.source.pool_id, "EstimatedNumberOfUsers": 60_000}
    monkeypatch.setattr(PoolReader, "describe", lambda _: description)
    begun = Export(FIRST).begin()
    dealt = [prefix for portion in begun["UserPortions"] for prefix in portion["Prefixes"]]
    assert sorted(dealt) == list("0123456789abcdef")
    assert len(begun["UserPortions"]) == 2
    assert begun["Run"]["Workers"] == 2


def test_a_second_export_is_refused_while_the_first_runs(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Executions, "running", lambda *_: True)
    first, second = Export(FIRST), Export(SECOND)
    first.begin()
    with pytest.raises(AlreadyRunning):
        second.begin()
    # And its failure leaves the first one's lock and ledger alone
    second.fail("AlreadyRunning", "")
    assert first.ledger()["status"] == "RUNNING"
    with pytest.raises(AlreadyRunning):
        second.begin()


@pytest.mark.parametrize(
    ("typed", "key"),
    [({"AllowMassRetirement": "yes"}, "AllowMassRetirement"), ({"allow": True}, "allow"), ([], "")],
)
def test_a_mistyped_input_is_refused_before_anything_is_written(stack: Stack, typed: Any, key: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Export(FIRST, typed).begin()
    assert caught.value.key == key
    assert content(stack.table) == []


def test_a_pool_of_another_region_is_refused(stack: Stack) -> None:
    export = Export(FIRST)
    export.arn = execution("ExportWorkflow", "one", "us-east-1")
    with pytest.raises(InvalidInput, match="UserPoolId: the stack's pool is in eu-west-1") as caught:
        export.begin()
    assert "us-east-1" in str(caught.value)


def test_an_export_that_died_is_closed_by_the_next(stack: Stack) -> None:
    Export(FIRST).begin()
    Export(SECOND).run()
    found = stack.table.query(KeyCondition("pk").eq("EXPORT"))
    entries = {entry["started_at"]: entry for entry in found if entry["sk"] != "LATEST"}
    assert (entries[FIRST]["status"], entries[SECOND]["status"]) == ("FAILED", "COMPLETED")
    assert "without reporting" in entries[FIRST]["reason"]


def test_a_pool_that_is_gone_fails_the_export_and_the_ledger_says_since_when(stack: Stack) -> None:
    # Given a pool that was deleted
    stack.source.client.delete_user_pool(UserPoolId=stack.source.pool_id)
    export = Export(FIRST)
    with pytest.raises(InvalidInput, match="UserPoolId: there is no user pool") as caught:
        export.begin()
    # When the failure is written
    export.fail("InvalidInput", str(caught.value))
    # Then the lock is free, and the entry has a start, an end and a reason
    lock = Lock(stack.table, Executions(clients.stepfunctions()), "export")
    assert lock.holder(export.arn) is None
    (entry,) = [item for item in content(stack.table) if item["pk"] == "EXPORT"]
    assert (entry["status"], entry["started_at"]) == ("FAILED", FIRST)
    assert entry["ended_at"]
    assert "there is no user pool" in entry["reason"]


def test_a_failed_export_says_why_and_gives_the_lock_back(exported: Stack) -> None:
    export = Export(SECOND)
    export.begin()
    cause = '{"errorMessage": "ListUsers: InternalErrorException", "errorType": "CognitoUnavailable"}'
    for _ in range(2):
        export.fail("CognitoUnavailable", cause)
        entry = export.ledger()
        assert (entry["status"], entry["reason"]) == (
            "FAILED",
            "CognitoUnavailable: ListUsers: InternalErrorException",
        )
    assert Lock(exported.table, Executions(clients.stepfunctions()), "export").holder(export.arn) is None
    latest = Ledger(exported.table, "export").latest()
    assert latest is not None
    assert latest["started_at"] == FIRST, "the last completed export stays the latest"


def test_completing_again_changes_nothing(exported: Stack) -> None:
    export = Export(SECOND)
    plan = export.plan_cleanup()
    assert export.complete(plan, []) == export.complete(plan, [])
    entry = export.ledger()
    assert entry["status"] == "COMPLETED"
    assert entry["counts"]["users"] == {**plan["Counts"]["users"], "retired": 0}


def test_a_listing_far_from_the_estimate_is_noted(stack: Stack) -> None:
    export = Export(FIRST)
    plan = export.plan_cleanup()
    plan["Counts"]["users"]["listed"] = 100
    for estimated, differs in [(100, False), (96, False), (94, True), (106, True), (0, True)]:
        export.begun["Run"]["EstimatedUsers"] = estimated
        export.complete(plan, [])
        noted = {"listed": 100, "estimated": estimated, "differs": differs}
        assert export.ledger()["completeness"] == noted
