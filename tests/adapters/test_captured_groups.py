"""Groups that are deleted while captures and exports are under way, and many of them at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from lifeboat.aws import clients
from lifeboat.cognito.reader import PAGE, PoolReader
from lifeboat.model import now
from lifeboat.pacing import Budget, Category, Deadline
from lifeboat.settings import settings
from lifeboat.store.keys import group_key, membership_key, user_key
from lifeboat.sync.capture import assembly as syncing
from lifeboat.sync.capture.consumer import RESERVE_SECONDS
from lifeboat.sync.capture.settle import SettleTask
from tests.adapters.capturing import ANN, consume, event, live_items
from tests.adapters.pools import asked_of
from tests.adapters.stack import Export, Stack


def once_after(
    monkeypatch: pytest.MonkeyPatch, request: str, about: str, meanwhile: Callable[[], Any]
) -> None:
    """Let something happen once, between the whole answer to a request about something and whoever asked."""
    whole = getattr(PoolReader, request)

    def asked(self: PoolReader, *args: Any, **kwargs: Any) -> Any:
        answer = whole(self, *args, **kwargs)
        if about not in args:
            return answer
        if not isinstance(answer, list):
            answer = iter(list(answer))
        monkeypatch.setattr(PoolReader, request, whole)
        meanwhile()
        return answer

    monkeypatch.setattr(PoolReader, request, asked)


@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
def test_a_membership_read_before_its_group_was_deleted_is_not_written_after_it_was_retired(
    live: Stack, monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    # Given a user whose capture has read a membership
    live.source.add_group("editors")
    if known:
        assert consume(live, event("CreateGroup", "", live.source.pool_id)) == []
    sub = live.source.add("ann", ANN, groups=["editors"])

    # When the group is deleted and that is captured, before the first capture writes
    def deleted() -> None:
        live.source.remove_group("editors")
        assert consume(live, event("DeleteGroup", "", live.source.pool_id)) == []

    once_after(monkeypatch, "groups_joined", "ann", deleted)
    assert consume(live, event("AdminAddUserToGroup", sub, live.source.pool_id)) == []
    # Then neither the group nor the membership is in the backup
    assert live.table.get(user_key(sub)) is not None
    assert live.table.get(membership_key(sub, "editors")) is None
    assert live.table.get(group_key("editors")) is None


@pytest.mark.parametrize("again", [False, True], ids=["gone", "made again"])
def test_an_export_begins_no_membership_of_a_group_that_was_deleted_behind_its_listing(
    live: Stack, monkeypatch: pytest.MonkeyPatch, again: bool
) -> None:
    # Given a group whose members an export has just listed
    live.source.add_group("editors")
    live.source.add_group("readers")
    live.source.inside.groups["editors"].creation_date = datetime(2026, 1, 1, tzinfo=UTC)
    assert consume(live, event("CreateGroup", "", live.source.pool_id)) == []
    sub = live.source.add("ann", ANN, groups=["editors", "readers"])
    monkeypatch.setattr("lifeboat.store.markers.MARGIN_SECONDS", 0)

    # When it is deleted, or replaced by one of its name, and that is captured before the export writes
    def deleted() -> None:
        live.source.remove_group("editors")
        if again:
            live.source.add_group("editors")
        assert consume(live, event("DeleteGroup", "", live.source.pool_id)) == []

    once_after(monkeypatch, "member_pages", "editors", deleted)
    export = Export(now())
    export.run()
    # Then the membership is not in the backup, and the one of the other group is
    assert live.table.get(membership_key(sub, "editors")) is None
    assert (live.table.get(group_key("editors")) is not None) == again
    assert live.table.get(membership_key(sub, "readers")) is not None
    assert export.ledger()["drift"] == {"users": 1, "groups": 0, "memberships": 1}


def test_an_export_brings_a_new_group_that_a_capture_has_not_listed_with_its_members(
    live: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a capture of the groups just before an export, and a group and its member of which no event told
    assert consume(live, event("CreateGroup", "", live.source.pool_id)) == []
    live.source.add_group("editors")
    sub = live.source.add("ann", ANN, groups=["editors"])
    export = Export(now())
    export.run()
    assert live.table.get(group_key("editors")) is not None
    assert live.table.get(membership_key(sub, "editors")) is not None
    assert export.ledger()["drift"] == {"users": 1, "groups": 1, "memberships": 1}


@pytest.mark.parametrize("live_sync", ["OFF", "CAPTURE"])
def test_an_export_retires_memberships_that_a_retired_group_left_behind(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, live_sync: str
) -> None:
    # Given a membership in the backup whose group has gone without it, as an index that is behind allows
    monkeypatch.setenv("LIVE_SYNC", live_sync)
    settings.cache_clear()
    stack.source.add_group("editors")
    stack.source.add_group("readers")
    subs = [stack.source.add(name, {"name": name}, ["editors", "readers"]) for name in ("ann", "bea", "cat")]
    Export("2026-03-01T00:00:00.000Z").run()
    [left] = stack.table.get_all([membership_key(subs[0], "editors")])
    stack.source.remove_group("editors")
    Export("2026-03-02T00:00:00.000Z", {"AllowMassRetirement": True}).run()
    stack.table.put_all([left])
    # When two exports run
    export = Export("2026-03-03T00:00:00.000Z")
    export.run()
    again = Export("2026-03-04T00:00:00.000Z")
    again.run()
    # Then the first one has retired it, and counts it as drift
    assert stack.table.get(membership_key(subs[0], "editors")) is None
    assert export.ledger()["counts"]["memberships"]["retired"] == 1
    assert again.ledger()["counts"]["memberships"]["retired"] == 0
    if live_sync == "CAPTURE":
        assert export.ledger()["drift"] == {"users": 0, "groups": 0, "memberships": 1}


def deleted_groups(live: Stack, count: int) -> None:
    """Let so many groups of the backup, each with the member ann, be gone from the pool."""
    names = [f"group-{number:02}" for number in range(count)]
    for name in names:
        live.source.add_group(name)
    sub = live.source.add("ann", ANN, groups=names)
    syncing.user_capture().capture(sub)
    for name in names:
        live.source.remove_group(name)


def left_groups(live: Stack) -> list[str]:
    return sorted(live.table.stored_groups())


def test_forty_groups_deleted_at_once_are_retired_within_an_invocation(live: Stack) -> None:
    deleted_groups(live, 40)
    asked = {
        operation: asked_of(clients.cognito(), operation)
        for operation in ("GetGroup", "ListGroups", "ListUsersInGroup")
    }
    assert consume(live, event("DeleteGroup", "", live.source.pool_id)) == []
    assert left_groups(live) == []
    assert [item for item in live_items(live.table) if "member_of" in item] == []
    # So few requests that Capture Changes has the time for them at the default share, with two at work
    budget, seconds = Budget(20, syncing.CONSUMERS), 60 - RESERVE_SECONDS
    resources = len(asked["ListGroups"]) + len(asked["GetGroup"])
    assert resources / budget.rate(Category.USER_POOL_RESOURCE_READ) < seconds / 2
    assert len(asked["ListUsersInGroup"]) / budget.rate(Category.USER_LIST) < seconds / 2


def test_groups_that_time_ran_short_for_are_retired_later(live: Stack) -> None:
    # Given deleted groups, and time for two of them
    deleted_groups(live, 5)
    gone = event("DeleteGroup", "", live.source.pool_id)

    def remaining() -> int:
        return 60_000 if len(left_groups(live)) > 3 else 0

    # When that is captured
    assert consume(live, gone, deadline=Deadline(remaining)) == [0]
    # Then those two are retired, and the message comes again for the others
    assert left_groups(live) == ["group-02", "group-03", "group-04"]
    assert consume(live, gone, received=2) == []
    assert left_groups(live) == []


def test_an_export_goes_on_with_groups_that_time_ran_short_for(live: Stack) -> None:
    deleted_groups(live, 2)
    export = Export(now())
    export.begin()
    task: SettleTask = {"Run": dict(export.begun["Run"]), "Place": export.begun["Captures"]}
    settled = syncing.capture_settling().settle(task, Deadline(lambda: 0))
    assert not settled["Finished"]
    assert left_groups(live) == ["group-00", "group-01"]
    export.settle()
    assert left_groups(live) == []


def test_more_groups_than_can_be_listed_are_left_to_the_export(
    live: Stack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # Given more groups than captures have time for, at a share that lets them list one page
    for number in range(61):
        live.source.add_group(f"group-{number:02}")
    sub = live.source.add("ann", ANN)
    monkeypatch.setattr(syncing, "LISTING_SECONDS", 0)
    made = event("CreateGroup", "", live.source.pool_id)
    # When one is made and a user changes
    assert consume(live, made, event("AdminUpdateUserAttributes", sub, live.source.pool_id)) == []
    # Then the message is done with, which is counted, and the export brings the groups
    assert left_groups(live) == []
    assert live.table.get(user_key(sub)) is not None
    assert '"GroupCapturesLeft":[1' in capsys.readouterr().out.replace(" ", "")
    Export(now()).run()
    assert len(left_groups(live)) == 61


@pytest.mark.parametrize(("share", "groups"), [(20, 1_200), (100, 6_000), (1, 60)])
def test_as_many_groups_are_captured_as_the_share_of_the_quota_allows(share: int, groups: int) -> None:
    assert syncing.group_pages(Budget(share, syncing.CONSUMERS)) * PAGE == groups
