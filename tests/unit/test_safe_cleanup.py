"""What must never empty the backup: listings that say too little, and pools that lost too much."""

from __future__ import annotations

import random

import pytest

from lifeboat.export.cleanup import plan_cleanup
from lifeboat.export.tasks import CleanupPlan
from lifeboat.listing import HEX
from tests.unit.large_pools import PAGE, PagedReader
from tests.unit.test_resumed_export import SECOND, Exporting, people

PEOPLE = people(2_000)
PREFIXES = tuple(HEX)


def backed_up(prefixes: tuple[str, ...] = ("",)) -> Exporting:
    """The second export of a pool that is in the backup."""
    export = Exporting(PagedReader(PEOPLE), pages=1_000)
    export.users(*prefixes)
    return export.again(SECOND)


def planned(export: Exporting, prefixes: tuple[str, ...] = ("",), allow: bool = False) -> CleanupPlan:
    """What the export of users plans to retire; nothing is the matter with groups and memberships."""
    users = export.users(*prefixes)
    nothing = dict.fromkeys(users["Counts"], 0)
    return plan_cleanup(
        {
            "Run": {**export.run, "AllowMassRetirement": allow},
            "Users": [{"Counts": users["Counts"], "Absences": users["Absences"]}],
            "Groups": {"Counts": nothing, "Absences": []},  # type: ignore[typeddict-item]
            "Memberships": [],
        },
        10,
    )


def retired(export: Exporting, plan: CleanupPlan) -> int:
    return sum(export.retire(*portion["Absences"])["users"] for portion in plan["Portions"])


@pytest.mark.parametrize("ends", [0, PAGE, 1_000, 1_799])
def test_a_listing_that_silently_stops_early_is_more_than_the_guard_lets_pass(ends: int) -> None:
    export = backed_up()
    export.reader.stops = {"": ends}
    plan = planned(export)
    assert f"{2_000 - ends} of 2000 users" in plan["Guard"]
    assert (plan["Retire"], plan["Portions"]) == (False, [])


@pytest.mark.parametrize(
    ("ends", "allow"),
    [(1_990, False), (1_801, False), (100, True)],
    ids=["by their subs", "by a second listing", "even if an operator allows it"],
)
def test_what_a_listing_that_stopped_early_did_not_show_is_found_again(ends: int, allow: bool) -> None:
    # Given a listing that stops so late that the guard lets it pass, or whose guard is switched off
    export = backed_up()
    export.reader.stops = {"": ends}
    plan = planned(export, allow=allow)
    assert plan["Counts"]["users"]["absent"] == 2_000 - ends
    assert plan["Retire"]
    # Then nobody is retired, because everybody is found
    export.reader.stops = {}
    assert retired(export, plan) == 0
    assert export.table.subs("users") == sorted(PEOPLE)


def test_a_listing_that_stops_early_twice_is_not_believed() -> None:
    # Given a listing that stops a little early, each time at the same place
    export = backed_up()
    export.reader.stops = {"": 1_850}
    plan = planned(export)
    assert plan["Counts"]["users"]["absent"] == 150
    assert plan["Retire"]
    # Then those missing from both are looked for by their subs, and nobody is retired
    assert retired(export, plan) == 0
    assert export.table.subs("users") == sorted(PEOPLE)


def test_a_shard_that_returns_nothing_retires_nobody() -> None:
    # Given 16 shards, of which one, about 6 % of the pool and so below the guard, is listed as empty
    export = backed_up(PREFIXES)
    export.reader.stops = {"7": 0}
    plan = planned(export, PREFIXES)
    of_shard = [sub for sub in PEOPLE if sub.startswith("7")]
    assert plan["Counts"]["users"]["absent"] == len(of_shard) > 60
    assert plan["Guard"] == ""
    # Then the shard is listed once more
    export.reader.asked.clear()
    export.reader.stops = {}
    assert retired(export, plan) == 0
    assert {prefix for prefix, _ in export.reader.asked} == {"7"}
    assert export.table.subs("users") == sorted(PEOPLE)


def test_two_shards_that_return_nothing_are_more_than_the_guard_lets_pass() -> None:
    export = backed_up(PREFIXES)
    export.reader.stops = {"7": 0, "c": 0}
    assert "of 2000 users" in planned(export, PREFIXES)["Guard"]


def test_a_pool_emptied_by_accident_keeps_its_backup_until_an_operator_says_otherwise() -> None:
    export = backed_up()
    export.reader.people = []
    plan = planned(export)
    assert "2000 of 2000 users" in plan["Guard"]
    assert plan["Portions"] == []
    allowed = planned(export.again("2026-03-03T12:00:00.000Z"), allow=True)
    assert retired(export, allowed) == 2_000


def test_pages_may_come_in_any_order_and_entries_twice() -> None:
    export = backed_up()
    shuffled = [*PEOPLE, *PEOPLE[:100]]
    random.Random(3).shuffle(shuffled)
    export.reader.people = shuffled
    written = export.table.writes
    plan = planned(export)
    counts = plan["Counts"]["users"]
    assert (counts["listed"], counts["unchanged"], counts["absent"]) == (2_000, 2_000, 0)
    assert export.table.writes == written


def test_who_is_created_or_deleted_while_the_export_runs_is_backed_up_or_left_to_the_next() -> None:
    # Given a pool from which a user is deleted, and to which one is added, between two pages
    export = backed_up()
    deleted_late, deleted_early, created = PEOPLE[0], PEOPLE[1_900], people(1, 5_000)[0]
    pages = 0

    def change() -> None:
        nonlocal pages
        pages += 1
        if pages == 5:
            now = [sub for sub in export.reader.people if sub not in (deleted_late, deleted_early)]
            export.reader.people[:] = [*now, created]  # type: ignore[index]

    export.reader.people = list(PEOPLE)
    export.reader.between = change
    plan = planned(export)
    # Then who moved to a page that was listed before is looked for, and found
    retired(export, plan)
    there = set(export.table.subs("users"))
    assert created in there
    assert deleted_early not in there
    assert set(export.reader.people) <= there
    # And who was deleted behind the listing's back stays until the next export
    assert there - set(export.reader.people) == {deleted_late}
    third = export.again("2026-03-03T12:00:00.000Z")
    assert retired(third, planned(third)) == 1
    assert export.table.subs("users") == sorted(export.reader.people)
