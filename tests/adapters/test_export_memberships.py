"""The export of groups and memberships: what goes with a group, and what a listing missed."""

from __future__ import annotations

from tests.adapters.exports import FIRST, SECOND, THIRD, counted, in_the_backup, in_the_pool
from tests.adapters.pools import listing_shows
from tests.adapters.stack import Export, Stack


def test_a_group_that_is_gone_takes_its_memberships_along(exported: Stack) -> None:
    exported.source.remove_group("ops")
    summary = Export(SECOND).run()
    assert in_the_backup(exported.table) == in_the_pool(exported.source)
    assert (summary["Counts"]["groups"]["retired"], summary["Counts"]["memberships"]["retired"]) == (1, 1)


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
