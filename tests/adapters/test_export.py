"""The export of a whole small pool: what is written, what is kept, what is retired and what never is."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import TypeVar

import pytest

from lifeboat.aws import clients
from lifeboat.cognito import reader
from lifeboat.errors import CognitoUnavailable
from lifeboat.export import assembly
from lifeboat.export.counts import Counts
from lifeboat.export.tasks import CleanupPlan
from lifeboat.store.items import Item
from lifeboat.store.keys import group_key, history_key, membership_key, user_key
from lifeboat.store.table import BackupTable
from tests.adapters.dying import DyingTable, Killed, content
from tests.adapters.exports import (
    FIRST,
    SECOND,
    THIRD,
    UNAVAILABLE,
    counted,
    fill_varied,
    history,
    in_the_backup,
    in_the_pool,
)
from tests.adapters.pools import SHARD, failing, listing_shows
from tests.adapters.stack import Export, Stack
from tests.unit.examples import OVER

T = TypeVar("T")


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
    fill_varied(stack.source)
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


def test_a_user_listed_twice_counts_once(stack: Stack) -> None:
    fill_varied(stack.source)
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
    fill_varied(stack.source)
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
