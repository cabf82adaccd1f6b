"""The new pool is not what the backup says: strangers in it, changes, people never backed up whole."""

from __future__ import annotations

import json

import pytest

from lifeboat.aws import clients
from lifeboat.model import Membership
from lifeboat.restore import assembly
from lifeboat.store.items import Change, draft_membership
from lifeboat.store.keys import user_key
from tests.adapters.people import (
    EXPORTED,
    LANES,
    RESTORED,
    VERIFIED,
    failure_of,
    into,
    is_restored,
    people,
    refusal,
    resend,
)
from tests.adapters.pools import Pool, asked_of, failing
from tests.adapters.stack import Export, Import, MakePool, Stack, bodies, dead_letters, taken

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
    signed_out = asked_of(clients.cognito(), "AdminUserGlobalSignOut")
    # When it is restored
    run.deliver()
    # Then either it is refused, or the stranger's password is no longer good, and no tokens are
    refused = "another user" in failure_of(run, "bare")
    assert refused or fresh.password_of("bare") != "Known-to-0thers"
    assert [each["Username"] for each in signed_out] == ([] if refused else ["bare"])


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
    assert run.report()["failed"] == [{"sub": document["sub"], "reason": reason, "status": "CONFIRMED"}]
    assert ended["Users"] == {
        "in_backup": RESTORED,
        "restored": RESTORED - 1,
        "different": 0,
        "failed": 1,
        "unexpected": 0,
    }


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


def test_a_membership_without_its_group_is_listed_and_is_no_failure(backup: Stack, fresh: Pool) -> None:
    sub = next(user.sub for user in backup.source.users().values() if not user.federated)
    left = Membership(sub, "long gone")
    backup.table.put_all([draft_membership(left).item(EXPORTED, Change.ADDED)])
    run = Import(backup, into(fresh))
    is_restored(run.run(), backup.source, fresh)
    listed = run.report()["not_restorable"]["memberships_without_group"]
    assert (listed["subs"], listed["memberships"]) == ([sub], 1)


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
