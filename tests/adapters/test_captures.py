"""Captures beside exports, by the functions' own parts on moto: table, history, queues, ledger, AsOf."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from aws_lambda_powertools.utilities.data_classes import SQSEvent

from lifeboat.aws import clients
from lifeboat.cognito.reader import PAGE, PoolReader
from lifeboat.errors import StoreUnavailable
from lifeboat.model import now
from lifeboat.pacing import Budget, Category, Deadline
from lifeboat.restore.moment import Exports, moment_read
from lifeboat.settings import settings
from lifeboat.store.as_of import AsOf
from lifeboat.store.keys import group_key, history_partition, marker_key, membership_key, user_key
from lifeboat.store.ledger import Ledger
from lifeboat.store.markers import Markers
from lifeboat.store.table import BackupTable
from lifeboat.store.transactions import ABSENT, Check, Put
from lifeboat.sync.capture import assembly as syncing
from lifeboat.sync.capture.consumer import RESERVE_SECONDS
from lifeboat.sync.capture.settle import SettleTask
from lifeboat.sync.capture.users import UserCapture
from tests.adapters.pools import SHARD, Pool, asked_of
from tests.adapters.stack import Export, Stack, bodies, new_process
from tests.unit.examples import PLENTY

ANN = {"email": "ann@example.com", "email_verified": "true", "name": "Ann"}


@pytest.fixture
def live(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """A stack that captures changes; nobody waits for a token."""
    monkeypatch.setenv("LIVE_SYNC", "CAPTURE")
    settings.cache_clear()
    return stack


def event(name: str, sub: str = "", pool_id: str | None = None, **detail: Any) -> str:
    request = {"userPoolId": pool_id} if pool_id else {"clientId": "1example23456789"}
    return json.dumps(
        {
            "detail-type": "AWS API Call via CloudTrail",
            "source": "aws.cognito-idp",
            "detail": {
                "eventName": name,
                "eventTime": now(),
                "requestParameters": request,
                "additionalEventData": {"sub": sub} if sub else {},
                **detail,
            },
        }
    )


def consume(stack: Stack, *messages: str, received: int = 1, deadline: Deadline = PLENTY) -> list[int]:
    """Hand messages to Capture Changes; returns the positions of those to be delivered again."""
    records = [
        {
            "messageId": str(number),
            "receiptHandle": f"handle-{number}",
            "body": body,
            "attributes": {"ApproximateReceiveCount": str(received)},
            "eventSourceARN": f"arn:aws:sqs:eu-west-1:123456789012:{stack.captures.name}",
        }
        for number, body in enumerate(messages)
    ]
    answer = syncing.capture_consumer().consume(SQSEvent({"Records": records}), deadline)
    return sorted(int(str(failure["itemIdentifier"])) for failure in answer["batchItemFailures"])


def confirm(pool: Pool, sub: str, **attributes: str) -> dict[str, Any]:
    return {
        "version": "1",
        "triggerSource": "PostConfirmation_ConfirmSignUp",
        "region": "eu-west-1",
        "userPoolId": pool.pool_id,
        "userName": "ann",
        "callerContext": {},
        "request": {"userAttributes": {"sub": sub, **attributes}},
        "response": {},
    }


def history(table: BackupTable) -> list[tuple[str, str]]:
    found = table.items(history_partition(f"USER#{SHARD}"), consistent=True)
    return [(item["valid_from"], item["valid_to"]) for item in found]


# -- one user ------------------------------------------------------------------------------------


def test_a_user_is_written_as_an_export_writes_it_and_its_changes_leave_history(live: Stack) -> None:
    live.source.add_group("editors")
    sub = live.source.add("ann", ANN, groups=["editors"])
    first = syncing.user_capture().capture(sub)
    assert (first.status, first.known, first.written) == ("CONFIRMED", False, 3)
    assert live.table.get(group_key("editors")) is not None
    assert syncing.user_capture().capture(sub).written == 0

    live.source.change("ann", name="Anna")
    assert syncing.user_capture().capture(sub).written == 1

    item = live.table.get(user_key(sub))
    assert item is not None
    assert item["attributes"]["name"] == "Anna"
    assert live.table.get(membership_key(sub, "editors")) is not None
    [(began, ended)] = history(live.table)
    assert began < ended == item["valid_from"]
    # And an export that finds all of it as it is writes nothing.
    before = {item["sk"]: item["valid_from"] for item in live.table.items(f"USER#{SHARD}")}
    Export(now()).run()
    assert {item["sk"]: item["valid_from"] for item in live.table.items(f"USER#{SHARD}")} == before


def test_a_deleted_user_goes_with_its_memberships(live: Stack) -> None:
    live.source.add_group("editors")
    sub = live.source.add("ann", ANN, groups=["editors"])
    syncing.user_capture().capture(sub)
    live.source.remove("ann")
    captured = syncing.user_capture().capture(sub)
    assert (captured.status, captured.known, captured.written) == ("", True, 2)
    assert not live.table.items_of_user(sub)
    assert len(history(live.table)) == 2


def test_deletions_that_captures_follow_are_counted_once_and_changes_are_not(
    live: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    subs = [live.source.add(name, {"email": f"{name}@example.com"}) for name in ("ann", "bob", "eve")]
    for sub in subs:
        syncing.user_capture().capture(sub)
    live.source.remove("ann")
    live.source.remove("bob")
    live.source.change("eve", name="Eve")
    told = [event("AdminDeleteUser", sub, live.source.pool_id) for sub in subs[:2]]
    told.append(event("AdminUpdateUserAttributes", subs[2], live.source.pool_id))
    counted = []
    for _ in range(2):  # at least once
        capsys.readouterr()
        assert consume(live, *told) == []
        found = re.findall(r'"CapturedDeletions":\[(\d+)', capsys.readouterr().out.replace(" ", ""))
        counted.append([int(each) for each in found])
    assert counted == [[2], [0]]


def test_a_user_with_more_groups_than_a_transaction_holds_is_captured_whole(live: Stack) -> None:
    names = [f"group-{number:03}" for number in range(100)]
    for name in names:
        live.source.add_group(name)
    sub = live.source.add("ann", ANN, groups=names)
    assert syncing.user_capture().capture(sub).written == 201
    live.source.remove("ann")
    assert syncing.user_capture().capture(sub).written == 101
    assert not live.table.items_of_user(sub)


def test_second_factors_are_captured_where_exports_capture_them(
    live: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    sub = live.source.add("ann", ANN)
    reader = live.source.reader()
    capture = UserCapture(live.table, Markers(live.table), reader, 35, lambda: True)
    assert capture.capture(sub).written == 1
    item = live.table.get(user_key(sub))
    assert item is not None
    assert item["listing_hash"]


def test_transactions_do_all_or_nothing_and_markers_only_grow(live: Stack) -> None:
    markers = Markers(live.table)
    first, second = markers.touch(marker_key("ab1")), markers.touch(marker_key("ab1"))
    assert (first.rev, second.rev) == (1, 2)
    assert first.captured_at < second.captured_at
    item = {"pk": "USER#ab", "sk": "ab1", "sub": "ab1"}
    assert not live.table.transact([first.unchanged, Put(item, ABSENT)])
    assert live.table.get(user_key("ab1")) is None
    assert live.table.transact([second.unchanged, Put(item, ABSENT)])
    assert not live.table.transact([Put(item, ABSENT)])
    assert not live.table.transact([Check(marker_key("ab2"), {"rev": 1})])
    assert list(markers.since(SHARD, first.captured_at)) == ["ab1"]
    assert list(markers.since(SHARD, first.captured_at, after="ab1")) == []


# -- the queues ----------------------------------------------------------------------------------


def test_a_burst_of_events_about_one_user_reads_it_once(live: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    sub = live.source.add("ann", ANN)
    looked: list[str] = []
    capture = UserCapture.capture

    def noted(self: UserCapture, sub: str) -> Any:
        looked.append(sub)
        return capture(self, sub)

    monkeypatch.setattr(UserCapture, "capture", noted)
    burst = [event("AdminUpdateUserAttributes", sub, live.source.pool_id)] * 4
    assert consume(live, *burst, event("ConfirmSignUp", sub), json.dumps({"sub": sub})) == []
    assert looked == [sub]
    assert live.table.get(user_key(sub)) is not None


def test_events_that_are_about_nothing_here_are_dropped_and_unreadable_ones_given_back(live: Stack) -> None:
    sub = live.source.add("ann", ANN)
    dropped = [
        event("AdminDisableUser", sub, "eu-west-1_Another00"),
        event("AdminDisableUser", sub, live.source.pool_id, errorCode="UserNotFoundException"),
        event("AdminDisableUser", "", live.source.pool_id),
    ]
    assert consume(live, *dropped, "no JSON", "[]", "{}") == [3, 4, 5]
    assert live.table.get(user_key(sub)) is None


def test_another_pools_user_is_looked_for_and_not_found(live: Stack) -> None:
    assert consume(live, event("ConfirmSignUp", f"{SHARD}999999")) == []
    assert not live.table.items_of_user(f"{SHARD}999999")


def test_a_user_who_should_be_there_is_looked_for_again_but_not_for_ever(live: Stack) -> None:
    created = event("AdminCreateUser", f"{SHARD}999999", live.source.pool_id)
    deleted = event("AdminDeleteUser", f"{SHARD}888888", live.source.pool_id)
    assert consume(live, created, deleted) == [0]
    assert consume(live, created, received=3) == []


def test_groups_follow_their_events_whichever_they_are_about(live: Stack) -> None:
    for name in ("editors", "readers"):
        live.source.add_group(name, Description="before")
    sub = live.source.add("ann", ANN, groups=["editors", "readers"])
    assert consume(live, event("CreateGroup", "", live.source.pool_id), json.dumps({"sub": sub})) == []
    assert live.table.get(group_key("editors")) is not None

    live.source.remove_group("editors")
    live.source.inside.groups["readers"].description = "after"
    assert consume(live, event("DeleteGroup", "", live.source.pool_id)) == []

    assert live.table.get(group_key("editors")) is None
    readers = live.table.get(group_key("readers"))
    assert readers is not None
    assert readers["description"] == "after"
    assert live.table.get(membership_key(sub, "editors")) is None
    assert live.table.get(membership_key(sub, "readers")) is not None


def test_what_fails_is_delivered_again_and_alone(live: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    well, ill = live.source.add("ann", ANN), live.source.add("bea", {**ANN, "email": "bea@example.com"})
    capture = UserCapture.capture

    def failing(self: UserCapture, sub: str) -> Any:
        if sub == ill:
            raise StoreUnavailable("DynamoDB: nothing goes")
        return capture(self, sub)

    monkeypatch.setattr(UserCapture, "capture", failing)
    assert consume(live, json.dumps({"sub": ill}), json.dumps({"sub": well})) == [0]
    assert live.table.get(user_key(well)) is not None
    # Without time left nothing is begun.
    assert consume(live, json.dumps({"sub": well}), deadline=Deadline(lambda: 0)) == [0]


# -- groups that go ------------------------------------------------------------------------------


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


# -- PostConfirmation ----------------------------------------------------------------------------


def test_a_confirmed_user_is_in_the_backup_when_the_sign_up_goes_on(live: Stack) -> None:
    sub = live.source.add("ann", ANN)
    sent = confirm(live.source, sub)
    assert syncing.confirmed_capture().answer(sent) is sent  # type: ignore[arg-type]
    assert live.table.get(user_key(sub)) is not None
    assert bodies(live.capture_retries) == []


@pytest.mark.parametrize("status", ["UNCONFIRMED", ""])
def test_a_user_not_listed_as_confirmed_yet_is_looked_for_later(live: Stack, status: str) -> None:
    sub = live.source.add("ann", ANN, status=status) if status else f"{SHARD}999999"
    syncing.confirmed_capture().answer(confirm(live.source, sub))  # type: ignore[arg-type]
    assert bodies(live.capture_retries) == [json.dumps({"sub": sub}, separators=(",", ":"))]


def test_with_live_sync_off_or_for_another_pool_the_trigger_does_nothing(
    stack: Stack, make_pool: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sub = stack.source.add("ann", ANN)
    syncing.confirmed_capture().answer(confirm(stack.source, sub))  # type: ignore[arg-type]
    monkeypatch.setenv("LIVE_SYNC", "CAPTURE")
    with new_process():
        syncing.confirmed_capture().answer(confirm(make_pool(), sub))  # type: ignore[arg-type]
    assert live_items(stack.table) == []
    assert bodies(stack.capture_retries) == []


def test_a_sign_up_goes_on_whatever_fails_or_hangs(
    live: Stack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sub = live.source.add("ann", ANN)
    monkeypatch.setattr("lifeboat.sync.capture.confirmation.CAPTURE_SECONDS", 0.05)
    monkeypatch.setattr("lifeboat.sync.capture.confirmation.SEND_SECONDS", 0.05)
    never, sent = threading.Event(), confirm(live.source, sub, email="ann@example.com")
    capture = syncing.confirmed_capture()

    def hang(_: str) -> Any:
        never.wait()

    def fail(_: str) -> Any:
        raise RuntimeError("ann@example.com broke it")

    for broken in (hang, fail):
        object.__setattr__(capture, "capture", broken)
        object.__setattr__(capture, "send", broken)
        assert capture.answer(sent) is sent  # type: ignore[arg-type]
    never.set()
    written = capsys.readouterr().out
    assert written.replace(" ", "").count('"CaptureLost":[1') == 2
    assert "example.com" not in written


@pytest.mark.parametrize("broken", ["no event", "no sub", "empty sub", "no thread"])
def test_a_confirmed_user_who_cannot_even_be_looked_for_is_counted_as_lost(
    live: Stack,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    broken: str,
) -> None:
    sent: Any = confirm(live.source, live.source.add("ann", ANN), email="ann@example.com")
    if broken == "no event":
        sent = {}
    elif broken == "no sub":
        del sent["request"]["userAttributes"]["sub"]
    elif broken == "empty sub":
        sent["request"]["userAttributes"]["sub"] = ""
    capture = syncing.confirmed_capture()

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        if broken == "no thread":
            patch.setattr(threading.Thread, "start", refuse)
        assert capture.answer(sent) is sent
    written = capsys.readouterr().out
    assert '"CaptureLost":[1' in written.replace(" ", "")
    assert re.search("confirmed user (not|neither) captured", caplog.text)
    assert "example.com" not in written + caplog.text


def test_a_metric_that_cannot_be_written_fails_no_sign_up(
    live: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("lifeboat.sync.capture.confirmation.publish", refuse)
    sent: Any = confirm(live.source, "")
    assert syncing.confirmed_capture().answer(sent) is sent


def live_items(table: BackupTable) -> list[Any]:
    return list(table.items(f"USER#{SHARD}", consistent=True))


# -- beside an export ----------------------------------------------------------------------------


def test_an_export_leaves_whom_captures_brought_meanwhile_and_reads_them_again(live: Stack) -> None:
    # Given a backup, and an export that is about to list the users
    live.source.add_group("editors")
    changed, missed = live.source.add("ann", ANN), live.source.add("bea", {**ANN, "email": "b@example.com"})
    Export("2026-03-01T00:00:00.000Z").run()
    live.source.change("bea", name="Bea")
    export = Export(now())
    export.begin()
    live.source.change("ann", name="Before")
    users = export.users()
    # When a user changes behind the listing, and is captured before the export writes
    live.source.change("ann", name="After")
    syncing.user_capture().capture(changed)
    # And what an export has missed of it is still changed once more, without an event
    live.source.change("ann", name="Last")
    groups = export.groups()
    export.configuration()
    export.end(export.plan([users], groups, export.memberships(groups)))
    # Then the backup is as the pool, and the drift is the one that no event told of
    item, other = live.table.get(user_key(changed)), live.table.get(user_key(missed))
    assert item is not None
    assert other is not None
    assert (item["attributes"]["name"], other["attributes"]["name"]) == ("Last", "Bea")
    entry = export.ledger()
    assert entry["drift"] == {"users": 2, "groups": 0, "memberships": 0}
    assert entry["settled"] == 1
    for began, ended in history(live.table):
        assert began < ended


def test_without_live_sync_an_export_settles_nobody_and_counts_no_drift(stack: Stack) -> None:
    stack.source.add("ann", ANN)
    export = Export(now())
    export.run()
    assert export.settled is not None
    assert export.settled["Users"] == 0
    assert "drift" not in export.ledger()
    assert export.ledger()["live_sync"] == "OFF"


def test_settling_goes_on_where_time_ran_short(live: Stack) -> None:
    subs = [
        live.source.add(f"user-{number}", {**ANN, "email": f"u{number}@example.com"}) for number in range(9)
    ]
    for sub in subs:
        syncing.user_capture().capture(sub)
    export = Export(now(), deadline=Deadline(lambda: 0))
    export.begin()
    task: SettleTask = {"Run": dict(export.begun["Run"]), "Place": export.begun["Captures"]}
    settled = syncing.capture_settling().settle(task, export.deadline)
    assert settled["Users"] == 8
    assert not settled["Finished"]
    assert settled["Behind"] == sorted(subs)[7]


def test_a_moment_between_exports_is_restored_as_captures_found_it(live: Stack) -> None:
    # Given an export beside captures, and two changes after it that were captured
    sub = live.source.add("ann", ANN)
    Export("2026-03-01T00:00:00.000Z").run()
    live.source.change("ann", name="First")
    syncing.user_capture().capture(sub)
    between = now()
    live.source.change("ann", name="Second")
    syncing.user_capture().capture(sub)
    # When the moment between them is gone back to
    exports = Exports.of(Ledger(live.table, "export"), now(), 35)
    export = exports.at(between)
    assert export is not None
    backup = AsOf(live.table, moment_read(export, between), now())
    # Then the state of that moment is there, which no export has seen
    [(user, _)] = backup.users_with_groups(SHARD)
    assert user is not None
    assert user.attributes["name"] == "First"
    assert moment_read({"started_at": "then"}, between) == "then"


def test_a_capture_touches_no_pool_when_the_table_is_gone(
    live: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = BackupTable(clients.dynamodb(), "no-such-table")
    capture = UserCapture(table, Markers(table), live.source.reader(), 35, lambda: False)
    with pytest.raises(StoreUnavailable):
        capture.capture(live.source.add("ann", ANN))
