"""The backup as it was: of each item the version whose interval holds the moment."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from boto3.dynamodb.conditions import ConditionBase

from lifeboat.errors import AlreadyRunning, InvalidInput, PreflightFailed
from lifeboat.model import Group, Membership, PoolConfiguration, User, epoch_after
from lifeboat.restore import assembly
from lifeboat.store.as_of import AsOf
from lifeboat.store.configurations import configuration_drafts
from lifeboat.store.items import (
    Change,
    Draft,
    draft_configuration,
    draft_group,
    draft_membership,
    draft_user,
    history_item,
)
from lifeboat.store.keys import history_key, user_key, user_partition
from lifeboat.store.ledger import Ledger, run_id
from lifeboat.store.table import BackupTable
from lifeboat.store.versions import VersionWriter
from tests.adapters.dying import DyingTable, Killed, content
from tests.adapters.pools import SHARD, Pool
from tests.adapters.stack import Export, Import, MakePool, Stack
from tests.unit.examples import USER

DAYS = 35
FIRST, SECOND, THIRD, FOURTH = (f"2026-03-0{day}T12:00:00.000Z" for day in range(1, 5))
BETWEEN = "2026-03-02T18:00:00.000Z"
NOW = "2026-03-05T12:00:00.000Z"
LATER = "2026-03-05T13:00:00.000Z"


def user(name: str, number: int = 1) -> User:
    sub = f"{SHARD}-{number}"
    return replace(USER, sub=sub, username=f"user-{number}", attributes={"sub": sub, "name": name})


def write(table: BackupTable, at: str, *drafts: Draft) -> None:
    """Write these as an export does, past what the backup holds."""
    stored = {**table.stored_users(SHARD), **table.stored_groups(), **table.stored_configurations()}
    writer = VersionWriter(table, at, DAYS)
    for draft in drafts:
        writer.write(draft, stored.get(draft.content.get("sub") or draft.key.sk))
    writer.flush()


def retire(table: BackupTable, at: str, *drafts: Draft) -> None:
    VersionWriter(table, at, DAYS).retire([draft.key for draft in drafts])


def names(table: BackupTable, moment: str, read_at: str = NOW) -> list[str]:
    """The names of the users there were."""
    found = AsOf(table, moment, read_at).users_with_groups(SHARD)
    return sorted(each.attributes["name"] for each, _ in found if each is not None)


# -- intervals ----------------------------------------------------------------------------------


def test_a_version_counts_from_its_beginning_and_no_longer_at_its_end(table: BackupTable) -> None:
    for at, name in ((FIRST, "Ann"), (SECOND, "Anna"), (THIRD, "Annabel")):
        write(table, at, draft_user(user(name)))
    assert names(table, "2026-03-01T11:59:59.999Z") == []
    assert names(table, FIRST) == ["Ann"]
    assert names(table, "2026-03-02T11:59:59.999Z") == ["Ann"]
    assert names(table, SECOND) == names(table, BETWEEN) == ["Anna"]
    assert names(table, THIRD) == names(table, NOW) == ["Annabel"]


def test_who_was_retired_is_there_again_and_who_was_added_later_is_not(table: BackupTable) -> None:
    write(table, FIRST, draft_user(user("Ann")))
    retire(table, SECOND, draft_user(user("Ann")))
    write(table, THIRD, draft_user(user("Ann again")), draft_user(user("Bob", 2)))
    assert names(table, FIRST) == ["Ann"]
    assert names(table, SECOND) == []
    assert names(table, THIRD) == ["Ann again", "Bob"]


def test_memberships_groups_and_configuration_go_back_as_well(table: BackupTable) -> None:
    # Given a group and a membership whose names look like an earlier version's, and a part in two pieces
    awkward = f"staff@{FIRST}"
    large = PoolConfiguration("CSS#ALL", {"css": "x" * 100_000})
    kept: list[Draft] = [
        draft_user(user("Ann")),
        draft_group(Group("staff", "before", 1)),
        draft_group(Group(awkward)),
        draft_membership(Membership(user("").sub, "staff")),
        draft_membership(Membership(user("").sub, awkward)),
        draft_configuration(PoolConfiguration("MFA", {"MfaConfiguration": "ON"})),
        *configuration_drafts(large),
    ]
    write(table, FIRST, *kept)
    before = read(table, FIRST)
    # When all of it is changed or retired
    retire(table, SECOND, *kept[3:5], kept[2], kept[-1])
    small = PoolConfiguration("CSS#ALL", {"css": "x"})
    changed = [draft_group(Group("staff")), draft_configuration(small)]
    write(table, SECOND, *changed, draft_configuration(PoolConfiguration("MFA", {})))
    # Then a moment before has it all
    assert read(table, FIRST) == before
    assert before[0] == {user("").sub: {"staff", awkward}}
    assert before[1] == [Group("staff", "before", 1), Group(awkward)]
    assert before[2]["CSS#ALL"] == large
    assert read(table, SECOND)[:2] == ({user("").sub: set()}, [Group("staff")])
    assert read(table, SECOND)[2] == {"MFA": PoolConfiguration("MFA", {}), "CSS#ALL": small}


def read(
    table: BackupTable, moment: str
) -> tuple[dict[str, set[str]], list[Group], dict[str, PoolConfiguration]]:
    backup = AsOf(table, moment, NOW)
    users = {
        each.sub: {membership.group_name for membership in memberships}
        for each, memberships in backup.users_with_groups(SHARD)
        if each is not None
    }
    return users, list(backup.groups()), backup.configurations()


def test_what_an_export_left_in_history_before_it_was_killed_is_not_there_twice(table: BackupTable) -> None:
    # Given an export that was killed between the earlier version and the next one, and failed
    write(table, FIRST, draft_user(user("Ann")))
    with pytest.raises(Killed):
        write(DyingTable(table, 1), SECOND, draft_user(user("Anna")))
    assert table.get(history_key(user_key(user("").sub), FIRST)) is not None
    # Then its version goes on, until another export ends it
    assert names(table, FIRST) == names(table, SECOND) == ["Ann"]
    assert len(list(AsOf(table, FIRST, NOW).items(user_partition(SHARD)))) == 1
    write(table, THIRD, draft_user(user("Annabel")))
    assert names(table, SECOND) == ["Ann"]
    assert names(table, THIRD) == ["Annabel"]


def test_what_a_stopped_export_writes_during_the_next_one_hides_nobody(table: BackupTable) -> None:
    # Given two versions in history whose intervals overlap
    for begun, ended, name in ((FIRST, THIRD, "Ann"), (SECOND, FOURTH, "Anna")):
        item = draft_user(user(name)).item(begun, Change.CHANGED)
        table.put_all([history_item(item, ended, DAYS)])
    # Then the later one is taken
    assert names(table, BETWEEN) == ["Anna"]
    assert (names(table, FIRST), names(table, THIRD)) == (["Ann"], ["Anna"])


def test_what_an_export_replaces_between_the_two_queries_is_found(
    table: BackupTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(table, FIRST, draft_user(user("Ann")), draft_user(user("Bob", 2)))
    query, queries = BackupTable.query, []

    def export_before(of: BackupTable, condition: ConditionBase, *given: Any, **named: Any) -> Any:
        queries.append(condition)
        found = list(query(of, condition, *given, **named))
        if len(queries) == 1:
            monkeypatch.setattr(BackupTable, "query", query)
            write(table, SECOND, draft_user(user("Anna")))
            retire(table, SECOND, draft_user(user("Bob", 2)))
            monkeypatch.setattr(BackupTable, "query", export_before)
        return iter(found)

    monkeypatch.setattr(BackupTable, "query", export_before)
    assert names(table, FIRST) == ["Ann", "Bob"]
    assert len(queries) == 2, "a shard takes one Query of the present and one of history"


# -- expiry -------------------------------------------------------------------------------------


def test_history_expires_so_many_days_after_its_end(table: BackupTable) -> None:
    write(table, FIRST, draft_user(user("Ann")), draft_user(user("Bob", 2)))
    write(table, SECOND, draft_user(user("Anna")))
    retire(table, THIRD, draft_user(user("Bob", 2)))
    kept = {item["valid_to"]: int(item["expires_at"]) for item in content(table) if "valid_to" in item}
    assert kept == {SECOND: epoch_after(SECOND, DAYS), THIRD: epoch_after(THIRD, DAYS)}
    assert all("expires_at" not in item for item in content(table) if "valid_to" not in item)


def test_expired_history_is_not_seen_though_it_is_there(table: BackupTable) -> None:
    write(table, FIRST, draft_user(user("Ann")))
    write(table, SECOND, draft_user(user("Anna")))
    assert names(table, FIRST, read_at="2026-04-06T11:59:59.000Z") == ["Ann"]
    assert names(table, FIRST, read_at="2026-04-06T12:00:00.000Z") == []


# -- the import ---------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lifeboat.restore.preflight.now", lambda: NOW)


VERIFIED = {"email_verified": "true"}


@pytest.fixture
def damaged(stack: Stack) -> Stack:
    """A backup of a pool in which, between two exports, much was lost and something added."""
    pool = stack.source
    for name in ("staff", "crew"):
        pool.add_group(name, Description=f"the {name}", Precedence=0)
    pool.add("ann", {"email": "ann@example.com", "name": "Ann", **VERIFIED}, ["staff"])
    pool.add("bob", {"name": "Bob"}, ["staff", "crew"])
    pool.add("cyn", {"name": "Cyn"})
    Export(FIRST).run()
    Export(SECOND).run()
    pool.change("ann", name="", email="")
    pool.change("cyn", name="")
    pool.remove("bob")
    pool.remove_group("crew")
    pool.add("dee", {"name": "Dee"}, ["staff"])
    Export(THIRD, {"AllowMassRetirement": True}).run()
    return stack


def begin(stack: Stack, pool: Pool, **typed: Any) -> Import:
    run = Import(stack, {"NewUserPoolId": pool.pool_id, **typed}, NOW)
    run.begin()
    return run


def test_an_import_as_of_a_moment_before_the_damage_undoes_it(damaged: Stack, make_pool: MakePool) -> None:
    fresh = make_pool()
    run = Import(damaged, {"NewUserPoolId": fresh.pool_id, "AsOf": "2026-03-02T19:00:00+01:00"}, NOW)
    ended = run.run()
    assert ended["Complete"], ended["Cause"]
    assert {name: each.attributes.get("name") for name, each in fresh.users().items()} == {
        "ann": "Ann",
        "bob": "Bob",
        "cyn": "Cyn",
    }
    assert fresh.users()["ann"].attributes["email"] == "ann@example.com"
    assert {name: fresh.groups_of(name) for name in fresh.users()} == {
        "ann": {"staff"},
        "bob": {"staff", "crew"},
        "cyn": set(),
    }
    assert fresh.groups() == {name: Group(name, f"the {name}", 0) for name in ("staff", "crew")}
    # And the report says of when it is
    report, entry = run.report(), Ledger(damaged.table, "import").get(run.of["ImportId"])
    assert entry is not None
    assert (report["as_of"], entry["as_of"]) == (BETWEEN, BETWEEN)
    assert report["export_id"] == entry["export_id"]
    assert report["export_id"].startswith(SECOND)
    assert report["totals"]["groups"]["in_backup"] == 2
    assert "2026-03-02 18:00:00 UTC" in page(run)


def page(run: Import) -> str:
    stored = run.stack.bucket
    answer = stored._client.get_object(Bucket=stored.name, Key=f"imports/{run.of['ImportId']}/report.html")
    return answer["Body"].read().decode()


def test_a_pool_is_created_as_it_was_configured(
    stack: Stack, make_pool: MakePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    created = stack.source.client.create_user_pool_client(UserPoolId=stack.source.pool_id, ClientName="web")
    Export(FIRST).run()
    client_id = created["UserPoolClient"]["ClientId"]
    stack.source.client.delete_user_pool_client(UserPoolId=stack.source.pool_id, ClientId=client_id)
    Export(SECOND).run()
    run = Import(stack, {"CreateUserPool": {"PoolName": "restored"}, "AsOf": FIRST}, NOW)
    run.begin()
    assert f"CLIENT#{client_id}" in assembly.pool_creation(run.of).backup.configurations()
    assert f"CLIENT#{client_id}" not in stack.table.configurations()


def test_everything_that_reads_the_backup_reads_it_as_of_the_moment(
    damaged: Stack, make_pool: MakePool
) -> None:
    fresh = make_pool()
    for moment, kind in ((BETWEEN, AsOf), ("", BackupTable)):
        typed = {"AsOf": moment} if moment else {}
        run = begin(damaged, fresh, **typed).of
        readers = (
            assembly.pool_creation(run),
            assembly.group_restore(run),
            assembly.scan(run),
            assembly.import_job_step(run),
            assembly.reconciliation(run),
        )
        assert {type(each.backup) for each in readers} == {kind}


def test_a_resumed_import_stays_where_it_was(damaged: Stack, make_pool: MakePool) -> None:
    # Given an import as of a moment within the run of an export that was completed only since
    fresh, running = make_pool(), "2026-03-04T12:00:00.000Z"
    export = Export(running)
    plan = export.plan_cleanup()
    moment = "2026-03-04T12:00:05.000Z"
    run = begin(damaged, fresh, AsOf=moment)
    assert run.of["ExportId"].startswith(THIRD)
    export.end(plan)
    # When it is resumed, without saying so again or with the same moment put otherwise
    for typed in ({}, {"AsOf": "2026-03-04T13:00:05+01:00"}):
        again = Import(damaged, {"Resume": run.of["ImportId"], **typed}, LATER).begin()["Run"]
        # Then it restores what it began with
        assert (again["AsOf"], again["ExportId"]) == (moment, run.of["ExportId"])
    # And a new one restores what that export found
    assert begin(damaged, fresh, AsOf=moment).of["ExportId"].startswith(running)


@pytest.mark.parametrize(("first", "words"), [(BETWEEN, f"as of {BETWEEN}"), ("", "the present backup")])
def test_resuming_as_of_another_moment_is_refused(
    damaged: Stack, make_pool: MakePool, first: str, words: str
) -> None:
    run = begin(damaged, make_pool(), **({"AsOf": first} if first else {}))
    again = Import(damaged, {"Resume": run.of["ImportId"], "AsOf": SECOND}, LATER)
    with pytest.raises(InvalidInput, match=f"AsOf: the import .* restores .*{words}; leave AsOf out"):
        again.begin()


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        ("2026-03-02T18:00:00", 'names no zone.* such as "2026-11-21T08:00:00Z"'),
        ("2026-03-02", "names no zone"),
        ("yesterday", "names no moment; expected a moment of the past in ISO 8601 with its zone"),
        ("2026-02-30T18:00:00Z", "names no moment"),
        ("0001-01-01T00:00:00+14:00", "names no moment"),
        ("", "names no moment"),
        (1772474400, "expected a moment of the past .*, found a number"),
    ],
)
def test_what_is_no_moment_is_refused_before_anything_is_written(
    stack: Stack, pool: Pool, moment: Any, words: str
) -> None:
    with pytest.raises(InvalidInput, match=f"^AsOf: {words}"):
        begin(stack, pool, AsOf=moment)
    assert content(stack.table) == []


@pytest.mark.parametrize(
    ("moment", "problem"),
    [
        ("2026-03-05T12:00:00.001Z", "AsOf: lies in the future; give a moment of the past"),
        ("2026-03-01T11:59:59.999Z", f"AsOf: lies before the first completed export; give {FIRST}"),
    ],
)
def test_a_moment_out_of_reach_is_a_problem_like_others(
    damaged: Stack, make_pool: MakePool, moment: str, problem: str
) -> None:
    fresh = make_pool()
    fresh.add("somebody")
    with pytest.raises(PreflightFailed) as caught:
        begin(damaged, fresh, AsOf=moment)
    first, second = caught.value.problems
    assert problem in first
    assert "is not empty" in second


def test_a_moment_beyond_history_is_refused_with_the_earliest_one(
    damaged: Stack, make_pool: MakePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = make_pool()
    monkeypatch.setattr("lifeboat.restore.preflight.now", lambda: "2026-04-07T00:00:00.000Z")
    remedy = "give 2026-03-03T01:00:00.000Z or a later moment"
    for moment in (FIRST, BETWEEN):
        with pytest.raises(PreflightFailed) as caught:
            begin(damaged, fresh, AsOf=moment)
        assert f"AsOf: lies more than HistoryDays (35 days) back; {remedy}" in caught.value.problems[0]
    # What it names can be given, with a warning that history is about to expire
    warnings = begin(damaged, fresh, AsOf="2026-03-03T01:00:00.000Z").of["Warnings"]
    assert any("history that this import needs expires in 12 hours" in each for each in warnings)


def test_a_moment_of_which_something_has_expired_is_refused(
    damaged: Stack, make_pool: MakePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given exports that kept history for a day only, by another HistoryDays than now
    for at in (FIRST, SECOND, THIRD):
        export_id = run_id(Export(at).arn, at)
        Ledger(damaged.table, "export").update(export_id, {"history_days": 1})
    Export(FOURTH).run()
    fresh = make_pool()
    with pytest.raises(PreflightFailed) as caught:
        begin(damaged, fresh, AsOf=BETWEEN)
    assert f"what the export of {THIRD} replaced was kept for 1 days, and is gone" in caught.value.problems[0]
    assert f"give {THIRD} or a later moment" in caught.value.problems[0]
    begin(damaged, fresh, AsOf=THIRD)


def test_what_failed_exports_wrote_counts_only_once_another_has_completed(
    damaged: Stack, make_pool: MakePool
) -> None:
    # Given an export that has written a change and failed
    damaged.source.change("ann", name="Anna")
    failed = Export(FOURTH)
    failed.begin()
    failed.users()
    failed.fail("CognitoUnavailable", "gone")
    run = begin(damaged, make_pool(), AsOf=NOW)
    # Then the moment has the state of the one before it, without the change
    assert run.of["ExportId"].startswith(THIRD)
    assert "Anna" not in restored_names(run)
    # And with the next completed one it has the change
    Export("2026-03-05T00:00:00.000Z").run()
    assert "Anna" in restored_names(begin(damaged, make_pool(), AsOf=NOW))


def restored_names(run: Import) -> set[str]:
    found = assembly.scan(run.of).backup.users_with_groups(SHARD)
    return {each.attributes.get("name", "") for each, _ in found if each is not None}


def test_an_export_that_was_started_earlier_does_not_begin_after_a_later_one(stack: Stack) -> None:
    Export(SECOND).run()
    with pytest.raises(AlreadyRunning, match="was started later and has been completed; start again"):
        Export(FIRST).begin()
