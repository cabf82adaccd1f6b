"""GET /users/{userId}/history: what the backup keeps of one user."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lifeboat.model import Membership, User, epoch_after, now
from lifeboat.store.items import Change, draft_membership, draft_user, history_item
from lifeboat.store.table import BackupTable
from lifeboat.sync.admin import history as user_history
from lifeboat.sync.admin.history import UserHistory
from tests.unit.test_events import event_of

SUB = "ab000000-0000-4000-8000-000000000001"
FIRST, SECOND, THIRD = (f"2026-11-{day}T00:00:00.000Z" for day in (18, 19, 20))
KEPT = 3650


def user(sub: str = SUB, nickname: str = "") -> User:
    return User(
        sub, "ann", {"sub": sub, "nickname": nickname}, True, "CONFIRMED", FIRST, FIRST, mfa=("EMAIL_OTP",)
    )


def fill(table: BackupTable) -> None:
    """A user of three versions, who has left one group and is in another, and a namesake."""
    was, then = (
        draft_user(user(nickname=name)).item(at, Change.ADDED) for name, at in (("A", FIRST), ("B", SECOND))
    )
    left = draft_membership(Membership(SUB, "readers")).item(FIRST, Change.ADDED)
    table.put_all(
        [
            history_item(was, SECOND, KEPT),
            history_item(then, THIRD, KEPT),
            history_item(left, THIRD, KEPT),
            draft_user(user(nickname="C")).item(THIRD, Change.CHANGED),
            draft_membership(Membership(SUB, "writers")).item(SECOND, Change.ADDED),
            draft_user(user(SUB + "2")).item(FIRST, Change.ADDED),
            history_item(draft_user(user(SUB + "2")).item(FIRST, Change.ADDED), SECOND, KEPT),
        ]
    )


def history(table: BackupTable, sub: str = SUB, before: str = "") -> tuple[int, dict[str, Any]]:
    sample = event_of("get_user_history")
    request = {**sample, "pathParameters": {"userId": sub}, "queryStringParameters": {"before": before}}
    found = UserHistory("admins", table).get(request)  # type: ignore[arg-type]
    return found["statusCode"], json.loads(found["body"])


def test_every_version_has_its_interval(table: BackupTable) -> None:
    fill(table)
    status, said = history(table)
    assert (status, said["present"]) == (200, True)
    assert [
        (each["validFrom"], each["validTo"], each["attributes"]["nickname"]) for each in said["versions"]
    ] == [
        (THIRD, None, "C"),
        (SECOND, THIRD, "B"),
        (FIRST, SECOND, "A"),
    ]
    assert said["versions"][0]["secondFactors"] == ["EMAIL_OTP"]
    assert said["memberships"] == [
        {"group": "writers", "validFrom": SECOND, "validTo": None},
        {"group": "readers", "validFrom": FIRST, "validTo": THIRD},
    ]
    assert "next" not in said


def test_a_deleted_user_is_known_until_its_history_ends(table: BackupTable) -> None:
    item = draft_user(user()).item(FIRST, Change.ADDED)
    table.put_all([history_item(item, SECOND, KEPT)])
    assert history(table)[1]["present"] is False
    # DynamoDB deletes days after an item has expired.
    table.put_all([{**history_item(item, SECOND, KEPT), "expires_at": epoch_after(now(), -1)}])
    assert history(table)[0] == 404


def test_what_an_interrupted_writer_left_is_shown_once(table: BackupTable) -> None:
    item = draft_user(user()).item(FIRST, Change.ADDED)
    table.put_all([item, history_item(item, SECOND, KEPT)])
    assert [each["validTo"] for each in history(table)[1]["versions"]] == [None]


def test_nobody_is_not_found(table: BackupTable) -> None:
    fill(table)
    assert history(table, "ab000000")[0] == 404


@pytest.mark.parametrize("limit", ["MOST_VERSIONS", "MOST_BYTES"])
def test_a_long_history_comes_in_parts(
    table: BackupTable, limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(table)
    monkeypatch.setattr(user_history, limit, 1)
    found, before = [], ""
    while True:
        said = history(table, before=before)[1]
        found += [each["validFrom"] for each in said["versions"]]
        if "next" not in said:
            break
        before = said["next"]
    assert found == [THIRD, SECOND, FIRST]
