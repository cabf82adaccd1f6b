"""New versions, and earlier ones kept: whatever happens, the second attempt ends as the first would have."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from lifeboat.errors import StoreUnavailable
from lifeboat.export.counts import Counts, count_change, no_counts
from lifeboat.model import Group, Membership, User
from lifeboat.store.items import Change, Draft, draft_group, draft_membership, draft_user, user_from
from lifeboat.store.keys import Key, history_key, user_key
from lifeboat.store.table import BATCH_GET_KEYS, BackupTable, StoredVersion
from lifeboat.store.versions import WRITERS, VersionWriter
from tests.adapters.dying import DyingTable, Killed, content
from tests.unit.examples import AT, EARLIER, USER

MakeTable = Callable[[], BackupTable]


def user(number: int, name: str = "Ann") -> User:
    sub = f"ab{number:06}"
    return replace(USER, sub=sub, username=f"user-{number}", attributes={"sub": sub, "name": name})


def export(table: BackupTable, users: Iterable[User], at: str = AT) -> Counts:
    """Write these users as an export does, past what the backup holds."""
    counts, stored, writer = no_counts(), table.stored_users("ab"), VersionWriter(table, at, 35)
    for each in users:
        count_change(counts, writer.write(draft_user(each), stored.get(each.sub)))
    writer.flush()
    return counts


def changes(counts: Counts) -> tuple[int, int, int]:
    return counts["added"], counts["changed"], counts["unchanged"]


def test_what_is_new_is_added_without_history(table: BackupTable) -> None:
    assert changes(export(table, [user(1), user(2)])) == (2, 0, 0)
    assert [(item["sk"], item["valid_from"], item["change"]) for item in content(table)] == [
        (user(1).sub, AT, "added"),
        (user(2).sub, AT, "added"),
    ]


def test_what_is_unchanged_is_not_written(table: BackupTable) -> None:
    # Given users in the backup, of which only the dates have moved since
    export(table, [user(1), user(2)], EARLIER)
    before = content(table)
    unable_to_write = DyingTable(table, 0)
    # When they are exported again
    moved = [replace(user(number), modified_at=AT) for number in (1, 2)]
    counts = export(unable_to_write, moved)
    # Then nothing at all was written
    assert changes(counts) == (0, 0, 2)
    assert content(table) == before


def test_what_changed_leaves_its_earlier_version(table: BackupTable) -> None:
    export(table, [user(1)], EARLIER)
    assert changes(export(table, [user(1, "Anna")])) == (0, 1, 0)
    now = table.get(user_key(user(1).sub))
    then = table.get(history_key(user_key(user(1).sub), EARLIER))
    assert now is not None
    assert (user_from(now).attributes["name"], now["valid_from"], now["change"]) == ("Anna", AT, "changed")
    assert then is not None
    assert (user_from(then).attributes["name"], then["valid_from"], then["valid_to"]) == ("Ann", EARLIER, AT)


def test_the_intervals_of_all_versions_follow_one_another(table: BackupTable) -> None:
    moments = [f"2026-03-0{day}T12:00:00.000Z" for day in range(1, 5)]
    for moment in moments:
        export(table, [user(1, f"named at {moment}")], moment)
    versions = sorted(content(table), key=lambda item: str(item["valid_from"]))
    assert [(item["valid_from"], item.get("valid_to")) for item in versions] == list(
        zip(moments, [*moments[1:], None], strict=True)
    )


@pytest.mark.parametrize(
    ("stored", "change"),
    [
        (None, Change.ADDED),
        (StoredVersion("same", EARLIER, "added"), None),
        (StoredVersion("other", EARLIER, "added"), Change.CHANGED),
        (StoredVersion("same", AT, "added"), Change.ADDED),
        (StoredVersion("other", AT, "added"), Change.ADDED),
        (StoredVersion("same", AT, "changed"), Change.CHANGED),
    ],
)
def test_what_the_same_export_wrote_counts_as_it_did_then(
    table: BackupTable, stored: StoredVersion | None, change: Change | None
) -> None:
    draft = draft_user(user(1))
    if stored is not None and stored.content_hash == "same":
        stored = replace(stored, content_hash=draft.content_hash)
    assert VersionWriter(table, AT, 35).classify(draft, stored) is change


BEFORE = [user(number) for number in range(6)]
AFTER = [*(user(number, "Anna") for number in range(4)), *(user(number) for number in range(4, 9))]
WRITES = 4 + 4 + 3
"""Four earlier versions, four changed items, three new ones."""


def test_an_attempt_after_a_kill_at_any_write_ends_the_same(make_table: MakeTable) -> None:
    # Given how it ends undisturbed
    undisturbed = make_table()
    export(undisturbed, BEFORE, EARLIER)
    expected = export(undisturbed, AFTER)
    assert changes(expected) == (3, 4, 2)
    for writes in range(WRITES):
        table = make_table()
        export(table, BEFORE, EARLIER)
        # When the export is killed after so many writes
        with pytest.raises(Killed):
            export(DyingTable(table, writes), AFTER)
        # Then a second attempt ends in the same state and with the same counts
        assert export(table, AFTER) == expected, f"killed after {writes} writes"
        assert content(table) == content(undisturbed), f"killed after {writes} writes"


def test_an_item_that_changes_between_two_attempts_has_one_earlier_version(table: BackupTable) -> None:
    # Given an export that has changed a user and was then killed
    export(table, [user(1)], EARLIER)
    export(table, [user(1, "Anna")])
    # When the user has changed once more before the second attempt
    assert changes(export(table, [user(1, "Annabel")])) == (0, 1, 0)
    # Then there is what was before the export and what is now
    names = [(item["attributes"]["name"], item.get("valid_to")) for item in content(table)]
    assert sorted(names, key=str) == [("Ann", AT), ("Annabel", None)]


def test_a_long_listing_is_written_as_it_goes(table: BackupTable) -> None:
    written = threading.Event()

    class Telling(BackupTable):
        def put_all(self, items: Iterable[Mapping[str, Any]]) -> None:
            super().put_all(items)
            if len(content(self)) == 100:
                written.set()

    writer = VersionWriter(Telling(table._resource, table.name), AT, 35)
    for number in range(100):
        writer.write(draft_user(user(number)), None)
    assert written.wait(30), "a full buffer does not wait for the flush"
    writer.write(draft_user(user(100)), None)
    writer.flush()
    assert len(content(table)) == 101


# -- how changes are written --------------------------------------------------------------------


class Unwilling:
    """A client of DynamoDB that processes so many writes of a request and gives the others back."""

    def __init__(self, client: Any, willing: int) -> None:
        self._client = client
        self._willing = willing
        self.sizes: list[int] = []

    def batch_write_item(self, RequestItems: dict[str, list[Any]]) -> Any:  # noqa: N803
        [(name, requests)] = RequestItems.items()
        self.sizes.append(len(requests))
        answer = self._client.batch_write_item(RequestItems={name: requests[: self._willing]})
        left = requests[self._willing :]
        return {**answer, "UnprocessedItems": {name: left} if left else {}}


def unwilling(table: BackupTable, willing: int, patch: pytest.MonkeyPatch) -> Unwilling:
    client = Unwilling(table.table.meta.client, willing)
    patch.setattr(table.table.meta, "client", client)
    return client


def test_changes_are_written_25_at_a_time(table: BackupTable, monkeypatch: pytest.MonkeyPatch) -> None:
    client = unwilling(table, 25, monkeypatch)
    table.put_all(draft_user(user(number)).item(AT, Change.ADDED) for number in range(110))
    assert client.sizes == [25, 25, 25, 25, 10]


def test_what_dynamodb_leaves_unprocessed_is_sent_again(
    table: BackupTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a DynamoDB that carries out 10 writes of a request
    client = unwilling(table, 10, monkeypatch)
    # When users are written and some of them retired
    people = [user(number) for number in range(110)]
    table.put_all(draft_user(each).item(AT, Change.ADDED) for each in people)
    table.delete_all(user_key(each.sub) for each in people[:30])
    # Then everything is carried out, by requests of 25 writes at most
    monkeypatch.undo()
    assert table.stored_users("ab").keys() == {each.sub for each in people[30:]}
    assert max(client.sizes) == 25


def test_changes_are_written_side_by_side_and_beside_the_listing(table: BackupTable) -> None:
    # Given a DynamoDB that answers no request until as many as there are writers have come
    together = threading.Barrier(WRITERS, timeout=60)

    class Patient(BackupTable):
        def put_all(self, items: Iterable[Mapping[str, Any]]) -> None:
            written = list(items)
            if written:
                together.wait()
            super().put_all(written)

    writer = VersionWriter(Patient(table._resource, table.name), AT, 35)
    # When a listing comes with so many batches of new users
    for number in range(WRITERS * BATCH_GET_KEYS):
        writer.write(draft_user(user(number)), None)
    writer.flush()
    # Then it was not held up by the first of them
    assert len(content(table)) == WRITERS * BATCH_GET_KEYS


def test_a_batch_that_fails_in_the_background_fails_the_export(table: BackupTable) -> None:
    class Failing(BackupTable):
        def put_all(self, items: Iterable[Mapping[str, Any]]) -> None:
            raise StoreUnavailable("DynamoDB: BatchWriteItem: InternalServerError")

    writer = VersionWriter(Failing(table._resource, table.name), AT, 35)
    writer.write(draft_user(user(1)), None)
    with pytest.raises(StoreUnavailable):
        writer.flush()


# -- retiring -----------------------------------------------------------------------------------


DRAFTS: list[Draft] = [
    *(draft_user(user(number)) for number in range(3)),
    draft_group(Group("staff", "Who works here")),
    draft_membership(Membership(user(0).sub, "staff")),
]
KEYS = [draft.key for draft in DRAFTS]


def filled(table: BackupTable, at: str = EARLIER) -> BackupTable:
    table.put_all(draft.item(at, Change.ADDED) for draft in DRAFTS)
    return table


def retire(table: BackupTable, keys: Iterable[Key] = KEYS) -> int:
    return VersionWriter(table, AT, 35).retire(keys)


def test_what_is_retired_moves_to_history(table: BackupTable) -> None:
    filled(table)
    assert retire(table, iter(KEYS[1:])) == len(KEYS) - 1
    assert [Key(item["pk"], item["sk"]) for item in content(table) if "valid_to" not in item] == [KEYS[0]]
    for key in KEYS[1:]:
        earlier = table.get(history_key(key, EARLIER))
        assert earlier is not None
        assert (earlier["valid_from"], earlier["valid_to"]) == (EARLIER, AT)
    assert list(table.stored_members("staff")) == []


def test_what_the_same_export_wrote_is_retired_without_history(table: BackupTable) -> None:
    assert retire(filled(table, AT)) == len(KEYS)
    assert content(table) == []


def test_retiring_after_a_kill_at_any_write_ends_the_same(make_table: MakeTable) -> None:
    undisturbed = filled(make_table())
    retire(undisturbed)
    for writes in range(2 * len(KEYS)):
        table = filled(make_table())
        with pytest.raises(Killed):
            retire(DyingTable(table, writes))
        assert retire(table) == len(KEYS), "what the first attempt retired counts too"
        assert content(table) == content(undisturbed), f"killed after {writes} writes"
