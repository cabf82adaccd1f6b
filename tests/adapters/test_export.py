"""The export of a whole small pool: what is written, what is kept, what is retired and what never is."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import Any, TypeVar

import pytest
from boto3.dynamodb.conditions import Key as KeyCondition
from botocore.exceptions import ClientError

from lifeboat.aws import clients
from lifeboat.aws.executions import Executions
from lifeboat.cognito import reader
from lifeboat.cognito.reader import PoolReader
from lifeboat.errors import AlreadyRunning, CognitoUnavailable, InvalidInput
from lifeboat.export import assembly
from lifeboat.export.counts import Counts
from lifeboat.export.tasks import CleanupPlan
from lifeboat.model import Group, Membership, User
from lifeboat.store.items import Item, group_from, membership_from, user_from
from lifeboat.store.keys import group_key, history_key, membership_key, user_key
from lifeboat.store.ledger import Ledger
from lifeboat.store.lock import Lock
from lifeboat.store.table import BackupTable
from tests.adapters.dying import DyingTable, Killed, content
from tests.adapters.pools import SHARD, Pool, failing, listing_shows
from tests.adapters.stack import Export, Stack, execution
from tests.unit.examples import OVER

T = TypeVar("T")

FIRST = "2026-03-01T12:00:00.000Z"
SECOND = "2026-03-02T12:00:00.000Z"
THIRD = "2026-03-03T12:00:00.000Z"

UNAVAILABLE = ClientError({"Error": {"Code": "InternalErrorException", "Message": ""}}, "List")


def fill(pool: Pool) -> None:
    """Six users in every state, four groups, five memberships."""
    pool.add_group("staff", Description="Who “works” here", Precedence=0)
    pool.add_group("ops", RoleArn="arn:aws:iam::123456789012:role/ops")
    pool.add_group("людей/#1@")
    pool.add_group("nobody")
    pool.add("ann", {"email": "ann@example.com", "email_verified": "true"}, ["staff", "ops"])
    pool.add("bob", {"name": "", "custom:note": "two\nlines, “q” #"}, ["staff"], enabled=False)
    pool.add("cyn", status="UNCONFIRMED")
    pool.add("dee", status="FORCE_CHANGE_PASSWORD", groups=["людей/#1@"])
    pool.add("李,/#", {"family_name": "李"}, status="RESET_REQUIRED")
    pool.add("Google_1", {"identities": "[]"}, ["staff"], status="EXTERNAL_PROVIDER")


def in_the_pool(pool: Pool) -> tuple[dict[str, User], dict[str, Group], set[Membership]]:
    users = {user.sub: user for user in pool.reader().users()}
    memberships = {
        Membership(user.sub, group) for group in pool.groups() for user in pool.reader().members(group)
    }
    return users, pool.groups(), memberships


def in_the_backup(table: BackupTable) -> tuple[dict[str, User], dict[str, Group], set[Membership]]:
    present = [item for item in content(table) if not str(item["pk"]).startswith("HISTORY#")]
    users = {item["sub"]: user_from(item) for item in present if item.get("kind") == "users"}
    groups = {item["name"]: group_from(item) for item in present if item.get("kind") == "groups"}
    return users, groups, {membership_from(item) for item in present if item.get("kind") == "memberships"}


def history(table: BackupTable) -> list[dict[str, Any]]:
    return [item for item in content(table) if str(item["pk"]).startswith("HISTORY#")]


def counted(counts: dict[str, int], *names: str) -> tuple[int, ...]:
    return tuple(counts[name] for name in names)


@pytest.fixture
def exported(stack: Stack) -> Stack:
    """A stack whose pool has been exported once."""
    fill(stack.source)
    Export(FIRST).run()
    return stack


def unsummed(item: Item) -> Item:
    """An item without the sums of an export's progress, which count again what is done again."""
    return {name: value for name, value in item.items() if not name.startswith("tally_")}


def listed(table: BackupTable, writes: int | None = None) -> CleanupPlan:
    """List everything into a table; each state is killed after so many writes, and attempted again."""
    export = Export(SECOND)
    with pytest.MonkeyPatch.context() as patch:

        def attempt(state: Callable[[], T]) -> T:
            if writes is not None:
                mortal = DyingTable(table, writes)
                patch.setattr(assembly, "_table", lambda: mortal)
                with suppress(Killed):
                    state()
            patch.setattr(assembly, "_table", lambda: table)
            return state()

        attempt(export.begin)
        users, groups = attempt(export.users), attempt(export.groups)
        return export.plan([users], groups, attempt(lambda: export.memberships(groups)))


# -- what an export does ------------------------------------------------------------------------


def test_everything_in_the_pool_is_in_the_backup(stack: Stack) -> None:
    fill(stack.source)
    summary = Export(FIRST, prefixes=("",)).run()
    assert in_the_backup(stack.table) == in_the_pool(stack.source)
    assert {kind: counted(c, "listed", "added", "retired") for kind, c in summary["Counts"].items()} == {
        "users": (6, 6, 0),
        "groups": (4, 4, 0),
        "memberships": (5, 5, 0),
    }
    assert summary["Status"] == "COMPLETED"
    configuration = stack.table.configuration("CONFIG")
    assert configuration is not None
    assert configuration.document["Id"] == stack.source.pool_id


def test_what_is_unchanged_is_not_written_again(exported: Stack) -> None:
    before = in_the_backup(exported.table), history(exported.table)
    items = {item["sk"]: item for item in content(exported.table) if "content_hash" in item}
    summary = Export(SECOND).run()
    assert (in_the_backup(exported.table), history(exported.table)) == before
    assert {item["sk"]: item for item in content(exported.table) if "content_hash" in item} == items
    for counts in summary["Counts"].values():
        assert counted(counts, "added", "changed", "retired") == (0, 0, 0)
        assert counts["unchanged"] == counts["listed"] == counts["stored"]


def test_changes_and_removals_leave_their_earlier_versions(exported: Stack) -> None:
    # Given changes of every kind since the last export
    pool = exported.source
    gone = pool.users()["cyn"].sub
    ann = pool.users()["ann"].sub
    pool.change("ann", email="anna@example.com")
    pool.remove("cyn")
    pool.add("eve", groups=["ops"])
    pool.client.admin_remove_user_from_group(UserPoolId=pool.pool_id, Username="ann", GroupName="staff")
    pool.remove_group("nobody")
    # When the pool is exported again
    summary = Export(SECOND).run()
    # Then the backup is as the pool is
    assert in_the_backup(exported.table) == in_the_pool(pool)
    names = ("listed", "added", "changed", "unchanged", "retired")
    assert {kind: counted(c, *names) for kind, c in summary["Counts"].items()} == {
        "users": (6, 1, 1, 4, 1),
        "groups": (3, 0, 0, 3, 1),
        "memberships": (5, 1, 0, 4, 1),
    }
    # And what it was is kept, with its interval
    keys = [user_key(gone), user_key(ann), group_key("nobody"), membership_key(ann, "staff")]
    assert sorted((item["pk"], item["sk"]) for item in history(exported.table)) == sorted(
        (history_key(key, FIRST).pk, history_key(key, FIRST).sk) for key in keys
    )
    assert {(item["valid_from"], item["valid_to"]) for item in history(exported.table)} == {(FIRST, SECOND)}


def test_a_group_that_is_gone_takes_its_memberships_along(exported: Stack) -> None:
    exported.source.remove_group("ops")
    summary = Export(SECOND).run()
    assert in_the_backup(exported.table) == in_the_pool(exported.source)
    assert (summary["Counts"]["groups"]["retired"], summary["Counts"]["memberships"]["retired"]) == (1, 1)


def test_a_user_who_left_and_came_back_has_a_gap_in_its_history(exported: Stack) -> None:
    pool = exported.source
    sub = pool.users()["cyn"].sub
    user = pool.inside.users["cyn"]
    pool.remove("cyn")
    Export(SECOND).run()
    pool.inside.users["cyn"] = user
    Export(THIRD).run()
    now = exported.table.get(user_key(sub))
    assert now is not None
    assert (now["valid_from"], now["change"]) == (THIRD, "added")
    assert [(item["valid_from"], item["valid_to"]) for item in history(exported.table)] == [(FIRST, SECOND)]


def test_an_empty_pool_is_exported_too(stack: Stack) -> None:
    summary = Export(FIRST).run()
    assert summary["Status"] == "COMPLETED"
    assert summary["Counts"]["users"]["listed"] == 0


def test_a_sub_may_be_any_text(stack: Stack) -> None:
    # Given subs that would be confused with each other's memberships if they were not kept apart
    pool = stack.source
    for group in ("x", "x#y", "y@z", "%23"):
        pool.add_group(group)
    for number, sub in enumerate(["ab", "ab#x", "ab%23x", "ab#x#y", "ab@2026"]):
        pool.add(f"user-{number}", groups=["x", "x#y"], sub=sub)
    Export(FIRST).run()
    assert in_the_backup(stack.table) == in_the_pool(pool)
    # When one of them leaves, and another changes
    pool.remove("user-1")
    pool.change("user-0", name="Ann")
    summary = Export(SECOND).run()
    # Then nothing of the others is touched
    assert in_the_backup(stack.table) == in_the_pool(pool)
    assert counted(summary["Counts"]["users"], "changed", "unchanged", "retired") == (1, 3, 1)
    assert counted(summary["Counts"]["memberships"], "changed", "unchanged", "retired") == (0, 8, 2)


def test_a_user_listed_twice_counts_once(stack: Stack) -> None:
    fill(stack.source)
    with ExitStack() as twice:
        for listing in ("user_pages", "member_pages", "group_pages"):
            twice.enter_context(listing_shows(listing, lambda page: page * 2))
        summary = Export(FIRST).run()
    assert [counts["listed"] for counts in summary["Counts"].values()] == [6, 4, 5]


def test_when_time_runs_short_each_call_does_one_piece_and_the_end_is_the_same(exported: Stack) -> None:
    exported.source.change("ann", name="Anna")
    exported.source.remove("cyn")
    exported.source.remove_group("nobody")
    prefixes = tuple(SHARD + digit for digit in "0123456789abcdef")
    summary = Export(SECOND, prefixes=prefixes, deadline=OVER).run()
    assert in_the_backup(exported.table) == in_the_pool(exported.source)
    assert counted(summary["Counts"]["users"], "listed", "changed", "retired", "stored") == (5, 1, 1, 6)
    assert counted(summary["Counts"]["memberships"], "listed", "unchanged") == (5, 5)


# -- what is never retired ----------------------------------------------------------------------


@pytest.mark.parametrize("operation", ["ListUsers", "ListGroups", "ListUsersInGroup"])
def test_a_listing_that_fails_midway_retires_nothing(
    exported: Stack, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    # Given a pool of several pages that has lost users and a group, and a Region that goes away
    monkeypatch.setattr(reader, "PAGE", 2)
    pool = exported.source
    pool.remove("cyn")
    pool.remove("ann")
    pool.remove_group("nobody")
    before = in_the_backup(exported.table)
    # When the export runs into it
    with failing(clients.cognito(), operation, UNAVAILABLE, call=2), pytest.raises(CognitoUnavailable):
        Export(SECOND).plan_cleanup()
    # Then nothing is gone, and the next export repairs it
    assert in_the_backup(exported.table) == before
    Export(THIRD).run()
    assert in_the_backup(exported.table) == in_the_pool(pool)


@pytest.mark.parametrize("missed", [["ann"], ["ann", "bob"]], ids=["by its sub", "by another listing"])
def test_what_a_listing_missed_is_looked_for_again(exported: Stack, missed: list[str]) -> None:
    # Given a first listing that misses users, and one who is really gone
    exported.source.remove("cyn")
    export = Export(SECOND, {"AllowMassRetirement": True})
    with listing_shows("user_pages", lambda page: [user for user in page if user.username not in missed]):
        plan = export.plan_cleanup()
    assert plan["Counts"]["users"]["absent"] == len(missed) + 1
    # Then only the one who is gone is retired
    assert export.end(plan)["Counts"]["users"]["retired"] == 1
    assert in_the_backup(exported.table) == in_the_pool(exported.source)


def test_members_and_groups_that_a_listing_missed_are_looked_for_again(exported: Stack) -> None:
    export = Export(SECOND, {"AllowMassRetirement": True})
    with (
        listing_shows("group_pages", lambda page: [group for group in page if group.name != "ops"]),
        listing_shows("member_pages", lambda page: page[1:]),
    ):
        plan = export.plan_cleanup()
    assert (plan["Counts"]["groups"]["absent"], plan["Counts"]["memberships"]["absent"]) == (1, 3)
    summary = export.end(plan)
    assert [counts["retired"] for counts in summary["Counts"].values()] == [0, 0, 0]
    assert in_the_backup(exported.table) == in_the_pool(exported.source)


def test_a_confirmation_that_fails_retires_nothing(exported: Stack) -> None:
    exported.source.remove("cyn")
    exported.source.remove("dee")
    export = Export(SECOND)
    plan = export.plan_cleanup()
    before = in_the_backup(exported.table)
    with failing(clients.cognito(), "ListUsers", UNAVAILABLE), pytest.raises(CognitoUnavailable):
        export.retire(["users-ab"])
    assert in_the_backup(exported.table) == before
    assert export.end(plan)["Counts"]["users"]["retired"] == 2


def test_a_group_deleted_while_its_members_are_listed_is_left_to_the_next_export(exported: Stack) -> None:
    # Given a group that is deleted after the groups were listed
    export = Export(SECOND)
    export.begin()
    users, groups = export.users(), export.groups()
    exported.source.remove_group("staff")
    # When its members are listed
    plan = export.plan([users], groups, export.memberships(groups))
    # Then nothing of it is absent
    assert plan["Counts"]["memberships"]["absent"] == 0
    assert not plan["Retire"]
    export.end(plan)
    # And the next export finds the group gone
    summary = Export(THIRD, {"AllowMassRetirement": True}).run()
    assert summary["Counts"]["memberships"]["retired"] == 3
    assert in_the_backup(exported.table) == in_the_pool(exported.source)


def test_a_group_deleted_before_its_absences_are_confirmed_is_confirmed(exported: Stack) -> None:
    pool = exported.source
    pool.client.admin_remove_user_from_group(UserPoolId=pool.pool_id, Username="ann", GroupName="staff")
    export = Export(SECOND)
    plan = export.plan_cleanup()
    pool.remove_group("staff")
    assert export.end(plan)["Counts"]["memberships"]["retired"] == 1


def test_too_many_absences_retire_nothing_unless_an_operator_says_so(exported: Stack) -> None:
    # Given a pool that has lost half of its users
    for name in ("ann", "bob", "cyn"):
        exported.source.remove(name)
    before = in_the_backup(exported.table)
    # When it is exported, nothing is retired, and the ledger and the summary say so
    export = Export(SECOND)
    summary = export.run()
    assert summary["Status"] == "COMPLETED_WITHOUT_CLEANUP"
    assert "3 of 6 users" in export.ledger()["reason"]
    assert in_the_backup(exported.table) == before
    # And an operator may allow it
    assert Export(THIRD, {"AllowMassRetirement": True}).run()["Counts"]["users"]["retired"] == 3
    assert in_the_backup(exported.table) == in_the_pool(exported.source)


# -- attempts that are repeated -----------------------------------------------------------------


def test_listing_after_a_kill_at_any_write_ends_the_same(
    exported: Stack, make_table: Callable[[], BackupTable]
) -> None:
    # Given changes of every kind, and how an export of them ends undisturbed
    exported.source.change("ann", email="anna@example.com")
    exported.source.change("bob", email="bob@example.com")
    exported.source.add_group("new", Description="")
    exported.source.add("eve", groups=["ops", "new"])
    exported.source.remove("cyn")
    before = content(exported.table)

    def again(writes: int | None) -> tuple[dict[str, Counts], list[Item]]:
        table = make_table()
        table.put_all(before)
        counts = listed(table, writes)["Counts"]
        return counts, [unsummed(item) for item in content(table) if item["pk"] != "LOCK"]

    undisturbed = again(None)
    users = undisturbed[0]["users"]
    assert (users["added"], users["changed"], users["absent"]) == (1, 2, 1)
    # Then it ends the same wherever its states are killed
    for writes in range(5):
        assert again(writes) == undisturbed, f"killed after {writes} writes"


def test_an_invocation_tried_again_counts_what_it_counted_before(exported: Stack) -> None:
    exported.source.change("ann", email="anna@example.com")
    exported.source.add("eve", groups=["ops"])
    exported.source.remove("cyn")
    export = Export(SECOND)
    export.begin()
    assert export.users() == export.users()
    groups = export.groups()
    assert export.groups() == groups
    assert export.memberships(groups) == export.memberships(groups)


def test_retiring_tried_again_counts_what_it_counted_before(exported: Stack) -> None:
    # Given an invocation that retired everything, but whose answer was lost
    exported.source.remove("cyn")
    exported.source.remove("dee")
    exported.source.remove_group("nobody")
    export = Export(SECOND)
    plan = export.plan_cleanup()
    manifests = [name for portion in plan["Portions"] for name in portion["Absences"]]
    first = export.retire(manifests)
    assert first == {"users": 2, "groups": 1, "memberships": 1}
    # Then a second attempt says the same
    assert export.retire(manifests) == first


def test_a_user_who_left_between_two_attempts_of_a_first_export_does_not_trip_the_guard(stack: Stack) -> None:
    # Given a first export that was killed after it had written everything
    fill(stack.source)
    export = Export(FIRST)
    export.begin()
    export.users()
    # When a user leaves before the second attempt
    stack.source.remove("cyn")
    groups = export.groups()
    plan = export.plan([export.users()], groups, export.memberships(groups))
    # Then nobody whom an earlier export had kept is missing
    assert plan["Counts"]["users"]["stored"] == 0
    assert plan["Guard"] == ""
    export.end(plan)
    assert in_the_backup(stack.table) == in_the_pool(stack.source)


# -- the beginning and the end ------------------------------------------------------------------


def test_beginning_again_plans_the_same(stack: Stack) -> None:
    fill(stack.source)
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
