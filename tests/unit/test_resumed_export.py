"""Listings that do not end within one invocation go on where they were left, and end as if they had."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from lifeboat.errors import CognitoRefused
from lifeboat.export import memberships
from lifeboat.export.absences import Absences
from lifeboat.export.cleanup import Retirement, plan_cleanup
from lifeboat.export.groups import GroupExport
from lifeboat.export.memberships import MembershipExport
from lifeboat.export.places import MOST_AGAIN, Places, Slices
from lifeboat.export.tasks import CleanupPlan, GroupsTask, MembershipsTask, RetireTask, Run, UsersTask
from lifeboat.export.users import UserExport
from lifeboat.store.versions import VersionWriter
from tests.unit.fakes import MemoryBucket
from tests.unit.large_pools import PAGE, Budget, MemoryTable, PagedReader, made_up

FIRST, SECOND = "2026-03-01T12:00:00.000Z", "2026-03-02T12:00:00.000Z"
PAGES = 7
"""What one invocation comes to."""


@dataclass
class Exporting:
    """Exports of a pool whose invocations end after PAGES pages each, unless it says otherwise."""

    reader: PagedReader
    table: MemoryTable = field(default_factory=MemoryTable)
    bucket: MemoryBucket = field(default_factory=MemoryBucket)
    at: str = FIRST
    pages: int = PAGES
    lanes: int = 1
    estimated: int = 1_000
    before: Callable[[], None] = lambda: None
    states: list[Any] = field(default_factory=list)

    @property
    def run(self) -> Run:
        return {
            "ExportId": self.at,
            "At": self.at,
            "ExecutionArn": "arn",
            "Workers": 1,
            "AllowMassRetirement": True,
            "EstimatedUsers": self.estimated,
            "CaptureMfa": False,
        }

    def again(self, at: str) -> Exporting:
        """The next export of the same pool into the same table."""
        return Exporting(
            self.reader, self.table, self.bucket, at, self.pages, self.lanes, self.estimated, self.before
        )

    def invoke(self, call: Callable[[Any, Budget], Any], task: Any) -> Any:
        """Call until it is finished, each time with the pages of one invocation."""
        while not task.get("Finished"):
            self.before()
            self.reader.budget.left = self.pages
            task = call(task, self.reader.budget)
            self.states.append(task)
        return task

    def parts(self) -> tuple[Absences, Places, VersionWriter]:
        return (
            Absences(self.bucket, self.at),
            Places(self.bucket, self.at),
            VersionWriter(self.table, self.at, 35),
        )

    def users(self, *prefixes: str) -> UsersTask:
        export = UserExport(self.table, self.reader, *self.parts(), self.at, False, self.lanes)
        task: UsersTask = {"Run": self.run, "Prefixes": list(prefixes or ("",))}
        result: UsersTask = self.invoke(export.export, task)
        return result

    def groups(self) -> GroupsTask:
        export = GroupExport(self.table, self.reader, *self.parts(), self.at)
        task: GroupsTask = {"Run": self.run, "Left": 0}
        result: GroupsTask = self.invoke(export.export, task)
        return result

    def members(self) -> list[MembershipsTask]:
        export = MembershipExport(self.table, self.reader, *self.parts(), self.at, self.lanes, self.estimated)
        return [
            self.invoke(export.export, {"Run": self.run, **portion}) for portion in self.groups()["Portions"]
        ]

    def retire(self, *absences: str) -> dict[str, int]:
        absent, places, writer = self.parts()
        retirement = Retirement(self.reader, absent, places, writer)
        task: RetireTask = {"Run": self.run, "Absences": list(absences)}
        result: RetireTask = self.invoke(retirement.retire, task)
        return result["Retired"]

    def plan(self, users: UsersTask, members: list[MembershipsTask]) -> CleanupPlan:
        groups = self.groups()
        return plan_cleanup(
            {
                "Run": self.run,
                "Users": [{"Counts": users["Counts"], "Absences": users["Absences"]}],
                "Groups": {"Counts": groups["Counts"], "Absences": groups["Absences"]},
                "Memberships": [{"Counts": each["Counts"], "Absences": each["Absences"]} for each in members],
            },
            10,
        )


def people(number: int, first: int = 0) -> list[str]:
    return [made_up(each) for each in range(first, first + number)]


@pytest.fixture(params=[1, 3], ids=["one lane", "three lanes"])
def lanes(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
def little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if a group of a few hundred were one of a few hundred thousand."""
    monkeypatch.setattr(memberships, "SEEN_SUBS", 100)
    monkeypatch.setattr(memberships, "MANIFEST_SUBS", 90)
    monkeypatch.setattr("lifeboat.export.absences.MANIFEST_SUBS", 90)
    monkeypatch.setattr(memberships, "LOOK_UP", 40)
    monkeypatch.setattr("lifeboat.export.places.SLICE_USERS", 100)


# -- users --------------------------------------------------------------------------------------


def test_a_listing_of_users_goes_on_at_its_next_page(lanes: int) -> None:
    reader = PagedReader(people(2_000))
    export = Exporting(reader, lanes=lanes)
    task = export.users("0", "1", "8", "f")
    listed = [sub for sub in reader.people if sub[0] in "018f"]
    assert export.table.subs("users") == sorted(listed)
    assert (task["Counts"]["listed"], task["Counts"]["added"], task["Absences"]) == (
        len(listed),
        len(listed),
        [],
    )
    # And no page was listed twice, though it took several invocations
    assert len(reader.asked) == len(set(reader.asked))
    assert len(export.states) > 1
    # Whose answers have the names of prefixes in them, and no user and no token
    assert all(each.keys() <= {"0", "1", "8", "f"} for each in (state["Left"] for state in export.states))


def test_only_behind_the_last_page_is_anybody_absent(lanes: int) -> None:
    export = Exporting(PagedReader(people(1_000)), lanes=lanes)
    export.users()
    gone = set(export.reader.people[3::100])
    export.reader.people = [sub for sub in export.reader.people if sub not in gone]
    second = export.again(SECOND)
    task = second.users()
    assert [state["Absences"] for state in second.states[:-1]] == [[]] * (len(second.states) - 1)
    assert len(second.states) > 1
    assert second.parts()[0].get(*task["Absences"])[0]["subs"] == sorted(gone)
    assert (task["Counts"]["stored"], task["Counts"]["absent"], task["Counts"]["unchanged"]) == (
        1_000,
        10,
        990,
    )


@pytest.mark.parametrize("kind", ["users", "members", "groups"])
def test_a_listing_whose_token_is_refused_begins_again_and_counts_once(kind: str) -> None:
    subs = people(1_000)
    reader = PagedReader(subs, {f"group-{number:03}": subs[:number] for number in range(600)})
    if kind == "members":
        reader.of_groups = {"all": subs}
    reader.refused = [str(PAGES * PAGE)]
    export = Exporting(reader)
    if kind == "users":
        counts = export.users()["Counts"]
    elif kind == "members":
        counts = export.members()[0]["Counts"]
    else:
        counts = export.groups()["Counts"]
    expected = 600 if kind == "groups" else 1_000
    assert (counts["listed"], counts["added"], counts["stored"], counts["absent"]) == (
        expected,
        expected,
        0,
        0,
    )
    assert reader.refused == []
    listing = {"users": "", "members": "all", "groups": "groups"}[kind]
    assert reader.asked.count((listing, "0")) == 2


def test_a_listing_whose_tokens_are_all_refused_fails_in_the_end() -> None:
    reader = PagedReader(people(1_000))
    reader.refused = [str(PAGES * PAGE)] * (MOST_AGAIN + 1)
    with pytest.raises(CognitoRefused):
        Exporting(reader).users()


def test_an_invocation_that_is_tried_again_goes_on_from_the_same_place() -> None:
    # Given an export of which every invocation is carried out twice, because the first answer is lost
    subs = people(1_000)
    export = Exporting(PagedReader(subs))
    whole = UserExport(export.table, export.reader, *export.parts(), FIRST, False, 1)

    def twice(task: UsersTask, deadline: Budget) -> UsersTask:
        whole.export(task, deadline)
        deadline.left = PAGES
        return whole.export(task, deadline)

    task = export.invoke(twice, {"Run": export.run, "Prefixes": [""]})
    assert export.table.subs("users") == sorted(subs)
    assert (task["Counts"]["listed"], task["Counts"]["added"]) == (1_000, 1_000)


# -- groups and their members -------------------------------------------------------------------


def test_ten_thousand_groups_are_listed_in_several_invocations() -> None:
    reader = PagedReader(groups={f"group-{number:05}": () for number in range(10_000)})
    export = Exporting(reader, pages=50)
    task = export.groups()
    assert len(export.states) == 4
    assert all(state.keys() == {"Run", "Left", "Finished"} for state in export.states[:-1])
    assert (task["Counts"]["listed"], task["Counts"]["added"]) == (10_000, 10_000)


@pytest.mark.parametrize("estimated", [50, 1_500, 100_000], ids=["one slice", "16 slices", "256 slices"])
def test_a_group_of_any_size_is_compared_whole(little_memory: None, lanes: int, estimated: int) -> None:
    # Given a group that takes several invocations, and two small ones
    groups = {"all": people(1_000), "some": people(150, 500), "none": []}
    export = Exporting(PagedReader(groups=groups), lanes=lanes, estimated=estimated)
    first = export.members()
    members = [(item["member_of"], item["sub"]) for item in export.table._of("memberships")]
    assert sorted(members) == sorted((name, sub) for name, subs in groups.items() for sub in subs)
    assert first[0]["Counts"]["added"] == 1_150
    # When some of its members are others the next time, and pages come in another order
    gone, new = people(130, 100), people(70, 1_000)
    left = [sub for sub in groups["all"] if sub not in gone] + new
    random.Random(1).shuffle(left)
    export.reader.of_groups = {**groups, "all": left}
    second = export.again(SECOND)
    written = export.table.writes
    (task,) = second.members()
    # Then they are added, and nothing else is written
    counts = task["Counts"]
    assert (counts["listed"], counts["added"], counts["unchanged"]) == (1_090, 70, 1_020)
    assert (counts["stored"], counts["absent"]) == (1_150, 130)
    assert export.table.writes - written == 70
    # And exactly those who are gone are absent, and retired
    absent = [
        (each["group"], sub)
        for name in task["Absences"]
        for each in second.parts()[0].get(name)
        for sub in each["subs"]
    ]
    assert sorted(absent) == sorted(("all", sub) for sub in gone)
    assert second.retire(*task["Absences"])["memberships"] == 130
    there = [str(item["sub"]) for item in export.table._of("memberships") if item["member_of"] == "all"]
    assert sorted(there) == sorted(left)


def test_a_large_group_needs_little_state_and_little_memory(little_memory: None) -> None:
    export = Exporting(PagedReader(groups={"all": people(2_000)}), estimated=2_000)
    export.members()
    left = [state for state in export.states if "Portion" in state]
    assert len(left) > 3
    assert all(state["Left"].keys() <= {"0"} and state["Next"] == 1 for state in left)
    parts = [text for key, text in export.bucket.objects.items() if "/seen/" in key]
    assert max(text.count(",") for text in parts) < 100 + PAGE


def test_a_group_that_was_deleted_with_its_5000_members_is_retired_with_them() -> None:
    # Given a large pool of which one group of 5,000 members is deleted
    groups = {"kept": people(10_000), "deleted": people(5_000)}
    export = Exporting(PagedReader(groups=groups), pages=100)
    export.members()
    del export.reader.of_groups["deleted"]
    # When it is exported again
    second = export.again(SECOND)
    members = second.members()
    plan = second.plan(second.users(), members)
    assert plan["Counts"]["memberships"]["absent"] == 5_000
    assert plan["Counts"]["groups"]["absent"] == 1
    retired = [second.retire(*portion["Absences"]) for portion in plan["Portions"]]
    # Then the group and its memberships are gone from the backup, and in its history
    assert retired == [{"users": 0, "groups": 1, "memberships": 5_000}]
    assert {item["member_of"] for item in export.table._of("memberships")} == {"kept"}
    history = [item for key, item in export.table.content.items() if key.pk.startswith("HISTORY#")]
    assert len(history) == 5_001
    assert {item["valid_to"] for item in history} == {SECOND}


def test_a_group_that_the_listing_of_groups_missed_is_compared_like_the_others() -> None:
    groups = {"seen": people(100), "missed": people(300)}
    export = Exporting(PagedReader(groups=groups))
    export.members()
    second = export.again(SECOND)
    task = second.groups()
    names = second.parts()[0].group_names(0)
    second.parts()[0].put_group_names(0, {"listed": ["seen"], "gone": ["missed"]})
    assert names == {"listed": ["seen", "missed"], "gone": []}
    whole = MembershipExport(export.table, export.reader, *second.parts(), SECOND, 1, 1_000)
    result = second.invoke(whole.export, {"Run": second.run, **task["Portions"][0]})
    assert (result["Counts"]["unchanged"], result["Counts"]["absent"]) == (400, 0)


def test_a_group_that_is_deleted_between_two_pages_is_left_to_the_next_export(little_memory: None) -> None:
    groups = {"all": people(1_000)}
    export = Exporting(PagedReader(groups=groups))
    export.members()
    second = export.again(SECOND)
    second.groups()
    calls = 0

    def delete_before_the_second_call() -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            export.reader.of_groups.clear()

    second.before = delete_before_the_second_call
    whole = MembershipExport(export.table, export.reader, *second.parts(), SECOND, 1, 1_000)
    task = second.invoke(whole.export, {"Run": second.run, "Portion": 0, "Next": 0})
    assert (task["Counts"]["stored"], task["Counts"]["absent"], task["Absences"]) == (1_000, 0, [])
    assert len(export.table.subs("memberships")) == 1_000


def test_a_group_emptied_in_a_pool_that_shrank_is_noted_in_manifests_of_bounded_size(
    little_memory: None,
) -> None:
    # Given a group of which nobody is left, in a pool of which the estimate knows that
    export = Exporting(PagedReader(groups={"all": people(1_000)}), estimated=1_000)
    export.members()
    export.reader.of_groups["all"] = []
    second = export.again(SECOND)
    second.estimated = 0
    (task,) = second.members()
    sizes = [sum(len(each["subs"]) for each in second.parts()[0].get(name)) for name in task["Absences"]]
    assert (sum(sizes), task["Counts"]["absent"]) == (1_000, 1_000)
    assert len(sizes) > 1


# -- the cleanup --------------------------------------------------------------------------------


@pytest.mark.parametrize("absent", [3, 400], ids=["by their subs", "by a second listing"])
def test_a_confirmation_goes_on_where_it_was_left(absent: int) -> None:
    # Given users of whom some left, and some were only missed
    subs = people(1_000)
    export = Exporting(PagedReader(subs), pages=2)
    export.users()
    there, gone = subs[:absent:2], subs[1:absent:2]
    export.reader.people = [sub for sub in subs if sub not in gone]
    second = export.again(SECOND)
    name = second.parts()[0].put_users([{"prefix": "", "listed": 600, "subs": sorted(there + gone)}])
    # When it is looked for them in several invocations
    assert second.retire(name)["users"] == len(gone)
    assert len(second.states) > 1
    # Then those who are there stay
    assert export.table.subs("users") == sorted(set(subs) - set(gone))


def test_a_second_listing_whose_token_is_refused_begins_again() -> None:
    subs = people(1_000)
    export = Exporting(PagedReader(subs), pages=2)
    export.users()
    export.reader.people = subs[:900]
    export.reader.refused = [str(2 * PAGE)]
    second = export.again(SECOND)
    name = second.parts()[0].put_users([{"prefix": "", "listed": 100, "subs": sorted(subs)}])
    assert second.retire(name)["users"] == 100
    assert export.table.subs("users") == sorted(subs[:900])


def test_absent_groups_are_looked_for_in_several_invocations() -> None:
    names = [f"group-{number:02}" for number in range(20)]
    export = Exporting(PagedReader(groups=dict.fromkeys(names, ())), pages=4)
    export.groups()
    for name in names[5:]:
        del export.reader.of_groups[name]
    second = export.again(SECOND)
    assert second.retire(second.parts()[0].put_groups(names))["groups"] == 15
    assert len(second.states) > 1
    assert list(export.table.stored_groups()) == names[:5]


# -- slices -------------------------------------------------------------------------------------


@pytest.mark.parametrize("users", [0, 100_000, 100_001, 2_000_000, 40_000_000])
def test_every_text_lies_in_the_slice_whose_bounds_it_is_between(users: int) -> None:
    slices = Slices(users)
    assert len(slices) in (1, 16, 256)
    assert users / len(slices) < 160_000
    texts = [*people(500), "", "0", "00", "zz", "é", "F", "ff", "fff", "-", "9:"]
    for text in texts:
        number = slices.of(text)
        assert slices.begin(number) <= text
        assert not slices.end(number) or text < slices.end(number)
    dealt = slices.dealt(texts)
    assert sorted(text for piece in dealt for text in piece) == sorted(texts)
