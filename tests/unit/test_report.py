"""The reconciliation report: what came back, what did not and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lifeboat.model import Group
from lifeboat.restore.comparison.expectation import Files
from lifeboat.restore.report import NEVER_RESTORABLE, Reconciliation, complete
from lifeboat.restore.tasks import Verified
from lifeboat.store.outcomes import Lane, Outcome, State
from tests.unit.fakes import KnownOutcomes, KnownTable, MemoryBucket

STAFF = Group("staff", "Who works here", 1, "arn:aws:iam::123456789012:role/staff")


class World:
    """An import whose verification is over."""

    def __init__(self) -> None:
        self.bucket = MemoryBucket()
        self.files = Files(self.bucket, "an-import", 2)
        self.parts: list[Verified] = []
        self.groups_there([STAFF])

    def verified(self, equal: int = 0, memberships: int = 0, **lists: Any) -> None:
        """Add one verified part with its lists of different, missing and unexpected users."""
        number = len(self.parts)
        content = {"different": [], "missing": [], "unexpected": [], **lists}
        self.bucket.put_document(f"{self.files.folder}/verified/{number:05}.json", content)
        self.parts.append(
            {
                "Bucket": number,
                "Equal": equal,
                "Different": len(content["different"]),
                "Missing": len(content["missing"]),
                "Unexpected": len(content["unexpected"]),
                "Memberships": memberships,
            }
        )

    def groups_there(self, groups: list[Group]) -> None:
        """What the listing of the new pool's groups found."""
        self.bucket.put_document(
            f"{self.files.folder}/groups.json",
            [[each.name, each.description, each.precedence, each.role_arn] for each in groups],
        )

    def left_out(self, *entries: dict[str, Any]) -> None:
        self.bucket.put_lines(f"{self.files.folder}/left-out/3f.jsonl.gz", entries)

    def report(
        self,
        *outcomes: Outcome,
        groups: tuple[Group, ...] = (STAFF,),
        arn_map: Mapping[str, str] = {},
    ) -> dict[str, Any]:
        table = KnownTable(*groups)
        known = KnownOutcomes(*outcomes)
        return Reconciliation(table, self.files, known, arn_map).report(self.parts)


def different(sub: str, *fields: str) -> dict[str, Any]:
    return {"sub": sub, "new_sub": f"new-{sub}", "fields": list(fields)}


def test_when_everything_is_equal_the_import_is_complete() -> None:
    world = World()
    world.verified(equal=3, memberships=2)
    world.verified(equal=4, memberships=5)
    report = world.report(Outcome("a", State.CREATED))
    assert complete(report)
    assert report["totals"] == {
        "users": {"in_backup": 7, "restored": 7, "different": 0, "failed": 0, "unexpected": 0},
        "memberships": {"restored": 7, "at_sign_in": 0},
        "groups": {"in_backup": 1, "different": 0},
    }


def test_a_missing_user_is_named_with_its_reason() -> None:
    world = World()
    world.verified(equal=1, missing=["c", "b"])
    report = world.report(Outcome("b", State.FAILED, "AdminCreateUser: AliasExistsException"))
    assert not complete(report)
    assert report["failed"] == [
        {"sub": "b", "reason": "AdminCreateUser: AliasExistsException"},
        {"sub": "c", "reason": "never handled: look into the dead-letter queues"},
    ]
    assert report["totals"]["users"]["in_backup"] == 3


def test_a_different_user_is_named_with_its_fields_and_the_reason_if_there_is_one() -> None:
    world = World()
    world.verified(different=[different("b", "not in group staff")])
    world.verified(different=[different("a", "enabled")])
    report = world.report(
        Outcome("b", State.CREATED, update_failures={0: "AdminAddUserToGroup: ResourceNotFoundException"})
    )
    assert not complete(report)
    assert report["different"] == [
        {**different("a", "enabled"), "reason": ""},
        {
            **different("b", "not in group staff"),
            "reason": "AdminAddUserToGroup: ResourceNotFoundException",
        },
    ]


def test_a_user_that_failed_but_came_back_as_it_was_is_restored() -> None:
    world = World()
    world.verified(equal=1)
    assert complete(world.report(Outcome("a", State.CREATED, update_failures={0: "given up"})))


def test_users_that_nobody_expected_are_named_but_are_no_failure() -> None:
    world = World()
    world.verified(equal=1, unexpected=["new"])
    report = world.report()
    assert complete(report)
    assert report["unexpected"] == ["new"]


def test_groups_that_are_missing_or_differ_are_named() -> None:
    world = World()
    world.verified()
    world.groups_there([Group("staff", "Who works here", 0, STAFF.role_arn)])
    report = world.report(groups=(STAFF, Group("ops")))
    assert not complete(report)
    assert report["different_groups"] == [
        {"group": "staff", "fields": ["precedence"]},
        {"group": "ops", "fields": ["missing"]},
    ]
    assert report["unexpected_groups"] == []


def test_groups_that_nobody_expected_are_named_but_are_no_failure() -> None:
    world = World()
    world.verified()
    world.groups_there([Group("visitors"), STAFF, Group("guests")])
    report = world.report()
    assert complete(report)
    assert (report["different_groups"], report["unexpected_groups"]) == ([], ["guests", "visitors"])


def test_a_groups_role_is_the_one_that_the_input_maps_it_to() -> None:
    world = World()
    world.verified()
    here = "arn:aws:iam::123456789012:role/staff-here"
    world.groups_there([Group("staff", STAFF.description, STAFF.precedence, here)])
    assert complete(world.report(arn_map={str(STAFF.role_arn): here}))
    assert world.report()["different_groups"] == [{"group": "staff", "fields": ["role_arn"]}]


def test_lanes_are_counted_and_the_api_lane_is_explained() -> None:
    world = World()
    world.verified(equal=6)
    report = world.report(
        Outcome("a", State.CREATED, lane=Lane.CSV),
        Outcome("b", State.CREATED, lane=Lane.API, lane_reason="status UNCONFIRMED"),
        Outcome("c", State.CREATED, lane=Lane.API, lane_reason="an empty value"),
        Outcome("d", State.CREATED, lane=Lane.API, lane_reason="an empty value"),
        Outcome("e", State.CREATED, lane=Lane.API),
        Outcome("f", State.FAILED, "refused"),
    )
    assert report["lanes"] == {
        "csv": 1,
        "api": 4,
        "why_api": {"an empty value": 2, "status UNCONFIRMED": 1, "not known": 1},
    }
    assert next(iter(report["lanes"]["why_api"])) == "an empty value", "the most frequent comes first"
    assert World().report()["lanes"] == {"csv": 0, "api": 0, "why_api": {}}


def test_what_no_api_recreates_is_listed_and_is_no_failure() -> None:
    world = World()
    world.verified(equal=2)
    world.left_out(
        {"sub": "b", "why": "federated profile", "memberships": 2},
        {"sub": "a", "why": "federated profile", "memberships": 1},
        {"sub": "c", "why": "status UNCONFIRMED", "memberships": 0},
        {"sub": "d", "why": "status FORCE_CHANGE_PASSWORD, verified address", "memberships": 0},
        {"sub": "e", "why": "status FORCE_CHANGE_PASSWORD", "memberships": 0},
        {"sub": "e", "why": "authenticator", "memberships": 0},
    )
    report = world.report()
    listed = report["not_restorable"]
    assert complete(report)
    assert listed.keys() == NEVER_RESTORABLE.keys() | {
        "federated_profiles",
        "status_unconfirmed",
        "invitations",
        "temporary_passwords",
    }
    assert listed["federated_profiles"]["subs"] == ["a", "b"]
    assert (listed["federated_profiles"]["users"], listed["federated_profiles"]["memberships"]) == (2, 3)
    assert listed["status_unconfirmed"]["subs"] == ["c"]
    assert listed["invitations"]["subs"] == ["d"]
    assert listed["temporary_passwords"]["subs"] == ["e"]
    assert (listed["totp_seeds"]["users"], listed["totp_seeds"]["subs"]) == (1, ["e"])
    assert {name: listed[name]["users"] for name in NEVER_RESTORABLE if name != "totp_seeds"} == {
        "passwords": 2,
        "subs": 2,
        "dates": 2,
        "passkeys": "unknown",
        "remembered_devices": "unknown",
    }
    assert all(entry["why"] for entry in listed.values())


def test_users_are_counted_by_the_status_they_had() -> None:
    world = World()
    confirmed = {"equal": 5, "disabled": 2, "linked": 1}
    world.verified(
        equal=5,
        missing=["c"],
        kinds={"CONFIRMED": confirmed, "UNCONFIRMED": {}},
        kind_of={"c": "UNCONFIRMED"},
    )
    world.verified(
        equal=1,
        different=[different("d", "enabled")],
        kinds={"CONFIRMED": {"equal": 1}},
        kind_of={"d": "CONFIRMED"},
    )
    report = world.report()
    none = dict.fromkeys(("in_backup", "restored", "different", "failed", "disabled", "linked"), 0)
    assert report["kinds"] == {
        "CONFIRMED": {**none, "in_backup": 7, "restored": 6, "different": 1, "disabled": 2, "linked": 1},
        "UNCONFIRMED": {**none, "in_backup": 1, "failed": 1},
    }
    assert [entry["status"] for entry in (*report["failed"], *report["different"])] == [
        "UNCONFIRMED",
        "CONFIRMED",
    ]
    assert World().report()["kinds"] == {}
