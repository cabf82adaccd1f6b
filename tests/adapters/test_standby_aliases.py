"""Users who exchange addresses that they sign in by: each finds the own one taken by another."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from lifeboat.aws.queues import Queue
from lifeboat.cognito.changes import PoolChanger
from lifeboat.errors import AliasExists, CognitoUnavailable
from lifeboat.model import User
from lifeboat.store.keys import user_key
from lifeboat.sync.standby import assembly as standby_assembly
from lifeboat.sync.standby.groups import Applied
from tests.adapters.moto_aliases import keep_aliases
from tests.adapters.pools import Pool, asked_of, failing
from tests.adapters.stack import Stack, messages
from tests.adapters.standby import Standby, changed, person
from tests.adapters.test_standby_changes import DONE, deliver, record, take
from tests.unit.examples import PLENTY


class Killed(Exception):
    """The function's process has ended."""


@pytest.fixture
def dead(make_queue: Any) -> Queue:
    made: Queue = make_queue("StandbyDead")
    return made


@pytest.fixture
def make_standby(
    stack: Stack, make_pool: Callable[..., Pool], dead: Queue, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Standby]]:
    """Backup stacks with a standby pool that keeps aliases to one user."""
    keep_aliases(monkeypatch)

    def make(**properties: Any) -> Standby:
        pool = make_pool(**properties)
        monkeypatch.setenv("STANDBY_USER_POOL_ID", pool.pool_id)
        standby_assembly._made.cache_clear()
        made = Standby(stack.table, pool)
        made.listed(users=100, groups=100)
        return made

    monkeypatch.setenv("STANDBY_DLQ_URL", dead.url)
    monkeypatch.setenv("MAX_RETIRE_PERCENT", "10")
    monkeypatch.setattr("lifeboat.sync.standby.check.SHARDS", ("ab",))
    yield make
    standby_assembly._made.cache_clear()


@pytest.fixture
def standby(make_standby: Callable[..., Standby]) -> Standby:
    return make_standby(AliasAttributes=["email", "phone_number", "preferred_username"])


def filled(standby: Standby, count: int) -> list[User]:
    people = [person(number) for number in range(count)]
    for user in people:
        standby.put(user)
        standby.users.apply(user.sub)
    return people


def rotated(standby: Standby, people: list[User]) -> list[User]:
    """In the backup, each has the address of the next one."""
    addresses = [user.attributes["email"] for user in people]
    moved = [
        changed(user, email=address)
        for user, address in zip(people, addresses[1:] + addresses[:1], strict=True)
    ]
    for user in moved:
        standby.put(user)
    return moved


def check(standby: Standby, mode: str) -> tuple[int, int, int]:
    """How many differ, were repaired and failed."""
    checked = standby_assembly.standby_check().check({"Mode": mode}, PLENTY)
    assert checked["Next"] == ""
    return checked["Differing"], checked["Repaired"], checked["Failed"]


@pytest.mark.parametrize("count", [2, 3, 5])
def test_users_who_exchange_addresses_are_all_applied_in_one_batch(
    standby: Standby, dead: Queue, count: int
) -> None:
    moved = rotated(standby, filled(standby, count))
    records = [record(number, user_key(user.sub)) for number, user in enumerate(moved)]
    assert take(*records) == DONE
    standby.check_same(moved)
    assert check(standby, "COMPARE") == (0, 0, 0)
    assert messages(dead) == []


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_in_whatever_order_their_records_come_and_twice(
    standby: Standby, dead: Queue, order: tuple[int, ...]
) -> None:
    moved = rotated(standby, filled(standby, 3))
    for number in (*order, *order):
        assert take(record(number, user_key(moved[number].sub))) == DONE
    standby.check_same(moved)
    assert check(standby, "COMPARE") == (0, 0, 0)
    assert messages(dead) == []


@pytest.mark.parametrize("count", [2, 3])
def test_a_repair_brings_them_all(standby: Standby, dead: Queue, count: int) -> None:
    moved = rotated(standby, filled(standby, count))
    assert check(standby, "REPAIR") == (count, count, 0)
    standby.check_same(moved)
    assert check(standby, "COMPARE") == (0, 0, 0)
    assert messages(dead) == []


def test_taking_an_address_changes_none_so_that_no_code_is_sent(standby: Standby) -> None:
    moved = rotated(standby, filled(standby, 2))
    sent = asked_of(standby.pool.client, "AdminUpdateUserAttributes")
    standby.users.apply(moved[0].sub)
    written = [{each["Name"]: each["Value"] for each in one["UserAttributes"]} for one in sent]
    assert {"email_verified": "false"} in written
    assert all(each["email_verified"] == "true" for each in written if "email" in each)


def test_other_names_to_sign_in_by_are_exchanged_too(standby: Standby) -> None:
    people = [
        changed(
            person(number),
            phone_number=f"+1555000{number}",
            phone_number_verified="true",
            preferred_username=f"nick{number}",
        )
        for number in range(2)
    ]
    for user in people:
        standby.put(user)
        standby.users.apply(user.sub)
    names = ("email", "phone_number", "preferred_username")
    moved = [
        changed(user, **{name: other.attributes[name] for name in names})
        for user, other in zip(people, people[::-1], strict=True)
    ]
    for user in moved:
        standby.put(user)
    assert check(standby, "REPAIR") == (2, 2, 0)
    standby.check_same(moved)


def test_where_addresses_are_usernames_they_are_exchanged_by_making_one_anew(
    make_standby: Callable[..., Standby],
) -> None:
    standby = make_standby(UsernameAttributes=["email"])
    moved = rotated(standby, filled(standby, 2))
    assert check(standby, "REPAIR") == (2, 2, 0)
    there = {user.attributes["email"]: user.sub for user in standby.pool.users().values()}
    assert there.keys() == {user.attributes["email"] for user in moved}
    for user in moved:
        place = standby.places.get(user.sub)
        assert place is not None
        assert place.new_sub == there[user.attributes["email"]]
    assert check(standby, "LOOK") == (0, 0, 0)


def test_a_new_user_gets_an_address_that_another_has_given_up(standby: Standby) -> None:
    [old] = filled(standby, 1)
    address = old.attributes["email"]
    moved, new = changed(old, email="moved@example.com"), changed(person(7), email=address)
    standby.put(moved)
    standby.put(new)
    assert standby.users.apply(new.sub) is Applied.CREATED
    standby.check_same([moved, new])


def test_an_unverified_address_that_is_anothers_verified_one_is_set_silently(
    make_standby: Callable[..., Standby], dead: Queue
) -> None:
    standby = make_standby(AliasAttributes=["email"], AutoVerifiedAttributes=["email"])
    owner, other = filled(standby, 2)
    wants = changed(other, email=owner.attributes["email"], email_verified="false")
    standby.put(wants)
    for _ in range(2):
        standby.users.apply(wants.sub)
    standby.check_same([owner, wants])
    assert check(standby, "REPAIR") == (0, 0, 0)
    assert messages(dead) == []
    # And back again
    standby.put(other)
    standby.users.apply(other.sub)
    standby.check_same([owner, other])


def test_an_address_is_not_taken_from_who_has_it_in_the_backup(
    standby: Standby, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other's change has not come to this Region yet; it is waited for, a minute."""
    first, second = filled(standby, 2)
    before = standby.pool.users()
    wants = changed(second, email=first.attributes["email"])
    standby.put(wants)
    with pytest.raises(CognitoUnavailable):
        standby.users.apply(wants.sub)
    monkeypatch.setattr("lifeboat.sync.standby.users.now", lambda: "2999-01-01T00:00:00.000Z")
    with pytest.raises(AliasExists):
        standby.users.apply(wants.sub)
    assert {name: user.attributes for name, user in standby.pool.users().items()} == {
        name: user.attributes for name, user in before.items()
    }
    place = standby.places.get(first.sub)
    assert place is not None
    assert place.applied


def test_an_address_is_not_taken_from_who_is_nobodys_copy(standby: Standby) -> None:
    standby.pool.add("stranger", {"email": "x@example.com", "email_verified": "true"})
    user = person(1, email="x@example.com")
    standby.put(user)
    with pytest.raises(CognitoUnavailable):
        standby.users.apply(user.sub)
    assert standby.pool.users()["stranger"].attributes["email_verified"] == "true"


@pytest.mark.parametrize("call", [2, 3])
def test_whoever_dies_in_between_leaves_the_holder_marked_and_a_repair_ends_it(
    standby: Standby, call: int
) -> None:
    """Changed by hand in the standby pool: no record of the holder comes, and its digest says it is well."""
    first, second = filled(standby, 2)
    standby.pool.change(first.username, email="hand@example.com", email_verified="true")
    wants = changed(second, email="hand@example.com")
    standby.put(wants)
    # The first request is refused, the second takes the address from the other, the third sets it.
    with (
        failing(standby.pool.client, "AdminUpdateUserAttributes", Killed(), call=call),
        pytest.raises(Killed),
    ):
        standby.users.apply(wants.sub)
    place = standby.places.get(first.sub)
    assert place is not None
    assert not place.applied
    for _ in range(3):  # who was found unfinished is looked at once more
        check(standby, "REPAIR")
    assert check(standby, "COMPARE") == (0, 0, 0)
    standby.check_same([first, wants])


def test_the_holder_is_applied_even_if_nothing_tells_of_it(standby: Standby) -> None:
    first, second = filled(standby, 2)
    standby.pool.change(first.username, email="hand@example.com", email_verified="true")
    wants = changed(second, email="hand@example.com")
    standby.put(wants)
    assert standby.users.apply(wants.sub) is Applied.CHANGED
    standby.check_same([first, wants])
    assert check(standby, "COMPARE") == (0, 0, 0)


def test_a_holder_that_cannot_be_applied_now_fails_nobody_else(
    standby: Standby, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = rotated(standby, filled(standby, 2))
    disable = PoolChanger.disable

    def unavailable(changer: PoolChanger, username: str) -> None:
        if username == moved[1].username:
            raise CognitoUnavailable("AdminDisableUser", "InternalErrorException")
        disable(changer, username)

    disabled = replace(moved[1], enabled=False)
    standby.put(disabled)
    with monkeypatch.context() as patch:
        patch.setattr(PoolChanger, "disable", unavailable)
        assert standby.users.apply(moved[0].sub) is Applied.CHANGED
    assert check(standby, "COMPARE") == (1, 0, 0)
    assert standby.users.apply(disabled.sub) is Applied.CHANGED
    standby.check_same([moved[0], disabled])


def test_a_holder_whose_deletion_is_held_loses_the_address_only(standby: Standby) -> None:
    standby.listed(users=0)
    first, second = filled(standby, 2)
    standby.drop(first)
    assert standby.users.apply(first.sub) is Applied.HELD
    wants = changed(second, email=first.attributes["email"])
    standby.put(wants)
    assert standby.users.apply(wants.sub) is Applied.CHANGED
    there = standby.pool.users()
    assert there[second.username].attributes["email"] == first.attributes["email"]
    assert there[first.username].attributes["email_verified"] == "false"
    assert standby.users.apply(first.sub) is Applied.HELD


@pytest.mark.parametrize("seed", range(3))
def test_addresses_that_change_hands_again_and_again_end_where_the_backup_has_them(
    standby: Standby, dead: Queue, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Records come late, twice and mixed up, in batches; one of ten calls fails."""
    draw = random.Random(seed)
    people = filled(standby, 5)
    client: Any = standby_assembly.standby_changes().users.changer._client
    call = client._make_api_call

    def flaky(operation: str, arguments: Any) -> Any:
        if draw.random() < 0.1:
            error = {"Error": {"Code": "InternalErrorException", "Message": "x"}}
            raise client.exceptions.InternalErrorException(error, operation)
        return call(operation, arguments)

    late: list[Any] = []
    with monkeypatch.context() as patch:
        patch.setattr(client, "_make_api_call", flaky)
        for _ in range(6):
            addresses = [user.attributes["email"] for user in people]
            draw.shuffle(addresses)
            people = [changed(user, email=address) for user, address in zip(people, addresses, strict=True)]
            for user in people:
                standby.put(user)
            late += [record(len(late) + number, user_key(user.sub)) for number, user in enumerate(people)]
            draw.shuffle(late)
            half = len(late) // 2
            deliver(late[:half])
            late = late[half:] + draw.sample(late, half // 2)
        late += [record(1000 + number, user_key(user.sub)) for number, user in enumerate(people)]
        draw.shuffle(late)
        deliver(late)
    standby.check_same(people)
    assert messages(dead) == []
    check(standby, "REPAIR")  # who was found unfinished is looked at once more
    assert check(standby, "COMPARE") == (0, 0, 0)
