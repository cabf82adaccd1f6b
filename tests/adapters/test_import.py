"""The import of a whole small pool, state by state, with nothing faked but the hand-over of messages."""

from __future__ import annotations

import json

import pytest

from lifeboat.aws import clients
from lifeboat.aws.executions import Executions
from lifeboat.cognito.pool import comparable_attributes
from lifeboat.errors import CognitoUnavailable, StoreUnavailable
from lifeboat.model import Group
from lifeboat.restore import assembly
from lifeboat.restore.csv_lane.chunk import CSV_ONLY
from lifeboat.restore.csv_lane.rows import NOT_VERIFIED, UNCONFIRMED
from lifeboat.store.ledger import Ledger
from lifeboat.store.lock import Lock
from lifeboat.store.outcomes import Lane
from tests.adapters.people import (
    BY_API,
    BY_CSV,
    EXPORTED,
    INVITED,
    LANES,
    MEMBERSHIPS,
    RESTORED,
    RESUMED,
    VERIFIED,
    into,
    is_restored,
    refusal,
    user_map,
)
from tests.adapters.pools import Pool, asked_of, failing
from tests.adapters.stack import Export, Import, MakePool, Stack, bodies, dead_letters
from tests.unit.examples import OVER, USER

# -- all goes well ------------------------------------------------------------------------------


@pytest.mark.parametrize("lane", LANES)
def test_everything_comes_back(backup: Stack, fresh: Pool, lane: str) -> None:
    run = Import(backup, into(fresh, UserLane=lane))
    run.enqueue()
    assert not run.progress()["Drained"]
    run.deliver()
    assert run.progress()["Drained"]
    ended = run.end()
    is_restored(ended, backup.source, fresh)
    assert ended["Users"] == {
        "in_backup": RESTORED,
        "restored": RESTORED,
        "different": 0,
        "failed": 0,
        "unexpected": 0,
    }
    statuses = {user.username: user.status for user in fresh.users().values()}
    assert statuses == {
        **dict.fromkeys(BY_CSV, "RESET_REQUIRED" if lane == "auto" else "CONFIRMED"),
        **dict.fromkeys(BY_API, "CONFIRMED"),
        **dict.fromkeys(INVITED, "FORCE_CHANGE_PASSWORD"),
    }


def test_who_no_row_can_carry_is_failed_where_only_import_jobs_are_wanted(backup: Stack, fresh: Pool) -> None:
    run = Import(backup, into(fresh, UserLane="csv"))
    ended = run.run()
    subs = {user.username: user.sub for user in backup.source.users().values()}
    assert fresh.users().keys() == set(BY_CSV)
    assert ended["Users"]["failed"] == len(BY_API)
    unverified = f"{CSV_ONLY}: {NOT_VERIFIED}"
    reasons = {**dict.fromkeys(BY_API, unverified), "cyn": f"{CSV_ONLY}: {UNCONFIRMED}"}
    assert {entry["sub"]: entry["reason"] for entry in run.report()["failed"]} == {
        subs[name]: reason for name, reason in reasons.items()
    }
    # Resumed in lane auto, it brings back the others as well
    again = Import(backup, {"Resume": run.of["ImportId"], "UserLane": "auto"}, RESUMED)
    is_restored(again.run(), backup.source, fresh)


def test_a_full_pool_is_imported_by_one_job_after_another(
    backup: Stack, fresh: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lifeboat.aws.queues.BATCH_ENTRIES", 1)
    monkeypatch.setattr("lifeboat.restore.lanes.JobSize.of", lambda *_: 1)
    started = asked_of(clients.cognito(), "StartUserImportJob")
    run = Import(backup, into(fresh))
    is_restored(run.run(), backup.source, fresh)
    assert len(started) == len(BY_CSV)
    entry = Ledger(backup.table, "import").get(run.of["ImportId"])
    assert entry is not None
    assert (entry["jobs"], entry["job"], entry["csv_closed"]) == (len(BY_CSV), {}, "")


def test_the_report_says_what_came_back_and_what_no_api_recreates(backup: Stack, fresh: Pool) -> None:
    run = Import(backup, into(fresh))
    ended = run.run()
    report = run.report()
    subs = {user.username: user.sub for user in backup.source.users().values()}
    assert ended["Report"] == f"s3://reports/imports/{run.of['ImportId']}/report.json"
    assert (report["status"], report["import_id"]) == ("SUCCEEDED", run.of["ImportId"])
    assert report["totals"]["memberships"] == {"restored": MEMBERSHIPS, "at_sign_in": 0}
    assert report["totals"]["groups"] == {"in_backup": 5, "different": 0}
    assert (report["failed"], report["different"], report["different_groups"]) == ([], [], [])
    assert (report["unexpected"], report["unexpected_groups"]) == ([], [])
    assert report["lanes"] == {
        "csv": len(BY_CSV),
        "api": len(BY_API),
        "why_api": {NOT_VERIFIED: len(BY_API) - 1, UNCONFIRMED: 1},
    }
    assert report["maps"] == f"s3://reports/imports/{run.of['ImportId']}/maps/"
    listed = report["not_restorable"]
    assert {name: listed[name]["subs"] for name in listed if "subs" in listed[name]} == {
        "federated_profiles": [subs["Google_1"]],
        "status_unconfirmed": [subs["cyn"]],
        "invitations": [subs["dee"]],
        "temporary_passwords": [subs["flo"]],
        "status_reset_required": [subs["eve"]],
    }
    assert listed["federated_profiles"]["memberships"] == 1


def test_what_an_import_leaves_behind(backup: Stack, fresh: Pool) -> None:
    run = Import(backup, into(fresh))
    run.run()
    before, there = backup.source.users(), fresh.users()
    # The map from old to new users
    new_subs = {before[name].sub: user.sub for name, user in there.items()}
    assert {row["sub"]: row["new_sub"] for row in user_map(run)} == new_subs
    assert {(row["username"], row["new_username"]) for row in user_map(run)} == {(n, n) for n in there}
    # The page for people
    page = clients.s3().get_object(Bucket="reports", Key=f"imports/{run.of['ImportId']}/report.html")
    assert page["ContentType"] == "text/html; charset=utf-8"
    assert run.of["ImportId"] in page["Body"].read().decode()
    # An outcome for every user that was enqueued; import jobs do not tell which subs they gave
    outcomes = {outcome.sub: outcome for outcome in run.outcomes().all()}
    assert {sub: (outcome.lane, outcome.new_sub) for sub, outcome in outcomes.items()} == {
        before[name].sub: (Lane.CSV, "") if name in BY_CSV else (Lane.API, user.sub)
        for name, user in there.items()
    }
    assert all(outcome.complete for outcome in outcomes.values())
    # A closed ledger entry, and no lock
    entry = Ledger(backup.table, "import").get(run.of["ImportId"])
    assert entry is not None
    assert (entry["status"], entry["user_pool_id"]) == ("SUCCEEDED", fresh.pool_id)
    assert entry["totals"]["users"]["restored"] == RESTORED
    assert Lock(backup.table, Executions(clients.stepfunctions()), "import").holder(run.arn) is None


def test_a_pool_that_makes_usernames_up_is_restored_by_address(stack: Stack, make_pool: MakePool) -> None:
    # Given a pool in which people sign in with an address, and Cognito names them
    settings = {"UsernameAttributes": ["email", "phone_number"]}
    stack.source = make_pool(**settings)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("USER_POOL_ID", stack.source.pool_id)
        stack.source.add_group("staff")
        old: dict[str, str] = {}
        addresses = [
            {"email": "ann@example.com", **VERIFIED},
            {"phone_number": "+441632960000", "phone_number_verified": "true"},
            {"email": "both@example.com", "phone_number": "+441632960001", **VERIFIED},
        ]
        for number, attributes in enumerate(addresses):
            sub = stack.source.add(f"generated-{number}", attributes, ["staff"], enabled=number > 0)
            old[sub] = f"generated-{number}"
        Export(EXPORTED).run()
    # When it is restored, each message delivered twice
    fresh = make_pool(**settings)
    run = Import(stack, into(fresh), copies=2)
    ended = run.run()
    # Then each is the same person under another name
    assert ended["Complete"], ended["Cause"]
    assert sorted(
        (sorted(comparable_attributes(user).items()), user.enabled) for user in fresh.users().values()
    ) == sorted(
        (sorted(comparable_attributes(user).items()), user.enabled) for user in stack.source.users().values()
    )
    assert all(fresh.groups_of(name) == {"staff"} for name in fresh.users())
    assert fresh.users().keys().isdisjoint(stack.source.users())
    # And the map tells the names, for those of both lanes
    assert run.report()["lanes"] == {"csv": 2, "api": 1, "why_api": {NOT_VERIFIED: 1}}
    assert {row["sub"]: row["username"] for row in user_map(run)} == old
    assert {row["new_username"]: row["new_sub"] for row in user_map(run)} == {
        name: user.sub for name, user in fresh.users().items()
    }


def test_a_user_without_an_address_is_named_when_the_pool_wants_one(
    stack: Stack, make_pool: MakePool
) -> None:
    stack.source = make_pool(UsernameAttributes=["email"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("USER_POOL_ID", stack.source.pool_id)
        stack.source.add("generated", {"phone_number": "+441632960000"})
        Export(EXPORTED).run()
    run = Import(stack, into(make_pool(UsernameAttributes=["email"])))
    ended = run.run()
    assert ended["Error"] == "ImportIncomplete"
    ((_, reason),) = dead_letters(stack.api_users_dead)
    assert "no email to sign in with" in reason
    assert run.report()["failed"] == [
        {"sub": stack.source.users()["generated"].sub, "reason": reason, "status": "CONFIRMED"}
    ]


# -- groups, failures ---------------------------------------------------------------------------


def test_groups_that_are_there_are_set_to_what_the_backup_says(backup: Stack, fresh: Pool) -> None:
    fresh.add_group("staff", Description="an older one", Precedence=9)
    is_restored(Import(backup, into(fresh)).run(), backup.source, fresh)
    assert fresh.groups()["staff"] == Group("staff", "Who “works” here", 0)


def test_a_role_that_differs_by_region_is_mapped(backup: Stack, fresh: Pool) -> None:
    there, here = "arn:aws:iam::123456789012:role/x", "arn:aws:iam::123456789012:role/x-here"
    run = Import(backup, into(fresh, ArnMap={there: here}))
    ended = run.run()
    assert ended["Complete"], ended["Cause"]
    assert fresh.groups()["людей/#1@"].role_arn == here
    # Resuming maps it again without being told
    again = Import(backup, {"Resume": run.of["ImportId"]}, RESUMED)
    assert again.run()["Complete"]
    assert fresh.groups()["людей/#1@"].role_arn == here


@pytest.mark.parametrize("lane", LANES)
def test_every_restored_user_carries_the_sub_that_applications_know(
    stack: Stack, make_pool: MakePool, monkeypatch: pytest.MonkeyPatch, lane: str
) -> None:
    # Given a pool whose schema has an attribute for it, and a user restored before
    schema = [{"Name": "source_sub", "AttributeDataType": "String", "Mutable": True}]
    stack.source = make_pool(Schema=schema)
    monkeypatch.setenv("USER_POOL_ID", stack.source.pool_id)
    ann = stack.source.add("ann", {"email": "ann@example.com", **VERIFIED})
    bob = stack.source.add("bob", {"email": "bob@example.com"})
    stack.source.add("cyn", {"email": "cyn@example.com", **VERIFIED, "custom:source_sub": "the-first"})
    Export(EXPORTED).run()
    fresh = make_pool(Schema=schema)
    # When all are restored
    run = Import(stack, into(fresh, UserLane=lane, SourceSubAttribute="custom:source_sub"))
    ended = run.run()
    # Then each carries the sub of the old pool, or the one it carried there
    assert ended["Complete"], ended["Cause"]
    assert {name: user.attributes["custom:source_sub"] for name, user in fresh.users().items()} == {
        "ann": ann,
        "bob": bob,
        "cyn": "the-first",
    }
    assert run.report()["lanes"]["csv"] == (2 if lane == "auto" else 0)


def test_creating_groups_goes_on_where_it_stopped(backup: Stack, fresh: Pool) -> None:
    run = Import(backup, into(fresh))
    run.begin()
    task = assembly.group_restore(run.of).create({"Run": run.of, "Next": 4}, run.deadline)
    assert (task["Finished"], task["Next"]) == (True, 5)
    assert len(fresh.groups()) == 1
    stopped = assembly.group_restore(run.of).create({"Run": run.of, "Next": 3}, OVER)
    assert (stopped["Finished"], stopped["Next"]) == (False, 3)


def test_a_failed_import_says_how_to_go_on(backup: Stack, fresh: Pool) -> None:
    run = Import(backup, into(fresh))
    run.begin()
    cause = json.dumps({"errorMessage": "nothing has moved", "errorType": "ImportStalled"})
    for _ in range(2):
        failure = assembly.import_end().fail(
            {"ExecutionId": run.arn, "StartedAt": run.started_at, "Error": "ImportStalled", "Cause": cause}
        )
        assert failure == {"Error": "ImportStalled", "Cause": "nothing has moved"}
    entry = Ledger(backup.table, "import").get(run.of["ImportId"])
    assert entry is not None
    assert (entry["status"], entry["reason"]) == ("FAILED", "ImportStalled: nothing has moved")
    assert Lock(backup.table, Executions(clients.stepfunctions()), "import").holder(run.arn) is None


@pytest.mark.parametrize("operation", ["ListUsers", "ListGroups", "ListUsersInGroup"])
def test_a_listing_of_the_new_pool_that_fails_is_no_verification(
    backup: Stack, fresh: Pool, operation: str
) -> None:
    run = Import(backup, into(fresh))
    run.enqueue()
    run.deliver()
    broken = refusal("InternalErrorException", operation)
    with failing(clients.cognito(), operation, broken), pytest.raises(CognitoUnavailable):
        run.list_restored()
    is_restored(run.end(), backup.source, fresh)


def test_a_scan_without_its_table_is_a_passing_failure(backup: Stack, fresh: Pool) -> None:
    run = Import(backup, into(fresh))
    run.begin()
    client = clients.dynamodb().meta.client
    lost = refusal("InternalServerError", "Query")
    with failing(client, "Query", lost), pytest.raises(StoreUnavailable):
        run.scan()
    assert bodies(backup.new_users) == bodies(backup.api_users) == []


def test_a_poison_message_holds_up_nobody(backup: Stack, fresh: Pool) -> None:
    run = Import(backup, into(fresh))
    run.enqueue()
    poison = {"sub": USER.sub, "username": "mallory"}
    for queue in (backup.new_users, backup.api_users, backup.updates):
        queue.send([poison])
    run.deliver()
    for queue in (backup.new_users_dead, backup.api_users_dead, backup.updates_dead):
        ((document, reason),) = dead_letters(queue)
        assert document == poison
        assert reason == "unusable message: import_id: missing"
    is_restored(run.end(), backup.source, fresh)


def test_a_large_backup_is_verified_in_parts(
    backup: Stack, fresh: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lifeboat.restore.portions.USERS_PER_BUCKET", 2)
    run = Import(backup, into(fresh))
    ended = run.run()
    assert run.of["Buckets"] == 5
    assert len(user_map(run)) == RESTORED
    assert ended["Users"]["restored"] == RESTORED
    is_restored(ended, backup.source, fresh)
