"""The import of a whole small pool, state by state, with nothing faked but the hand-over of messages."""

from __future__ import annotations

import csv
import io
import json
import random
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lifeboat.aws import clients
from lifeboat.aws.executions import Executions
from lifeboat.aws.queues import Queue
from lifeboat.cognito.pool import comparable_attributes
from lifeboat.cognito.reader import PoolReader
from lifeboat.errors import CognitoUnavailable, StoreUnavailable
from lifeboat.model import Group, Membership
from lifeboat.restore import assembly
from lifeboat.restore.completion import Ended
from lifeboat.restore.consumer import Consumer
from lifeboat.restore.csv_rows import NOT_VERIFIED, UNCONFIRMED
from lifeboat.restore.import_chunk import CSV_ONLY
from lifeboat.store.items import Change, draft_membership
from lifeboat.store.keys import user_key
from lifeboat.store.ledger import Ledger
from lifeboat.store.lock import Lock
from lifeboat.store.outcomes import Lane
from tests.adapters.pools import Pool, asked_of, failing
from tests.adapters.stack import Export, Import, MakePool, Stack, bodies, dead_letters, hand_over, taken
from tests.unit.examples import OVER, USER

EXPORTED = "2026-03-01T12:00:00.000Z"
RESUMED = "2026-03-02T01:00:00.000Z"

VERIFIED = {"email_verified": "true"}


def fill(pool: Pool) -> None:
    """People who can be restored whole, and some of whom something is left out."""
    pool.add_group("staff", Description="Who “works” here", Precedence=0)
    pool.add_group("людей/#1@", RoleArn="arn:aws:iam::123456789012:role/x")
    groups = ["group-0", "group-1", "group-2"]
    for name in groups:
        pool.add_group(name)
    pool.add("ann", {"email": "ann@example.com", **VERIFIED}, ["staff", *groups])
    pool.add("bob", {"email": "bob@example.com", "name": "", "custom:note": "two\n#, “q” \\"}, enabled=False)
    pool.add("李,/#\"q'%", {"email": "li@example.com", "family_name": "李"}, ["людей/#1@"], enabled=False)
    pool.add("bare")
    pool.add("cyn", {"email": "cyn@example.com", "email_verified": "false"}, status="UNCONFIRMED")
    pool.add("dee", {"email": "dee@example.com", **VERIFIED}, ["staff"], status="FORCE_CHANGE_PASSWORD")
    pool.add("flo", {"email": "flo@example.com", "email_verified": "false"}, status="FORCE_CHANGE_PASSWORD")
    pool.add("eve", {"email": "eve@example.com", **VERIFIED}, status="RESET_REQUIRED")
    pool.add(
        "Google_1", {"email": "fed@example.com", "identities": "[]"}, ["staff"], status="EXTERNAL_PROVIDER"
    )


RESTORED = 8
"""All of these people but the federated one."""

BY_CSV = ("ann", "dee", "eve")
"""Those of them whom an import job can create."""

BY_API = ("bob", "李,/#\"q'%", "bare", "cyn", "flo")
"""The others: without a verified address, or never confirmed."""

INVITED = ("cyn", "flo")
"""Those who cannot use "Forgot password" afterwards, as they could not before."""

LANES = ("auto", "api")

MEMBERSHIPS = 6
"""Theirs; the federated one has another."""


@pytest.fixture
def backup(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """A stack whose backup holds those people, of whom ann needs two messages of updates."""
    monkeypatch.setattr("lifeboat.restore.messages.GROUPS_IN_AN_UPDATE", 3)
    fill(stack.source)
    Export(EXPORTED).run()
    return stack


@pytest.fixture
def fresh(backup: Stack, make_pool: MakePool) -> Pool:
    """An empty pool to restore them into."""
    return make_pool()


def into(pool: Pool, **changes: Any) -> dict[str, Any]:
    return {"NewUserPoolId": pool.pool_id, **changes}


def resend(queue: Queue, waiting: list[str]) -> None:
    queue.send(json.loads(body) for body in waiting)


def user_map(run: Import) -> list[dict[str, str]]:
    """The rows of the map from old to new users."""
    folder = f"imports/{run.of['ImportId']}/maps/"
    client = clients.s3()
    texts = [
        client.get_object(Bucket="reports", Key=key)["Body"].read().decode()
        for key in run.stack.bucket.keys(f"{folder}users-")
    ]
    return [row for text in texts for row in csv.DictReader(io.StringIO(text, newline=""))]


def people(pool: Pool) -> dict[str, Any]:
    """What of a pool's users a restore brings back, by username: all but the federated."""
    return {
        name: (comparable_attributes(user), user.enabled, pool.groups_of(name))
        for name, user in pool.users().items()
        if not user.federated
    }


def is_restored(ended: Ended, source: Pool, pool: Pool) -> None:
    """Assert that everything came back, by looking at the pools themselves."""
    assert ended["Complete"], ended["Cause"]
    assert people(pool) == people(source)
    assert pool.groups() == source.groups()


def refusal(code: str, operation: str, message: str = "") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


def failure_of(run: Import, name: str) -> str:
    """Why a user failed, by its name in the old pool."""
    outcome = run.outcomes().get(run.stack.source.users()[name].sub)
    assert outcome is not None
    return outcome.failure


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
    assert run.report()["failed"] == [{"sub": stack.source.users()["generated"].sub, "reason": reason}]


# -- messages come twice, late and in any order -------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_every_message_may_come_twice_and_in_any_order(backup: Stack, fresh: Pool, seed: int) -> None:
    run = Import(backup, into(fresh), copies=2)
    run.enqueue()
    run.deliver(random.Random(seed))
    run.deliver(random.Random(seed))
    assert run.progress()["Drained"]
    is_restored(run.end(), backup.source, fresh)


@pytest.mark.parametrize("lane", LANES)
def test_a_message_that_comes_again_when_all_is_done_changes_nothing(
    backup: Stack, fresh: Pool, lane: str
) -> None:
    # Given messages that SQS has kept copies of
    run = Import(backup, into(fresh, UserLane=lane))
    run.enqueue()
    new_users, api_users = bodies(backup.new_users), bodies(backup.api_users)
    assert len(new_users) == (len(BY_CSV) if lane == "auto" else 0)
    resend(backup.new_users, new_users)
    resend(backup.api_users, api_users)
    run.run_jobs()
    hand_over(backup.api_users, assembly.new_user_consumer())
    updates = bodies(backup.updates)
    resend(backup.updates, updates)
    run.deliver()
    passwords = {name: fresh.password_of(name) for name in fresh.users()}
    # When they are delivered once more
    resend(backup.updates, updates)
    resend(backup.api_users, api_users)
    resend(backup.new_users, new_users)
    run.deliver()
    # Then nobody has another password, and everything is as it was
    assert {name: fresh.password_of(name) for name in fresh.users()} == passwords
    is_restored(run.end(), backup.source, fresh)


@pytest.mark.parametrize(
    ("service", "operation", "error"),
    [
        ("cognito", "AdminCreateUser", refusal("InternalErrorException", "AdminCreateUser")),
        ("cognito", "AdminSetUserPassword", refusal("TooManyRequestsException", "AdminSetUserPassword")),
        ("cognito", "AdminAddUserToGroup", refusal("InternalErrorException", "AdminAddUserToGroup")),
        ("cognito", "AdminDisableUser", refusal("InternalErrorException", "AdminDisableUser")),
        ("dynamodb", "UpdateItem", refusal("InternalServerError", "UpdateItem")),
        ("sqs", "SendMessageBatch", refusal("InternalError", "SendMessageBatch")),
    ],
)
def test_a_user_that_is_killed_between_two_calls_is_taken_up_again(
    backup: Stack, fresh: Pool, service: str, operation: str, error: ClientError
) -> None:
    # Given consumers that break off at this call
    run = Import(backup, into(fresh, UserLane="api"))
    run.enqueue()
    client = clients.dynamodb().meta.client if service == "dynamodb" else getattr(clients, service)()
    queues: list[tuple[Queue, Consumer[Any]]] = [
        (backup.api_users, assembly.new_user_consumer()),
        (backup.updates, assembly.update_consumer()),
    ]
    for queue, consumer in queues:
        waiting = bodies(queue)
        assert waiting
        resend(queue, waiting)
        with failing(client, operation, error):
            for body in waiting:
                taken(consumer, body, 1)
        # When what they were given is delivered again
        hand_over(queue, consumer)
    # Then it ends as if nothing had happened
    assert run.progress()["Drained"]
    is_restored(run.end(), backup.source, fresh)


def test_a_user_that_is_there_but_not_listed_yet_is_tried_again(
    backup: Stack, fresh: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given users that were created before their consumer was killed, and that no listing shows yet
    run = Import(backup, into(fresh, UserLane="api"))
    run.enqueue()
    waiting = bodies(backup.api_users)
    assert len(waiting) == RESTORED
    too_fast = refusal("TooManyRequestsException", "AdminSetUserPassword")
    with monkeypatch.context() as patch, failing(clients.cognito(), "AdminSetUserPassword", too_fast):
        patch.setattr(PoolReader, "user_where", lambda *_: None)
        for received in (1, 2):
            for body in waiting:
                taken(assembly.new_user_consumer(), body, received)
    # Then they are restored once they are listed
    assert bodies(backup.api_users_dead) == []
    resend(backup.api_users, waiting)
    run.deliver()
    is_restored(run.end(), backup.source, fresh)


def test_a_user_is_recognised_in_another_case_where_case_does_not_count(
    stack: Stack, make_pool: MakePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a new pool that keeps names in lower case, and a consumer that was killed after creating one
    careless = {"UsernameConfiguration": {"CaseSensitive": False}}
    stack.source = make_pool(**careless)
    monkeypatch.setenv("USER_POOL_ID", stack.source.pool_id)
    stack.source.add("Ann", {"email": "ann@example.com"})
    Export(EXPORTED).run()
    run = Import(stack, into(fresh := make_pool(**careless)))
    run.enqueue()
    fresh.add("ann", {"email": "ann@example.com"}, status="FORCE_CHANGE_PASSWORD")
    exists = refusal("UsernameExistsException", "AdminCreateUser")
    with failing(clients.cognito(), "AdminCreateUser", exists):
        run.deliver()
    ended = run.end()
    assert ended["Complete"], ended["Cause"]


def test_a_user_whose_updates_could_not_be_queued_is_named_with_the_reason(
    backup: Stack, fresh: Pool
) -> None:
    # Given an SQS that takes no updates
    run = Import(backup, into(fresh, UserLane="api"))
    run.enqueue()
    with failing(clients.sqs(), "SendMessageBatch", refusal("InternalError", "SendMessageBatch")):
        run.deliver()
    # Then the users that needed some differ, and the report says why
    assert not run.end()["Complete"]
    differing = run.report()["different"]
    assert len(differing) == 4
    assert all("SendMessageBatch" in entry["reason"] for entry in differing)
    # And resuming the import gives them what they lack
    is_restored(Import(backup, {"Resume": run.of["ImportId"]}, RESUMED).run(), backup.source, fresh)


def test_a_scan_that_is_tried_again_sends_twice_and_ends_the_same(backup: Stack, fresh: Pool) -> None:
    run = Import(backup, into(fresh), deadline=OVER)
    run.enqueue()
    run.scan()
    assert sum(run.expected) == RESTORED
    run.deliver()
    is_restored(run.end(), backup.source, fresh)


def test_the_end_may_be_repeated(backup: Stack, fresh: Pool) -> None:
    run = Import(backup, into(fresh))
    run.enqueue()
    run.deliver()
    assert run.end() == run.end()


# -- somebody else ------------------------------------------------------------------------------


@pytest.mark.parametrize("lane", LANES)
@pytest.mark.parametrize(
    ("attributes", "status"),
    [
        ({"email": "else@example.com", **VERIFIED}, "CONFIRMED"),
        ({"email": "ann@example.com"}, "CONFIRMED"),
        ({"email": "ann@example.com", **VERIFIED}, "UNCONFIRMED"),
        ({"email": "ann@example.com", **VERIFIED, "identities": "[]"}, "EXTERNAL_PROVIDER"),
        ({}, "CONFIRMED"),
    ],
)
def test_who_signed_up_under_a_restored_name_is_given_nothing(
    backup: Stack, fresh: Pool, attributes: dict[str, str], status: str, lane: str
) -> None:
    # Given somebody who took ann's name after the import began
    run = Import(backup, into(fresh, UserLane=lane))
    run.enqueue()
    fresh.add("ann", attributes, status=status)
    # When ann is restored
    run.deliver()
    ended = run.end()
    # Then that user has no group and keeps its password, and the report names ann
    assert fresh.groups_of("ann") == set()
    assert fresh.password_of("ann") == "Known-to-0thers"
    assert "another user of the new pool" in failure_of(run, "ann")
    assert not ended["Complete"]
    (entry,) = run.report()["different"]
    assert entry["sub"] == backup.source.users()["ann"].sub
    assert "another user of the new pool" in entry["reason"]
    assert {name: person for name, person in people(fresh).items() if name != "ann"} == {
        name: person for name, person in people(backup.source).items() if name != "ann"
    }


def test_who_signed_up_under_a_name_without_attributes_cannot_sign_in_as_it(
    backup: Stack, fresh: Pool
) -> None:
    # Given a user of whom nothing but the name is known, and somebody who took that name
    run = Import(backup, into(fresh))
    run.enqueue()
    fresh.add("bare")
    # When it is restored
    run.deliver()
    # Then either it is refused, or the stranger's password is no longer good
    refused = "another user" in failure_of(run, "bare")
    assert refused or fresh.password_of("bare") != "Known-to-0thers"


def test_a_taken_alias_is_given_up_with_its_reason_and_holds_up_nobody(backup: Stack, fresh: Pool) -> None:
    run = Import(backup, into(fresh, UserLane="api"))
    run.enqueue()
    taken_alias = refusal("AliasExistsException", "AdminCreateUser", "ann@example.com is taken")
    waiting = bodies(backup.api_users)
    for body in waiting:
        if json.loads(body)["username"] == "ann":
            with failing(clients.cognito(), "AdminCreateUser", taken_alias):
                taken(assembly.new_user_consumer(), body, 1)
        else:
            resend(backup.api_users, [body])
    run.deliver()
    ended = run.end()
    ((document, reason),) = dead_letters(backup.api_users_dead)
    assert document["username"] == "ann"
    assert reason == "AdminCreateUser: AliasExistsException: … is taken"
    assert run.report()["failed"] == [{"sub": document["sub"], "reason": reason}]
    assert ended["Users"] == {
        "in_backup": RESTORED,
        "restored": RESTORED - 1,
        "different": 0,
        "failed": 1,
        "unexpected": 0,
    }


# -- resuming -----------------------------------------------------------------------------------


@pytest.fixture
def incomplete(backup: Stack, fresh: Pool) -> Import:
    """An import by the API of which one user could not be created."""
    run = Import(backup, into(fresh, UserLane="api"))
    run.enqueue()
    refused = refusal("InvalidParameterException", "AdminCreateUser", "no such attribute")
    waiting = bodies(backup.api_users)
    resend(backup.api_users, [body for body in waiting if json.loads(body)["username"] != "ann"])
    with failing(clients.cognito(), "AdminCreateUser", refused):
        for body in waiting:
            if json.loads(body)["username"] == "ann":
                taken(assembly.new_user_consumer(), body, 1)
    run.deliver()
    assert run.end()["Error"] == "ImportIncomplete"
    return run


def test_resuming_redoes_only_what_is_missing(incomplete: Import, fresh: Pool) -> None:
    # Given an import that ended incomplete, and a cause that has been mended
    backup = incomplete.stack
    run = Import(backup, {"Resume": incomplete.of["ImportId"]}, RESUMED)
    run.enqueue()
    # Then only the missing user is sent again, by the lane that was chosen at first
    waiting = bodies(backup.api_users)
    assert [json.loads(body)["username"] for body in waiting] == ["ann"]
    assert bodies(backup.new_users) == []
    resend(backup.api_users, waiting)
    run.deliver()
    assert (run.of["UserPoolId"], run.of["UserLane"]) == (fresh.pool_id, "api")
    is_restored(run.end(), backup.source, fresh)


def test_resuming_in_another_lane_sends_what_is_missing_by_it(incomplete: Import, fresh: Pool) -> None:
    backup = incomplete.stack
    run = Import(backup, {"Resume": incomplete.of["ImportId"], "UserLane": "auto"}, RESUMED)
    run.enqueue()
    waiting = bodies(backup.new_users)
    assert [json.loads(body)["username"] for body in waiting] == ["ann"]
    resend(backup.new_users, waiting)
    run.deliver()
    is_restored(run.end(), backup.source, fresh)
    assert fresh.users()["ann"].status == "RESET_REQUIRED"


@pytest.mark.parametrize("lane", LANES)
def test_resuming_brings_back_a_user_deleted_after_it_was_restored(
    backup: Stack, fresh: Pool, lane: str
) -> None:
    # Given a user that somebody deletes from the new pool before the import has ended
    run = Import(backup, into(fresh, UserLane=lane))
    run.enqueue()
    run.deliver()
    fresh.remove("ann")
    assert not run.end()["Complete"]
    (named,) = run.report()["failed"]
    assert "deleted in the new pool" in named["reason"]
    # When the import is resumed, the user comes back
    is_restored(Import(backup, {"Resume": run.of["ImportId"]}, RESUMED).run(), backup.source, fresh)


def test_resuming_waits_for_users_that_failed_before(incomplete: Import) -> None:
    run = Import(incomplete.stack, {"Resume": incomplete.of["ImportId"]}, RESUMED)
    run.enqueue()
    # Given that the user is in the queue once more, its old failure is not taken for its end
    assert not run.progress()["Drained"]
    run.deliver()
    assert run.progress()["Drained"]


def test_resuming_redoes_an_update_that_failed(backup: Stack, fresh: Pool) -> None:
    # Given a group that somebody deleted from the new pool, so that ann could not join it
    run = Import(backup, into(fresh))
    run.enqueue()
    fresh.remove_group("staff")
    run.deliver()
    assert not run.end()["Complete"]
    assert "given up after 5 deliveries" in failure_of(run, "ann")
    dead_letters(backup.updates_dead)
    # When the import is resumed, which creates the group again
    again = Import(backup, {"Resume": run.of["ImportId"]}, RESUMED)
    ended = again.run()
    # Then ann has joined it
    is_restored(ended, backup.source, fresh)


def test_a_resumed_import_may_be_resumed_with_its_pool(incomplete: Import, fresh: Pool) -> None:
    run = Import(incomplete.stack, into(fresh, Resume=incomplete.of["ImportId"]), RESUMED)
    is_restored(run.run(), incomplete.stack.source, fresh)


def test_resuming_with_another_listing_plan_believes_nothing_that_was_found_before(
    incomplete: Import, fresh: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given an export in between that made the listing one by prefixes, and a user lost from the new pool
    monkeypatch.setattr("lifeboat.restore.begin.listing_prefixes", lambda *_: list("0123456789abcdef"))
    lost = incomplete.stack.source.users()["bare"].sub
    fresh.remove("bare")
    # When the import is resumed
    run = Import(incomplete.stack, {"Resume": incomplete.of["ImportId"]}, RESUMED)
    run.run()
    # Then it is seen to be missing
    assert [entry["sub"] for entry in run.report()["failed"]] == [lost]


# -- differences --------------------------------------------------------------------------------


def test_every_difference_is_found_and_named(backup: Stack, fresh: Pool) -> None:
    # Given a restored pool that somebody has changed
    run = Import(backup, into(fresh))
    run.enqueue()
    run.deliver()
    subs = {user.username: user.sub for user in backup.source.users().values()}
    fresh.change("ann", email="other@example.com")
    fresh.client.admin_add_user_to_group(UserPoolId=fresh.pool_id, Username="ann", GroupName="людей/#1@")
    fresh.client.admin_enable_user(UserPoolId=fresh.pool_id, Username="bob")
    fresh.remove("dee")
    fresh.add("newcomer")
    fresh.client.update_group(UserPoolId=fresh.pool_id, GroupName="staff", Description="else", Precedence=1)
    fresh.remove_group("group-2")
    fresh.add_group("visitors")
    # When it is verified
    ended = run.end()
    report = run.report()
    # Then each is named
    assert ended["Error"] == "ImportIncomplete"
    assert "1 failed and 2 differ; 2 groups differ" in ended["Cause"]
    assert f'{{"Resume": "{run.of["ImportId"]}"}}' in ended["Cause"]
    assert {entry["sub"]: entry["fields"] for entry in report["different"]} == {
        subs["ann"]: [
            "attribute email",
            "not in group group-2",
            "unexpectedly in group людей/#1@",
        ],
        subs["bob"]: ["enabled"],
    }
    assert [entry["sub"] for entry in report["failed"]] == [subs["dee"]]
    assert report["unexpected"] == [fresh.users()["newcomer"].sub]
    assert report["different_groups"] == [
        {"group": "group-2", "fields": ["missing"]},
        {"group": "staff", "fields": ["description", "precedence"]},
    ]
    assert report["unexpected_groups"] == ["visitors"]


@pytest.mark.parametrize("status", ["UNCONFIRMED", "COMPROMISED"])
def test_every_status_that_is_not_restored_is_in_the_report(
    stack: Stack, make_pool: MakePool, status: str
) -> None:
    sub = stack.source.add("ann", status=status)
    Export(EXPORTED).run()
    run = Import(stack, into(fresh := make_pool()))
    run.run()
    assert fresh.users()["ann"].status != status
    listed = run.report()["not_restorable"].values()
    assert [entry for entry in listed if sub in entry.get("subs", [])]


def test_a_membership_without_its_user_is_listed_and_is_no_failure(backup: Stack, fresh: Pool) -> None:
    orphan = Membership("ab-never-there", "staff")
    backup.table.put_all([draft_membership(orphan).item(EXPORTED, Change.ADDED)])
    run = Import(backup, into(fresh))
    is_restored(run.run(), backup.source, fresh)
    assert run.report()["not_restorable"]["memberships_without_user"]["subs"] == [orphan.sub]


def test_what_is_no_longer_in_the_backup_is_not_restored(backup: Stack, fresh: Pool) -> None:
    # Given a user whose item is in history only
    gone = backup.source.users()["bare"].sub
    backup.source.remove("bare")
    Export("2026-03-01T18:00:00.000Z").run()
    assert backup.table.get(user_key(gone)) is None
    is_restored(Import(backup, into(fresh)).run(), backup.source, fresh)


def test_names_that_differ_by_case_are_two_people_where_case_counts(
    stack: Stack, make_pool: MakePool
) -> None:
    for name in ("ann", "Ann"):
        stack.source.add(name, {"name": name})
    Export(EXPORTED).run()
    fresh = make_pool(UsernameConfiguration={"CaseSensitive": True})
    is_restored(Import(stack, into(fresh)).run(), stack.source, fresh)


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
    monkeypatch.setattr("lifeboat.restore.begin.USERS_PER_BUCKET", 2)
    run = Import(backup, into(fresh))
    ended = run.run()
    assert run.of["Buckets"] == 5
    assert len(user_map(run)) == RESTORED
    assert ended["Users"]["restored"] == RESTORED
    is_restored(ended, backup.source, fresh)
