"""`lifeboat verify`: pools compared with the backup, the one that is backed up and a restored one."""

from __future__ import annotations

from lifeboat.model import moment_after
from tests.adapters.cockpit import Lifeboat, ago
from tests.adapters.people import MEMBERSHIPS, RESTORED, fill, into
from tests.adapters.pools import Pool
from tests.adapters.stack import Export, Import, MakePool, Stack


def test_the_pool_that_is_backed_up_is_compared_exactly(stack: Stack, lifeboat: Lifeboat) -> None:
    fill(stack.source)
    Export(ago(3)).run()
    everybody = RESTORED + 1
    status, said = lifeboat.json("verify")
    assert (status, said["equal"], said["pool"]) == (0, True, stack.source.pool_id)
    assert said["users"]["in_backup"] == said["users"]["in_pool"] == said["users"]["equal"] == everybody
    assert said["memberships"]["equal"] == MEMBERSHIPS + 1
    assert "Equal" in lifeboat.text("verify")[1]
    # When somebody is confirmed, moved, changed, gone and new, and groups differ
    subs = {name: user.sub for name, user in stack.source.users().items()}
    pool = stack.source
    pool.inside.users["cyn"].status = "CONFIRMED"
    pool.change("ann", name="Ann")
    pool.client.admin_remove_user_from_group(UserPoolId=pool.pool_id, Username="ann", GroupName="staff")
    pool.remove("bare")
    new = pool.add("gus")
    pool.add_group("group-0", Description="Another")
    pool.add_group("group-9")
    status, said = lifeboat.json("verify", "--list")
    # Then each is named by sub and field, and nobody by a name
    assert status == 1
    assert {each["sub"]: each["fields"] for each in said["different"]} == {
        subs["ann"]: ["attribute name", "not in group group-0", "not in group staff"],
        subs["cyn"]: ["status"],
    }
    assert (said["missing"], said["unexpected"]) == ([subs["bare"]], [new])
    assert {each["group"]: each["fields"] for each in said["different_groups"]} == {
        "group-0": ["description"],
        "group-9": ["not in the backup"],
    }
    assert said["fields"] == {"not in group": 1, "attribute name": 1, "status": 1}
    assert "example.com" not in str(said)
    status, text = lifeboat.text("verify", "--list")
    assert (status, "Not equal" in text, subs["bare"] in text) == (1, True, True)


def test_a_restored_pool_is_compared_as_its_import_does(
    stack: Stack, fresh: Pool, lifeboat: Lifeboat
) -> None:
    Export(ago(3)).run()
    Import(stack, into(fresh, UserLane="api"), ago(2)).run()
    status, said = lifeboat.json("verify", "--pool", fresh.pool_id)
    assert (status, said["equal"]) == (0, True), said
    assert said["import"].startswith(ago(2)[:10])
    assert (said["users"]["in_backup"], said["users"]["equal"]) == (RESTORED, RESTORED)
    assert said["memberships"]["equal"] == MEMBERSHIPS
    # When the federated user has signed in, and somebody has changed
    fresh.add("Google_1", {"email": "fed@example.com"}, status="EXTERNAL_PROVIDER")
    fresh.change("ann", family_name="Other")
    status, said = lifeboat.json("verify", "--pool", fresh.pool_id, "--list")
    assert (status, said["users"]["federated"], said["users"]["unexpected"]) == (1, 1, 0)
    (ann,) = said["different"]
    assert ann["fields"] == ["attribute family_name"]
    assert ann["sub"] == stack.source.users()["ann"].sub
    assert ann["pool_sub"] == fresh.users()["ann"].sub
    assert "as it is now" in lifeboat.text("verify", "--pool", fresh.pool_id)[1]


def test_a_pool_restored_as_of_a_moment_is_compared_with_that_moment(
    stack: Stack, make_pool: MakePool, lifeboat: Lifeboat
) -> None:
    pool, first = make_pool(), ago(30)
    stack.source.add("ann", {"email": "ann@example.com"})
    Export(first).run()
    stack.source.change("ann", email="new@example.com")
    Export(ago(20)).run()
    moment = moment_after(first, 3600)
    Import(stack, into(pool, UserLane="api", AsOf=moment), ago(2)).run()
    status, said = lifeboat.json("verify", "--pool", pool.pool_id)
    assert (status, said["as_of"], said["export"][:24]) == (0, moment, first)
    status, said = lifeboat.json("verify", "--pool", pool.pool_id, "--as-of", ago(19))
    assert (status, said["users"]["different"]) == (1, 1)


def test_a_pool_that_is_not_there_is_said_to_be_so(stack: Stack, lifeboat: Lifeboat) -> None:
    Export(ago(3)).run()
    status, said = lifeboat.json("verify", "--pool", "eu-west-1_Nowhere00")
    assert status == 1
    assert "no user pool eu-west-1_Nowhere00" in said["error"]
    assert said["remedy"]
