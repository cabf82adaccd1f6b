"""Whether anything may be retired: counts added up, the guard, and the dealing out."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeboat.export.cleanup import plan_cleanup
from lifeboat.export.counts import Counts, count_change, no_counts, total
from lifeboat.export.tasks import CleanupTask, Run
from lifeboat.store.items import Change

RUN: Run = {
    "ExportId": "an-export",
    "At": "2026-03-01T12:00:00.000Z",
    "ExecutionArn": "arn:aws:states:eu-west-1:123456789012:execution:Export:one",
    "Workers": 3,
    "AllowMassRetirement": False,
    "EstimatedUsers": 0,
    "CaptureMfa": False,
}


def counts(absent: int = 0, stored: int = 0) -> Counts:
    return {**no_counts(), "absent": absent, "stored": stored}


def task(
    users: Counts | None = None,
    groups: Counts | None = None,
    memberships: Counts | None = None,
    allow: bool = False,
    manifests: tuple[str, ...] = ("users-", "groups", "memberships-0-0"),
) -> CleanupTask:
    """What the listing came to, with each kind's counts in one part and nothing in another."""
    return {
        "Run": {**RUN, "AllowMassRetirement": allow},
        "Users": [
            {
                "Counts": users or counts(),
                "Absences": [name for name in manifests if name.startswith("users")],
            },
            {"Counts": counts(), "Absences": []},
        ],
        "Groups": {
            "Counts": groups or counts(),
            "Absences": [name for name in manifests if name == "groups"],
        },
        "Memberships": [
            {
                "Counts": memberships or counts(),
                "Absences": [name for name in manifests if name.startswith("memberships")],
            }
        ],
    }


@given(
    st.integers(0, 100), st.integers(0, 2000), st.data(), st.sampled_from(["users", "groups", "memberships"])
)
def test_the_guard_trips_on_strictly_more_than_the_percentage(
    percent: int, stored: int, data: st.DataObject, kind: str
) -> None:
    absent = data.draw(st.integers(0, stored))
    of_kind = {kind: counts(absent, stored)}
    plan = plan_cleanup(
        task(of_kind.get("users"), of_kind.get("groups"), of_kind.get("memberships")), percent
    )
    more = stored > 0 and Fraction(absent, stored) > Fraction(percent, 100)
    assert bool(plan["Guard"]) == more
    assert plan["Retire"] == (not more)


@pytest.mark.parametrize(("absent", "retire"), [(10, True), (11, False)])
def test_ten_percent_of_a_hundred_is_ten(absent: int, retire: bool) -> None:
    assert plan_cleanup(task(users=counts(absent, 100)), 10)["Retire"] is retire


def test_the_first_export_trips_nothing() -> None:
    assert plan_cleanup(task(), 0)["Guard"] == ""


def test_the_guard_says_what_was_not_listed_and_what_to_do() -> None:
    plan = plan_cleanup(task(users=counts(50, 100), groups=counts(1, 2), memberships=counts(1, 100)), 10)
    assert "50 of 100 users in the backup were not listed" in plan["Guard"]
    assert "1 of 2 groups" in plan["Guard"]
    assert "memberships" not in plan["Guard"]
    assert "MaxRetirePercent (10 %)" in plan["Guard"]
    assert '{"AllowMassRetirement": true}' in plan["Guard"]


def test_one_kind_over_the_percentage_spares_all() -> None:
    plan = plan_cleanup(task(users=counts(1, 100), memberships=counts(90, 100)), 10)
    assert plan["Guard"]
    assert plan["Portions"] == []


@given(st.integers(0, 100), st.integers(0, 100))
def test_an_operator_may_allow_it(absent: int, percent: int) -> None:
    plan = plan_cleanup(task(users=counts(absent, 100), allow=True), percent)
    assert plan["Guard"] == ""
    assert plan["Retire"]


@given(st.integers(1, 40), st.integers(1, 20))
def test_every_manifest_is_dealt_out_once(number: int, workers: int) -> None:
    names = tuple(f"users-{each:02}" for each in range(number))
    cleanup = task(manifests=(*names, "groups", "memberships-0-0"))
    cleanup["Run"]["Workers"] = workers
    plan = plan_cleanup(cleanup, 10)
    dealt = [name for portion in plan["Portions"] for name in portion["Absences"]]
    assert sorted(dealt) == sorted([*names, "groups", "memberships-0-0"])
    assert len(plan["Portions"]) <= workers


def test_nothing_absent_is_nothing_to_retire() -> None:
    plan = plan_cleanup(task(users=counts(0, 100), manifests=()), 10)
    assert (plan["Guard"], plan["Retire"], plan["Portions"]) == ("", False, [])


def test_the_counts_of_all_parts_are_added_up() -> None:
    cleanup = task(users=counts(1, 100), groups=counts(0, 5), memberships=counts(2, 300))
    cleanup["Users"].append({"Counts": {**counts(3, 200), "listed": 197, "added": 7}, "Absences": []})
    cleanup["Memberships"].append({"Counts": {**counts(4, 50), "unchanged": 46}, "Absences": []})
    plan = plan_cleanup(cleanup, 10)
    assert plan["Counts"] == {
        "users": {**counts(4, 300), "listed": 197, "added": 7},
        "groups": counts(0, 5),
        "memberships": {**counts(6, 350), "unchanged": 46},
    }


@given(st.lists(st.sampled_from([Change.ADDED, Change.CHANGED, None])))
def test_every_listed_item_is_counted_once_more_by_what_became_of_it(changes: list[Change | None]) -> None:
    counted = no_counts()
    for change in changes:
        count_change(counted, change)
    assert counted["listed"] == len(changes)
    assert counted["added"] == changes.count(Change.ADDED)
    assert counted["changed"] == changes.count(Change.CHANGED)
    assert counted["unchanged"] == changes.count(None)


@given(st.lists(st.fixed_dictionaries({name: st.integers(0, 1000) for name in no_counts()}), max_size=5))
def test_a_total_is_the_sum_name_by_name(parts: list[dict[str, int]]) -> None:
    summed = total(parts)  # type: ignore[arg-type]
    assert dict(summed) == {name: sum(part[name] for part in parts) for name in no_counts()}
