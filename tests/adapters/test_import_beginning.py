"""The beginning of an import: everything that would go wrong is found before the first write."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from lifeboat.aws.executions import Executions
from lifeboat.cognito.reader import PoolReader
from lifeboat.errors import AlreadyRunning, InvalidInput, PreflightFailed
from lifeboat.restore import assembly
from lifeboat.store.keys import pool_key
from lifeboat.store.ledger import Ledger
from tests.adapters.dying import content
from tests.adapters.pools import Pool
from tests.adapters.stack import Export, Import, MakePool, Stack, execution

EXPORTED = "2026-03-01T12:00:00.000Z"
SOON = "2026-03-02T12:00:00.000Z"
LATER = "2026-03-02T13:00:00.000Z"

Schema = list[dict[str, Any]]
TEAM: Schema = [{"Name": "team", "AttributeDataType": "String", "Mutable": True}]


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A day after the export."""
    monkeypatch.setattr("lifeboat.restore.preflight.now", lambda: SOON)


@pytest.fixture
def backup(stack: Stack) -> Stack:
    stack.source.add("ann")
    Export(EXPORTED).run()
    return stack


@pytest.fixture
def fresh(make_pool: MakePool) -> Pool:
    return make_pool()


def begin(stack: Stack, **typed: Any) -> Import:
    run = Import(stack, typed, SOON)
    run.begin()
    return run


def problems(stack: Stack, pool: Pool) -> list[str]:
    with pytest.raises(PreflightFailed) as caught:
        begin(stack, NewUserPoolId=pool.pool_id)
    return caught.value.problems


# -- a good beginning ---------------------------------------------------------------------------


def test_a_good_beginning_plans_everything(backup: Stack, fresh: Pool) -> None:
    run = begin(backup, NewUserPoolId=fresh.pool_id)
    assert run.of["UserPoolId"] == fresh.pool_id
    assert (run.of["Buckets"], run.of["Warnings"]) == (1, [])
    assert (run.of["UserLane"], run.of["SourceSubAttribute"]) == ("auto", "")
    assert (run.begun["CreatesPool"], run.begun["PoolName"]) == (False, "")
    # A portion does not repeat the run: the state machine adds it
    assert all(scan.keys() == {"Portion", "Shards", "HeadStart"} for scan in run.begun["Scans"])
    # Nobody is sent ahead in a small pool
    assert [scan["HeadStart"] for scan in run.begun["Scans"]] == [0]
    assert run.begun["Checks"] == [{"Bucket": 0}]
    shards = [shard for scan in run.begun["Scans"] for shard in scan["Shards"]]
    assert sorted(shards) == [f"{number:02x}" for number in range(256)]
    parts = [part for listing in run.begun["Listings"] for part in listing["Parts"]]
    assert sorted(parts) == [*(f"groups:{number}:4" for number in range(4)), "users:"]
    entry = Ledger(backup.table, "import").get(run.of["ImportId"])
    assert entry is not None
    assert (entry["status"], entry["export_id"]) == ("RUNNING", run.of["ExportId"])
    assert (entry["user_lane"], entry["source_sub_attribute"], entry["arn_map"]) == ("auto", "", {})


def test_beginning_again_after_a_lost_answer_is_the_same(backup: Stack, fresh: Pool) -> None:
    # Given an execution whose first attempt has begun and enqueued
    run = begin(backup, NewUserPoolId=fresh.pool_id)
    first = run.begun
    run.scan()
    fresh.add("ann")
    # Then a second attempt takes the users and messages for its own
    assert run.begin() == first


def test_a_second_import_is_refused_while_the_first_runs(
    backup: Stack, fresh: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Executions, "running", lambda *_: True)
    begin(backup, NewUserPoolId=fresh.pool_id)
    second = Import(backup, {"NewUserPoolId": fresh.pool_id}, LATER)
    with pytest.raises(AlreadyRunning, match=r"the import .* is running"):
        second.begin()


def test_what_is_odd_but_no_obstacle_is_a_warning(
    backup: Stack, make_pool: MakePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lifeboat.restore.preflight.now", lambda: "2026-03-06T00:00:00.000Z")
    arn = "arn:aws:lambda:eu-west-1:123456789012:function:f"
    pool = make_pool(LambdaConfig={"PreSignUp": arn, "CustomMessage": arn})
    warnings = begin(backup, NewUserPoolId=pool.pool_id).of["Warnings"]
    assert len(warnings) == 2
    assert "4.5 days old" in warnings[0]
    assert "CustomMessage, PreSignUp" in warnings[1]


def test_what_is_wished_for_once_holds_when_the_import_is_resumed(
    backup: Stack, fresh: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    arns = {"arn:aws:iam::123456789012:role/there": "arn:aws:iam::123456789012:role/here"}
    run = begin(backup, NewUserPoolId=fresh.pool_id, UserLane="api", ArnMap=arns)
    again = Import(backup, {"Resume": run.of["ImportId"]}, LATER)
    assert again.begin()["Run"]["UserLane"] == "api"
    # And what is said anew is taken instead
    other = Import(backup, {"Resume": run.of["ImportId"], "UserLane": "auto"}, LATER)
    assert other.begin()["Run"]["UserLane"] == "auto"
    entry = Ledger(backup.table, "import").get(run.of["ImportId"])
    assert entry is not None
    assert (entry["user_lane"], entry["arn_map"]) == ("auto", arns)


# -- what an operator may mistype ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ({"NewUserPoolId": 5}, "NewUserPoolId"),
        ({"NewUserPoolID": "eu-west-1_AbCdEf123"}, "NewUserPoolID"),
        ({"NewUserPoolId": "us-east-1_AbCdEf123"}, "NewUserPoolId"),
        ({"Resume": "2026-03-02T12:00:00.000Z-00000000"}, "Resume"),
        ({"Resume": "LATEST"}, "Resume"),
        ({}, ""),
        (None, ""),
    ],
)
def test_a_mistyped_input_is_refused_before_anything_is_written(stack: Stack, typed: Any, key: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Import(stack, typed, SOON).begin()
    assert caught.value.key == key
    assert content(stack.table) == []


def test_a_pool_of_another_region_is_named_with_both(backup: Stack, fresh: Pool) -> None:
    run = Import(backup, {"NewUserPoolId": fresh.pool_id}, SOON)
    run.arn = execution("ImportWorkflow", "one", "us-east-1")
    with pytest.raises(InvalidInput, match=r"NewUserPoolId: the pool is in eu-west-1, .* runs in us-east-1"):
        run.begin()


def test_resuming_into_another_pool_is_refused(backup: Stack, fresh: Pool, make_pool: MakePool) -> None:
    run = begin(backup, NewUserPoolId=fresh.pool_id)
    other = {"Resume": run.of["ImportId"], "NewUserPoolId": make_pool().pool_id}
    with pytest.raises(InvalidInput, match=f"NewUserPoolId: the import .* was filling {fresh.pool_id}"):
        Import(backup, other, LATER).begin()


# -- what the preflight finds -------------------------------------------------------------------


def test_every_problem_is_found_at_once(stack: Stack, fresh: Pool) -> None:
    # Given no export, a pool that is gone, and messages of an earlier import in every queue
    for queue in (stack.new_users, stack.api_users, stack.updates):
        queue.send([{"number": 1}])
    fresh.client.delete_user_pool(UserPoolId=fresh.pool_id)
    found = problems(stack, fresh)
    assert len(found) == 5
    assert "no completed export" in found[0]
    assert f"there is no user pool {fresh.pool_id}" in found[1]
    for name, problem in zip(("NewUsers", "ApiUsers", "Updates"), found[2:], strict=True):
        assert f"the queue {name} still holds about 1 messages" in problem


def test_a_failed_preflight_writes_nothing_and_its_failure_frees_the_lock(backup: Stack, fresh: Pool) -> None:
    fresh.add("somebody")
    problems(backup, fresh)
    run = Import(backup, {"NewUserPoolId": fresh.pool_id}, SOON)
    assembly.import_end().fail(
        {"ExecutionId": run.arn, "StartedAt": SOON, "Error": "PreflightFailed", "Cause": "not empty"}
    )
    assert not [item for item in content(backup.table) if item["pk"] in ("LOCK", "IMPORT")]


def test_a_pool_with_users_is_refused_unless_it_is_resumed(backup: Stack, fresh: Pool) -> None:
    run = begin(backup, NewUserPoolId=fresh.pool_id)
    fresh.add("somebody")
    backup.updates.send([{"number": 1}])
    again = Import(backup, {"NewUserPoolId": fresh.pool_id}, LATER)
    with pytest.raises(PreflightFailed, match="is not empty") as caught:
        again.begin()
    assert len(caught.value.problems) == 2
    resumed = Import(backup, {"Resume": run.of["ImportId"]}, LATER)
    assert resumed.begin()["Run"]["ImportId"] == run.of["ImportId"]


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ({}, {"UsernameAttributes": ["email"]}, "users sign in by email in the new pool, but by username"),
        (
            {"UsernameAttributes": ["email"]},
            {"UsernameAttributes": ["email", "phone_number"]},
            "users sign in by email or phone_number in the new pool, but by email",
        ),
        (
            {"AliasAttributes": ["email", "preferred_username"]},
            {},
            "sign-in aliases are none, but email, preferred_username",
        ),
        (
            {"UsernameConfiguration": {"CaseSensitive": True}},
            {"UsernameConfiguration": {"CaseSensitive": False}},
            "usernames are case-sensitive in the backup but not in the new pool",
        ),
        ({"Schema": TEAM}, {}, "schema lacks the attributes custom:team"),
        (
            {"Schema": TEAM},
            {"Schema": [{**TEAM[0], "AttributeDataType": "Number"}]},
            "the attribute custom:team is of type Number in the new pool but String",
        ),
        (
            {},
            {"Schema": [{"Name": "family_name", "AttributeDataType": "String", "Required": True}]},
            "the new pool requires the attribute family_name",
        ),
    ],
)
def test_a_pool_of_another_kind_is_refused(
    stack: Stack,
    make_pool: MakePool,
    monkeypatch: pytest.MonkeyPatch,
    before: dict[str, Any],
    after: dict[str, Any],
    problem: str,
) -> None:
    monkeypatch.setenv("USER_POOL_ID", make_pool(**before).pool_id)
    Export(EXPORTED).run()
    found = problems(stack, make_pool(**after))
    assert [each for each in found if problem in each], found
    assert all(each.startswith("NewUserPoolId: ") for each in found)


def test_the_same_kind_of_pool_is_no_problem(
    stack: Stack, make_pool: MakePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = {
        "UsernameAttributes": ["email"],
        "UsernameConfiguration": {"CaseSensitive": False},
        "Schema": TEAM,
    }
    monkeypatch.setenv("USER_POOL_ID", make_pool(**kind).pool_id)
    Export(EXPORTED).run()
    begin(stack, NewUserPoolId=make_pool(**kind).pool_id)


def test_one_page_of_one_user_shows_whether_a_pool_is_empty(
    backup: Stack, fresh: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def nobody(_: PoolReader, prefix: str = "", limit: int | None = None) -> Iterator[Any]:
        asked.append((prefix, limit))
        return iter(())

    monkeypatch.setattr(PoolReader, "users", nobody)
    begin(backup, NewUserPoolId=fresh.pool_id)
    assert asked == [("", 1)]


# -- differences from the backup's configuration --------------------------------------------------


@pytest.fixture
def richer(stack: Stack) -> Stack:
    """A backup of a pool with second factors, an identity provider and an app client."""
    client, pool_id = stack.source.client, stack.source.pool_id
    client.create_identity_provider(
        UserPoolId=pool_id, ProviderName="okta", ProviderType="SAML", ProviderDetails={"MetadataURL": "url"}
    )
    client.set_user_pool_mfa_config(
        UserPoolId=pool_id, MfaConfiguration="ON", SoftwareTokenMfaConfiguration={"Enabled": True}
    )
    client.create_user_pool_client(UserPoolId=pool_id, ClientName="web")
    Export(EXPORTED).run()
    return stack


def test_what_users_would_lose_stops_the_import(richer: Stack, fresh: Pool) -> None:
    mfa, provider = problems(richer, fresh)
    assert "MFA is OFF in the new pool, but ON in the backup" in mfa
    assert "lacks the identity providers okta" in provider
    assert all(each.endswith('or accept it with "AcceptDifferences": true') for each in (mfa, provider))


def test_differences_that_the_operator_accepts_are_warnings(richer: Stack, fresh: Pool) -> None:
    run = begin(richer, NewUserPoolId=fresh.pool_id, AcceptDifferences=True)
    mfa, provider, clients = run.of["Warnings"]
    assert "MFA is OFF" in mfa
    assert "okta" in provider
    assert "AcceptDifferences" not in mfa + provider
    assert "has 0 app clients, the backup 1" in clients
    # And a resumed import does not ask again
    resumed = Import(richer, {"Resume": run.of["ImportId"]}, LATER).begin()
    assert resumed["Run"]["Warnings"] == run.of["Warnings"]


def test_problems_cannot_be_accepted(backup: Stack, fresh: Pool) -> None:
    fresh.add("somebody")
    with pytest.raises(PreflightFailed, match="is not empty"):
        begin(backup, NewUserPoolId=fresh.pool_id, AcceptDifferences=True)


def test_groups_that_the_backup_does_not_know_are_a_warning(backup: Stack, fresh: Pool) -> None:
    fresh.client.create_group(UserPoolId=fresh.pool_id, GroupName="strangers")
    [warning] = begin(backup, NewUserPoolId=fresh.pool_id).of["Warnings"]
    assert "the backup does not know: strangers" in warning


def test_the_lane_and_the_old_sub_need_a_pool_that_takes_them(backup: Stack, make_pool: MakePool) -> None:
    pool_id = make_pool(AutoVerifiedAttributes=[]).pool_id
    with pytest.raises(PreflightFailed) as caught:
        begin(backup, NewUserPoolId=pool_id, UserLane="csv", SourceSubAttribute="custom:source_sub")
    source_sub, lane = caught.value.problems
    assert source_sub.startswith("SourceSubAttribute: the new pool's schema lacks custom:source_sub")
    assert lane.startswith("UserLane: the new pool verifies neither")


# -- a pool that the import creates ---------------------------------------------------------------


def test_a_pool_to_be_created_is_not_looked_at(backup: Stack) -> None:
    run = begin(backup, CreateUserPool={"PoolName": "customers"}, SourceSubAttribute="custom:source_sub")
    assert (run.of["UserPoolId"], run.begun["CreatesPool"], run.begun["PoolName"]) == ("", True, "customers")


def test_a_pool_cannot_be_created_without_its_configuration(backup: Stack) -> None:
    backup.table.delete_all([pool_key("CONFIG")])
    with pytest.raises(
        PreflightFailed, match="CreateUserPool: the backup holds no configuration of the pool"
    ):
        begin(backup, CreateUserPool={"PoolName": "customers"})


def test_a_created_pool_must_have_room_for_the_old_sub_and_suit_the_lane(
    stack: Stack, make_pool: MakePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a pool with 50 custom attributes, that verifies phone numbers by a role of the lost Region
    attributes = [{"Name": f"a{number}", "AttributeDataType": "String"} for number in range(50)]
    role = "arn:aws:iam::123456789012:role/sms"
    full = make_pool(
        Schema=attributes,
        AutoVerifiedAttributes=["phone_number"],
        SmsConfiguration={"SnsCallerArn": role, "ExternalId": "external"},
    )
    monkeypatch.setenv("USER_POOL_ID", full.pool_id)
    Export(EXPORTED).run()
    typed: dict[str, Any] = {"CreateUserPool": {"PoolName": "customers"}, "UserLane": "csv"}
    with pytest.raises(PreflightFailed) as caught:
        begin(stack, **typed, SourceSubAttribute="custom:source_sub")
    room, lane = caught.value.problems
    assert "has 50 custom attributes already" in room
    assert "map the role for SMS messages in ArnMap" in lane
    # Then with the role, and an attribute that is there, it begins
    begin(stack, **typed, SourceSubAttribute="custom:a1", ArnMap={role: role})


def test_a_created_pool_is_not_compared_when_the_import_is_resumed(richer: Stack, fresh: Pool) -> None:
    run = begin(richer, CreateUserPool={"PoolName": "customers"})
    Ledger(richer.table, "import").update(run.of["ImportId"], {"user_pool_id": fresh.pool_id})
    resumed = Import(richer, {"Resume": run.of["ImportId"]}, LATER).begin()
    assert (resumed["Run"]["UserPoolId"], resumed["Run"]["Warnings"]) == (fresh.pool_id, [])
    assert (resumed["CreatesPool"], resumed["PoolName"]) == (True, "customers")
