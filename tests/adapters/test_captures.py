"""Captures beside exports, by the functions' own parts on moto: table, history, queues, ledger, AsOf."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from lifeboat.aws import clients
from lifeboat.errors import StoreUnavailable
from lifeboat.model import now
from lifeboat.pacing import Deadline
from lifeboat.restore.moment import Exports, moment_read
from lifeboat.store.as_of import AsOf
from lifeboat.store.keys import group_key, marker_key, membership_key, user_key
from lifeboat.store.ledger import Ledger
from lifeboat.store.markers import Markers
from lifeboat.store.table import BackupTable
from lifeboat.store.transactions import ABSENT, Check, Put
from lifeboat.sync.capture import assembly as syncing
from lifeboat.sync.capture.settle import SettleTask
from lifeboat.sync.capture.users import UserCapture
from tests.adapters.capturing import ANN, consume, event, history
from tests.adapters.pools import SHARD
from tests.adapters.stack import Export, Stack

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
