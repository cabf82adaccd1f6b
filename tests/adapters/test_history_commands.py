"""`lifeboat history` and `lifeboat diff`: what the backup holds of earlier moments."""

from __future__ import annotations

from typing import Any

import pytest

from lifeboat.model import moment_after, now
from lifeboat.store.items import Change, draft_user, history_item
from lifeboat.store.table import BackupTable
from tests.adapters.cockpit import Lifeboat, ago
from tests.adapters.stack import Export, Stack
from tests.unit.examples import USER

ANN = {"email": "Ann@example.com", "email_verified": "true", "phone_number": "+4912345678"}


@pytest.fixture
def moments(stack: Stack) -> tuple[str, str, str]:
    """Three exports: ann, bob and a federated user; ann changed, bob gone, cyn there; nothing."""
    first, second, third = ago(30), ago(20), ago(10)
    pool = stack.source
    pool.add_group("staff", Description="Who works here")
    pool.add_group("guests")
    pool.add("ann", ANN, ["staff"])
    pool.add("bob", {"email": "bob@example.com"})
    pool.add("Google_1", {"email": "fed@example.com", "identities": "[]"}, status="EXTERNAL_PROVIDER")
    Export(first).run()
    pool.change("ann", email="new@example.com", nickname="\x1b[31mred")
    pool.client.admin_remove_user_from_group(UserPoolId=pool.pool_id, Username="ann", GroupName="staff")
    pool.remove("bob")
    pool.add("cyn", groups=["guests"])
    pool.add_group("staff", Description="Who worked here")
    Export(second, {"AllowMassRetirement": True}).run()
    Export(third).run()
    return first, second, third


def sub_of(stack: Stack, name: str) -> str:
    return stack.source.users()[name].sub


def test_the_versions_of_a_user_are_told_with_what_changed_and_who_wrote_them(
    stack: Stack, moments: tuple[str, str, str], lifeboat: Lifeboat
) -> None:
    first, second, _ = moments
    ann = sub_of(stack, "ann")
    for name in (ann, "ann", "NEW@example.com", "+4912345678"):
        status, said = lifeboat.json("history", name)
        assert (status, said["sub"], said["present"]) == (0, ann, True)
    now_, before = said["versions"]
    assert (now_["what"], now_["valid_from"], now_["valid_to"]) == ("changed", second, None)
    assert now_["by"].startswith(f"export {second}")
    assert {each["field"]: (each["before"], each["after"]) for each in now_["changes"]} == {
        "attribute email": ("Ann@example.com", "new@example.com"),
        "attribute nickname": (None, "\x1b[31mred"),
    }
    assert (before["what"], before["valid_from"], before["valid_to"]) == ("added", first, second)
    assert before["user"]["attribute email"] == "Ann@example.com"
    (membership,) = said["memberships"]
    assert (membership["group"], membership["valid_to"]) == ("staff", second)
    # And in words, in which nothing steers the terminal
    status, text = lifeboat.text("history", "ann")
    assert status == 0
    assert "Ann@example.com → new@example.com" in text
    assert "\x1b" not in text
    assert "staff" in text


def test_users_who_are_gone_are_found_by_their_names(
    moments: tuple[str, str, str], lifeboat: Lifeboat
) -> None:
    _, second, _ = moments
    for name in ("bob", "BOB@example.com"):
        status, said = lifeboat.json("history", name)
        assert (status, said["present"]) == (0, False)
        gone, there = said["versions"]
        assert (gone["what"], gone["valid_from"]) == ("gone", second)
        assert there["valid_to"] == second
    assert lifeboat.json("history", "Google_1")[1]["present"]
    assert f"Not in the pool since {second}" in lifeboat.text("history", "bob")[1]


def test_who_is_not_known_or_not_alone_is_told_without_the_name(
    stack: Stack, table: BackupTable, lifeboat: Lifeboat
) -> None:
    for name in ("Dee", "DEE"):
        stack.source.add(name, {"email": "both@example.com"})
    Export(ago(3)).run()
    status, text = lifeboat.text("history", "nobody@example.com")
    assert status == 1
    assert "no such user" in text
    assert "nobody@" not in text
    status, text = lifeboat.text("history", "both@example.com")
    assert status == 1
    assert "2 users" in text
    assert "both@" not in text
    assert sub_of(stack, "Dee") in text
    # One who typed a name exactly means the user who has it
    assert lifeboat.json("history", "Dee")[1]["sub"] == sub_of(stack, "Dee")


def test_captures_gaps_and_lost_beginnings_are_told(table: BackupTable, lifeboat: Lifeboat) -> None:
    began, gone, again = ago(9), ago(6), ago(3)
    was = draft_user(USER).item(began, Change.CHANGED)
    table.put_all([history_item(was, gone, 35), draft_user(USER).item(again, Change.ADDED)])
    _, said = lifeboat.json("history", USER.sub)
    assert [(each["what"], each["by"]) for each in said["versions"]] == [
        ("added", "live capture"),
        ("gone", "live capture"),
        ("kept", "live capture"),
    ]
    assert "earlier ones have expired" in lifeboat.text("history", USER.sub)[1]


def counts(said: dict[str, Any], kind: str) -> tuple[int, int, int]:
    found = said["counts"][kind]
    return found["added"], found["changed"], found["removed"]


def test_two_moments_are_compared(stack: Stack, moments: tuple[str, str, str], lifeboat: Lifeboat) -> None:
    first, second, third = moments
    status, said = lifeboat.json("diff", "--from", moment_after(first, 60), "--list")
    assert status == 0
    assert counts(said, "users") == (1, 1, 1)
    assert counts(said, "groups") == (0, 1, 0)
    assert counts(said, "memberships") == (1, 0, 1)
    assert said["counts"]["users"]["unchanged"] == 1
    assert said["from"]["export"].startswith(first)
    assert said["to"] == {"moment": None, "export": said["to"]["export"]}
    ann = {
        "kind": "users",
        "change": "changed",
        "sub": sub_of(stack, "ann"),
        "fields": ["attribute email", "attribute nickname"],
    }
    assert ann in said["differences"]
    assert "example.com" not in str(said)
    # Between two exports of which the later one changed nothing
    _, said = lifeboat.json("diff", "--from", second, "--to", third)
    assert all(counts(said, kind) == (0, 0, 0) for kind in said["counts"])
    assert "Nothing differs" in lifeboat.text("diff", "--from", second)[1]
    # In words, with usernames only where they are asked for
    _, text = lifeboat.text("diff", "--from", first, "--list")
    assert "attribute nickname" in text
    assert "(ann)" not in text
    assert "(ann)" in lifeboat.text("diff", "--from", first, "--list", "--usernames")[1]


def test_moments_that_cannot_be_compared_are_refused(
    moments: tuple[str, str, str], lifeboat: Lifeboat
) -> None:
    first, second, _ = moments
    for status, said, words in (
        (2, "names no moment", ("--from", "yesterday")),
        (2, "after --to", ("--from", second, "--to", first)),
        (1, "future", ("--from", moment_after(now(), 600))),
        (1, "before the first completed export", ("--from", ago(40))),
    ):
        found, text = lifeboat.text("diff", *words)
        assert (found, said in " ".join(text.split())) == (status, True), text


def test_without_an_export_there_is_nothing_to_compare(lifeboat: Lifeboat) -> None:
    status, said = lifeboat.json("diff", "--from", ago(1))
    assert status == 1
    assert "lifeboat export" in said["remedy"]
