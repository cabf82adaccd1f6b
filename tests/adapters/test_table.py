"""Reading and writing the backup table."""

from __future__ import annotations

from dataclasses import replace

import pytest
from boto3.dynamodb.conditions import Key as KeyCondition

from lifeboat.errors import StoreUnavailable
from lifeboat.model import Group, Membership, PoolConfiguration, User
from lifeboat.store.items import (
    Change,
    Draft,
    draft_configuration,
    draft_group,
    draft_membership,
    draft_user,
    history_item,
)
from lifeboat.store.keys import Key, group_key, pool_key, shard_of, user_key
from lifeboat.store.table import BackupTable, StoredVersion
from lifeboat.store.versions import held_before
from tests.unit.examples import AT, EARLIER, USER


def put(table: BackupTable, *drafts: Draft, at: str = AT) -> None:
    table.put_all(draft.item(at, Change.ADDED) for draft in drafts)


def version(draft: Draft) -> StoredVersion:
    return StoredVersion(draft.content_hash, AT, "added")


def user(sub: str) -> User:
    return replace(USER, sub=sub, attributes={**USER.attributes, "sub": sub})


def test_stored_users_are_those_of_the_prefix_and_no_memberships(table: BackupTable) -> None:
    # Given users of several shards, and a membership that begins like its user
    subs = ["ab1-x", "ab2-y", "ac1-z", "0f0-w", "not hexadecimal", "a#b%23", "a"]
    put(table, *(draft_user(user(sub)) for sub in subs), draft_membership(Membership("ab1-x", "staff")))
    # Then each prefix gives its own
    assert table.stored_users("ab") == {sub: version(draft_user(user(sub))) for sub in ("ab1-x", "ab2-y")}
    assert table.stored_users("ab2").keys() == {"ab2-y"}
    assert table.stored_users("0").keys() == {"0f0-w"}
    assert table.stored_users("").keys() == set(subs)


def test_stored_groups_and_members_are_known_by_name_and_sub(table: BackupTable) -> None:
    names = ["staff", "staff#1", "Ärzte/людей", "@"]
    put(table, *(draft_group(Group(name)) for name in names))
    put(table, *(draft_membership(Membership(f"{name}-sub", name)) for name in names))
    assert table.stored_groups() == {name: version(draft_group(Group(name))) for name in names}
    for name in names:
        membership = Membership(f"{name}-sub", name)
        assert dict(table.stored_members(name)) == {membership.sub: version(draft_membership(membership))}
    assert list(table.stored_members("nobody")) == []


def test_history_shows_in_no_listing(table: BackupTable) -> None:
    drafts = [draft_user(USER), draft_group(Group("staff")), draft_membership(Membership(USER.sub, "staff"))]
    table.put_all(history_item(draft.item(EARLIER, Change.ADDED), AT, 35) for draft in drafts)
    assert table.stored_users("") == {}
    assert table.stored_groups() == {}
    assert list(table.stored_members("staff")) == []
    assert list(table.users_with_groups(shard_of(USER.sub))) == []


def test_users_come_with_their_groups_whatever_lies_between(table: BackupTable) -> None:
    # Given subs of which one begins with the other, so that their items interleave
    short, long, orphan = "abc", "abc!", "abd"
    put(table, draft_user(user(short)), draft_user(user(long)))
    for sub, group in [(short, "one"), (short, "two#2"), (long, "one"), (orphan, "one")]:
        put(table, draft_membership(Membership(sub, group)))
    # When the shard is read
    found = list(table.users_with_groups("ab"))
    # Then each user has its own groups, and a membership without a user is still given out
    assert {each.sub if each else None: {m.group_name for m in groups} for each, groups in found} == {
        short: {"one", "two#2"},
        long: {"one"},
        None: {"one"},
    }
    assert next(each for each, _ in found if each and each.sub == short) == user(short)


def test_groups_come_by_name(table: BackupTable) -> None:
    groups = [Group("b", "", 0, "arn:aws:iam::123456789012:role/x"), Group("a"), Group("#")]
    put(table, *map(draft_group, groups))
    assert list(table.groups()) == sorted(groups, key=lambda group: group.name)


def test_a_configuration_is_read_and_its_version_too(table: BackupTable) -> None:
    configuration = PoolConfiguration("CONFIG", {"Policies": {"Length": 8}, "Rate": 0.1})
    assert table.configuration("CONFIG") is None
    assert table.stored_configuration("CONFIG") is None
    put(table, draft_configuration(configuration))
    assert table.configuration("CONFIG") == configuration
    assert table.stored_configuration("CONFIG") == version(draft_configuration(configuration))


def test_a_query_runs_over_all_its_pages(table: BackupTable) -> None:
    # Given more than the megabyte that a page holds
    drafts = [draft_group(Group(f"{number:03}", "x" * 50_000)) for number in range(45)]
    put(table, *drafts)
    assert len(list(table.query(KeyCondition("pk").eq("GROUP")))) == 45
    assert len(table.stored_groups()) == 45


def test_many_keys_are_fetched_and_the_absent_left_out(table: BackupTable) -> None:
    put(table, *(draft_group(Group(f"{number:03}")) for number in range(230)))
    keys = [group_key(f"{number:03}") for number in range(240)]
    assert sorted(item["name"] for item in table.get_all(iter(keys))) == [f"{n:03}" for n in range(230)]
    assert list(table.get_all([])) == []


def test_unprocessed_keys_are_asked_for_again(table: BackupTable, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a DynamoDB that answers one key a request
    put(table, *(draft_group(Group(name)) for name in "abc"))
    whole = table._resource.batch_get_item

    def one_by_one(RequestItems: dict[str, dict[str, list[dict[str, str]]]]) -> object:  # noqa: N803
        keys = RequestItems[table.name]["Keys"]
        answer = whole(RequestItems={table.name: {"Keys": keys[:1]}})
        if keys[1:]:
            answer["UnprocessedKeys"] = {table.name: {"Keys": keys[1:]}}  # type: ignore[typeddict-item]
        return answer

    monkeypatch.setattr(table._resource, "batch_get_item", one_by_one)
    assert sorted(item["name"] for item in table.get_all(map(group_key, "abcd"))) == ["a", "b", "c"]


def test_keys_that_stay_unprocessed_are_an_error(table: BackupTable, monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(RequestItems: object) -> object:  # noqa: N803
        return {"Responses": {}, "UnprocessedKeys": RequestItems}

    monkeypatch.setattr(table._resource, "batch_get_item", nothing)
    with pytest.raises(StoreUnavailable, match="BatchGetItem"):
        list(table.get_all([group_key("a")]))


def test_more_than_a_batch_is_written_and_deleted(table: BackupTable) -> None:
    names = [f"{number:02}" for number in range(60)]
    put(table, *(draft_group(Group(name)) for name in names))
    table.delete_all(group_key(name) for name in [*names[:59], "never there"])
    assert [group.name for group in table.groups()] == ["59"]


def test_an_item_that_is_not_there_is_none(table: BackupTable) -> None:
    assert table.get(Key("NO", "WHERE")) is None
    put(table, draft_user(USER))
    item = table.get(user_key(USER.sub))
    assert item is not None
    assert item["username"] == USER.username


def test_a_table_that_is_gone_is_an_unavailable_store(table: BackupTable) -> None:
    table.table.delete()
    with pytest.raises(StoreUnavailable, match="DynamoDB: GetItem: ResourceNotFoundException"):
        table.get(pool_key("CONFIG"))
    with pytest.raises(StoreUnavailable, match="DynamoDB: BatchWriteItem"):
        put(table, draft_user(USER))


def test_what_an_export_added_itself_was_not_held_before(table: BackupTable) -> None:
    stored = [
        StoredVersion("h", AT, "added"),
        StoredVersion("h", AT, "changed"),
        StoredVersion("h", EARLIER, "added"),
    ]
    assert held_before(stored, AT) == 2
