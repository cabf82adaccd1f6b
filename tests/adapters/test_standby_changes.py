"""Batches of the stream, the guard, groups, what operators invoke, and changes in any order and number."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from boto3.dynamodb.types import TypeSerializer

from lifeboat.aws import clients
from lifeboat.aws.queues import Queue
from lifeboat.cognito.changes import PoolChanger
from lifeboat.errors import CognitoThrottled, InvalidInput
from lifeboat.model import Kind, User
from lifeboat.pacing import Deadline
from lifeboat.store.deletions import Deletions, hour_of
from lifeboat.store.items import Change, draft_user
from lifeboat.store.keys import Key, group_key, membership_key, user_key
from lifeboat.store.standby import HELD, Place, place_key
from lifeboat.sync.standby import assembly as standby_assembly
from lifeboat.sync.standby.check import CheckTask
from lifeboat.sync.standby.groups import Applied
from lifeboat.sync.standby.records import StandbyChanges, StreamAnswer
from tests.adapters.pools import Pool, asked_of, failing
from tests.adapters.stack import Stack, dead_letters, messages
from tests.adapters.standby import Standby, changed, person
from tests.unit.examples import AT, OVER, PLENTY
from tests.unit.test_events import event_of

DONE: StreamAnswer = {"batchItemFailures": []}


@pytest.fixture
def dead(make_queue: Any) -> Queue:
    made: Queue = make_queue("StandbyDead")
    return made


@pytest.fixture
def standby(stack: Stack, make_pool: Any, dead: Queue, monkeypatch: pytest.MonkeyPatch) -> Iterator[Standby]:
    """A backup stack whose functions find the standby pool; users lie in one shard."""
    pool: Pool = make_pool()
    monkeypatch.setenv("STANDBY_USER_POOL_ID", pool.pool_id)
    monkeypatch.setenv("STANDBY_DLQ_URL", dead.url)
    monkeypatch.setenv("MAX_RETIRE_PERCENT", "10")
    monkeypatch.setattr("lifeboat.sync.standby.check.SHARDS", ("ab",))
    standby_assembly._made.cache_clear()
    made = Standby(stack.table, pool)
    made.listed(users=100, groups=100)
    yield made
    standby_assembly._made.cache_clear()


def record(number: int, key: Key, removed: User | None = None, event: str = "INSERT") -> dict[str, Any]:
    """A record of the table's stream; of what is written only the key is looked at."""
    change: dict[str, Any] = {
        "Keys": {"pk": {"S": key.pk}, "sk": {"S": key.sk}},
        "SequenceNumber": f"{number:021}",
    }
    if removed is not None:
        event = "REMOVE"
        image = draft_user(removed).item(AT, Change.ADDED)
        change["OldImage"] = {name: TypeSerializer().serialize(value) for name, value in image.items()}
    return {"eventName": event, "eventSource": "aws:dynamodb", "dynamodb": change}


def take(*records: dict[str, Any], deadline: Deadline = PLENTY) -> StreamAnswer:
    return standby_assembly.standby_changes().take({"Records": list(records)}, deadline)


def from_number(number: int) -> StreamAnswer:
    return {"batchItemFailures": [{"itemIdentifier": f"{number:021}"}]}


def test_the_sample_event_is_applied(standby: Standby) -> None:
    standby.pool.add_group("readers")
    assert standby_assembly.standby_changes().take(event_of("apply_changes"), PLENTY) == DONE
    assert standby.pool.groups() == {}


def test_many_changes_of_one_user_cost_as_much_as_one(standby: Standby) -> None:
    user = person(1)
    standby.put_group("staff")
    standby.put(user, "staff")
    client = standby_assembly.standby_changes().users.changer._client
    created, listed = (asked_of(client, name) for name in ("AdminCreateUser", "AdminListGroupsForUser"))
    records = [record(1, user_key(user.sub)), record(2, membership_key(user.sub, "staff"))]
    records += [record(3, user_key(user.sub)), record(4, group_key("staff"))]
    assert take(*records) == DONE
    assert take(*records) == DONE
    standby.check_same([user])
    assert (len(created), len(listed)) == (1, 1)


def test_what_is_none_of_its_business_is_passed_over(standby: Standby) -> None:
    user = person(1)
    standby.put(user)
    others = [place_key(user.sub), Key("HISTORY#USER#ab", f"{user.sub}@{AT}"), Key("EXPORT", "LATEST")]
    assert take(*(record(number, key) for number, key in enumerate(others))) == DONE
    image = {"content_hash": {"S": "same"}}
    dates = record(9, user_key(user.sub), event="MODIFY")
    dates["dynamodb"] |= {"OldImage": image, "NewImage": image}
    assert take(dates) == DONE
    assert standby.pool.users() == {}


def test_the_batch_goes_on_from_the_first_record_that_failed(
    standby: Standby, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [person(number) for number in range(1, 5)]
    for user in people:
        standby.put(user)
    create = PoolChanger.create_user

    def refuse(changer: PoolChanger, username: str, attributes: Any) -> User:
        if username in ("user2", "user3"):
            raise CognitoThrottled("AdminCreateUser", "TooManyRequestsException")
        return create(changer, username, attributes)

    records = [record(number, user_key(user.sub)) for number, user in enumerate(people, start=1)]
    with monkeypatch.context() as patch:
        patch.setattr(PoolChanger, "create_user", refuse)
        assert take(*records) == from_number(2)
    assert standby.pool.users().keys() == {"user1", "user4"}
    assert take(*records[1:]) == DONE
    standby.check_same(people)


def test_what_the_time_does_not_suffice_for_is_handed_over_again(standby: Standby) -> None:
    user = person(1)
    standby.put(user)
    assert take(record(1, user_key(user.sub)), deadline=OVER) == from_number(1)


def test_what_cognito_refuses_for_good_holds_nobody_up(standby: Standby, dead: Queue) -> None:
    good, bad = person(1), person(2, **{"custom:unknown": "x"})
    standby.put(good)
    standby.put(bad)
    client = standby.pool.client
    refusal = client.exceptions.InvalidParameterException(
        {"Error": {"Code": "InvalidParameterException", "Message": "x is not in the schema"}},
        "AdminCreateUser",
    )
    changes = standby_assembly.standby_changes()
    with failing(changes.users.changer._client, "AdminCreateUser", refusal):
        assert take(record(1, user_key(bad.sub))) == DONE
    assert take(record(2, user_key(good.sub))) == DONE
    [(named, reason)] = dead_letters(dead)
    assert named == {"sub": bad.sub}
    assert "InvalidParameterException" in reason
    assert "example.com" not in reason


# -- groups --------------------------------------------------------------------------------------


def test_groups_are_created_changed_and_deleted(standby: Standby) -> None:
    standby.put_group("staff", description="All", precedence=0)
    assert take(record(1, group_key("staff"))) == DONE
    standby.put_group("staff", precedence=3)
    assert take(record(2, group_key("staff"), event="MODIFY")) == DONE
    there = standby.pool.groups()["staff"]
    assert (there.description or "", there.precedence) == ("", 3)
    standby.drop_group("staff")
    assert take(record(3, group_key("staff"), event="REMOVE")) == DONE
    assert standby.pool.groups() == {}


def test_a_group_that_comes_after_its_members_gets_them(standby: Standby) -> None:
    people = [person(number) for number in range(3)]
    for user in people:
        standby.put(user, "late")
    assert take(*(record(number, user_key(user.sub)) for number, user in enumerate(people))) == DONE
    standby.put_group("late")
    assert take(record(9, group_key("late"))) == DONE
    standby.check_same(people)
    assert standby.places.awaiting("late") == []


def test_deleted_groups_obey_the_guard_too(standby: Standby) -> None:
    standby.listed(users=100, groups=10)
    for name in ("a", "b"):
        standby.put_group(name)
        assert take(record(1, group_key(name))) == DONE
        standby.drop_group(name)
    assert [standby.groups.apply(name) for name in ("a", "b")] == [Applied.DELETED, Applied.HELD]
    assert standby.pool.groups().keys() == {"b"}
    assert standby.places.held() == [(Kind.GROUP, "b")]
    assert standby.groups.apply("b", permitted=True) is Applied.DELETED
    assert standby.places.held() == []


# -- the guard -----------------------------------------------------------------------------------


def test_the_guard_counts_within_a_sliding_day_for_each_pool_and_kind(standby: Standby) -> None:
    standby.listed(users=20, groups=20)
    deletions = Deletions(standby.table, "pool-a", 10)
    day = [deletions.pass_one(Kind.USER, f"2026-03-01T{hour:02}:30:00.000Z") for hour in (1, 9, 20)]
    assert day == [True, True, False]
    assert deletions.pass_one(Kind.GROUP, "2026-03-01T20:30:00.000Z")
    assert Deletions(standby.table, "pool-b", 10).pass_one(Kind.USER, "2026-03-01T20:30:00.000Z")
    assert not deletions.pass_one(Kind.USER, "2026-03-02T01:59:00.000Z")
    assert deletions.pass_one(Kind.USER, "2026-03-02T02:00:00.000Z")
    assert not deletions.pass_one(Kind.USER, "2026-03-02T02:00:01.000Z")
    assert all(Deletions(standby.table, "pool-c", 100).pass_one(Kind.USER, AT) for _ in range(30))
    assert not Deletions(standby.table, "pool-c", 0).pass_one(Kind.USER, AT)
    assert hour_of("2026-03-02T02:00:01.000Z") == "2026-03-02T02"


def test_held_deletions_are_told_of_once_and_released_by_whoever_names_the_pool(
    standby: Standby, aws: boto3.Session, capsys: pytest.CaptureFixture[str]
) -> None:
    standby.listed(users=10)
    people = [person(number) for number in range(4)]
    told = asked_of(clients.sns(), "Publish")
    for user in people:
        standby.put(user)
        take(record(1, user_key(user.sub)))
    for user in people:
        standby.drop(user)
        assert take(record(2, user_key(user.sub), removed=user)) == DONE
    assert len(standby.pool.users()) == 3
    assert len(told) == 1
    written = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"StandbyHeld"' in line]
    assert sum(int(line["StandbyHeld"][0]) for line in written) == 3

    changes: StandbyChanges = standby_assembly.standby_changes()
    with pytest.raises(InvalidInput, match="StandbyUserPoolId"):
        changes.release({"StandbyUserPoolId": "eu-west-1_Other"}, PLENTY)
    pool_id = standby.pool.pool_id
    assert changes.release({"StandbyUserPoolId": pool_id}, OVER) == {"Deleted": 0, "Failed": 0, "Left": 3}
    standby.put(people[3])  # one of them is in the backup again
    assert changes.release({"StandbyUserPoolId": pool_id}, PLENTY) == {"Deleted": 2, "Failed": 0, "Left": 0}
    standby.check_same([people[3]])
    assert standby.items(HELD) == []


# -- checking ------------------------------------------------------------------------------------


def check(mode: str, deadline: Deadline = PLENTY) -> dict[str, Any]:
    task: CheckTask = {"Mode": mode}
    return dict(standby_assembly.standby_check().check(task, deadline))


def test_a_check_fills_compares_and_repairs(standby: Standby) -> None:
    people = [person(number) for number in range(3)]
    standby.put_group("staff")
    for user in people:
        standby.put(user, "staff")
    standby.put(replace(person(9), status="EXTERNAL_PROVIDER"))
    assert check("COMPARE") | {"Next": "", "Users": 3, "Differing": 3, "Repaired": 0} == check("COMPARE")
    filled = check("REPAIR")
    assert (filled["Differing"], filled["Repaired"], filled["Failed"]) == (3, 4, 0)
    standby.check_same(people)
    assert check("COMPARE")["Differing"] == 0

    # Somebody changes the standby pool by hand, and events are lost.
    standby.pool.change("user1", name="Mallory")
    standby.drop(people[2])
    assert check("COMPARE")["Differing"] == 1
    assert check("REPAIR")["Repaired"] == 1
    assert "name" in standby.pool.users()["user1"].attributes
    assert check("LOOK")["Repaired"] == 1
    standby.check_same(people[:2])


def test_a_check_goes_on_where_it_was_left_and_takes_nothing_else(standby: Standby) -> None:
    standby.put(person(1))
    left = check("REPAIR", OVER)
    assert left["Next"] == "ab"
    again: CheckTask = {"Mode": "REPAIR", "Next": str(left["Next"])}
    assert standby_assembly.standby_check().check(again, PLENTY)["Next"] == ""
    wrong: list[Any] = [{}, {"Mode": "repair"}, {"Mode": "LOOK", "Next": "zz"}]
    for task in wrong:
        with pytest.raises(InvalidInput):
            standby_assembly.standby_check().check(task, PLENTY)


# -- all of it, in any order ----------------------------------------------------------------------


class History:
    """Random changes of six users and three groups; the table always has the last state."""

    def __init__(self, standby: Standby, draw: random.Random) -> None:
        self.standby, self.draw = standby, draw
        self.alive: dict[int, User] = {}
        self.records: list[dict[str, Any]] = []

    def step(self, number: int) -> None:
        kind = self.draw.choice(["user", "user", "deletion", "group"])
        if kind == "group":
            self.group(self.draw.choice(GROUPS), number)
        elif kind == "deletion" and self.alive:
            self.deletion(self.draw.choice(sorted(self.alive)))
        else:
            self.user(self.draw.randrange(6), number)

    def group(self, name: str, precedence: int) -> None:
        self.standby.put_group(name, precedence=precedence)
        self.records.append(record(0, group_key(name)))

    def deletion(self, which: int) -> None:
        user = self.alive.pop(which)
        self.standby.drop(user)
        self.records.append(record(0, user_key(user.sub), removed=user))

    def user(self, which: int, number: int) -> None:
        user = changed(self.alive.get(which) or person(which), name=f"name-{number}")
        self.alive[which] = replace(user, enabled=self.draw.random() < 0.7)
        self.standby.put(self.alive[which], *self.draw.sample(GROUPS, self.draw.randrange(4)))
        self.records.append(record(0, user_key(user.sub)))


GROUPS = ["a", "b", "c"]


def deliver(records: list[dict[str, Any]]) -> None:
    """As Lambda does: again from the first record that failed, until none is left."""
    left = [
        {**each, "dynamodb": {**each["dynamodb"], "SequenceNumber": str(n)}} for n, each in enumerate(records)
    ]
    while failed := take(*left)["batchItemFailures"]:
        numbers = [each["dynamodb"]["SequenceNumber"] for each in left]
        left = left[numbers.index(failed[0]["itemIdentifier"]) :]


@pytest.mark.parametrize("seed", range(2))
def test_changes_in_any_order_with_copies_and_faults_end_in_the_same_pool(
    standby: Standby, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table has the last state; records of the changes that led there come late, twice and mixed up."""
    draw = random.Random(seed)
    standby.listed(users=10_000, groups=10_000)
    client: Any = standby_assembly.standby_changes().users.changer._client
    call = client._make_api_call

    def flaky(operation: str, arguments: Any) -> Any:
        if draw.random() < 0.1:
            error = {"Error": {"Code": "InternalErrorException", "Message": "x"}}
            raise client.exceptions.InternalErrorException(error, operation)
        return call(operation, arguments)

    monkeypatch.setattr(client, "_make_api_call", flaky)
    history, late = History(standby, draw), []
    for number in range(40):
        history.step(number)
        if draw.random() < 0.3:
            late += history.records
            history.records = []
            draw.shuffle(late)
            half = len(late) // 2
            deliver(late[:half])
            late = late[half:] + draw.sample(late, half // 2)
    for name in GROUPS:
        history.group(name, 1)
    late += history.records
    draw.shuffle(late)
    deliver(late)
    standby.check_same(history.alive.values())
    assert standby.places.held() == []


def test_places_of_another_standby_pool_count_as_nothing(standby: Standby, make_pool: Any) -> None:
    user = person(1)
    standby.put(user)
    take(record(1, user_key(user.sub)))
    other = Standby(standby.table, make_pool())
    assert other.places.get(user.sub) is None
    assert other.users.apply(user.sub) is Applied.CREATED
    other.check_same([user])
    assert isinstance(other.places.get(user.sub), Place)


def test_nothing_personal_is_logged(
    standby: Standby, dead: Queue, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    user = person(1, email="planted@example.com", name="Planted")
    standby.put(user)
    take(record(1, user_key(user.sub)))
    standby.drop(user)
    take(record(2, user_key(user.sub), removed=user))
    said = capsys.readouterr()
    everything = said.out + said.err + caplog.text + json.dumps(messages(dead), default=str)
    assert "planted" not in everything.lower()
    assert "user1" not in everything
