"""However captures, exports, duplicates and late events interleave, the backup ends as the pool is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lifeboat.errors import StoreUnavailable
from lifeboat.model import Group, instant
from lifeboat.store.items import item_of_version
from lifeboat.store.keys import Key
from lifeboat.store.markers import Marker, captured_since
from lifeboat.store.transactions import Write
from tests.unit.examples import PLENTY
from tests.unit.interleaving import BEGINNING, MemoryPool, MemoryTable, World, named

SUBS = ["ab000001", "ab000002"]
SEEDS = st.integers(0, 2**32)


def check(world: World) -> None:
    """The backup is as the pool, and its versions follow one another without ever having been untrue."""
    assert world.current() == {key: draft.content_hash for key, draft in world.pool.drafts().items()}
    versions = defaultdict(list)
    for key, item in world.memory.held.items():
        if key.pk.startswith("HISTORY#"):
            earlier = item_of_version(item)
            versions[Key(earlier["pk"], earlier["sk"])].append(item)
        elif not key.pk.startswith("CAPTURE#"):
            versions[key].append(item)
    for key, held in versions.items():
        held.sort(key=lambda item: str(item["valid_from"]))
        for item, following in zip(held, [*held[1:], None], strict=True):
            assert (key, item["content_hash"]) in world.pool.ever
            assert item["valid_from"] < item.get("valid_to", "9999")
            if following is not None:
                assert item["valid_to"] <= following["valid_from"]


def filled(seed: int) -> World:
    world = World(seed)
    world.fill(SUBS)
    return world


def exporting(world: World) -> None:
    began = captured_since(world.turns.moment)
    world.export()
    world.settle(began)


@given(SEEDS)
def test_captures_beside_each_other_end_as_the_pool_is(seed: int) -> None:
    world = filled(seed)
    world.turns.run([lambda: world.change(8, SUBS), world.consume, world.consume, world.consume])
    check(world)


@example(1527645)  # a group deleted between an export's listing of its members and its writes
@given(SEEDS)
def test_captures_and_exports_beside_each_other_end_as_the_pool_is(seed: int) -> None:
    world = filled(seed)
    world.turns.run([lambda: world.change(10, SUBS), world.consume, world.consume, lambda: exporting(world)])
    check(world)


@example(253)  # a group replaced by one of its name while an export listed it
@example(1465)  # a membership that a capture of the groups has ended, and an export begins again
@given(SEEDS)
def test_an_export_undoes_no_capture_even_before_its_last_state(seed: int) -> None:
    world = filled(seed)
    world.turns.run([lambda: world.change(10, SUBS), world.consume, world.export])
    check(world)


@given(SEEDS)
def test_an_export_repairs_and_counts_what_events_missed(seed: int) -> None:
    # Given changes of which a third made no event
    world = filled(seed)
    world.turns.run([lambda: world.change(10, SUBS, loss=0.3), world.consume])
    world.turns.count += 100
    wrong = dict(
        world.current().items() ^ {k: d.content_hash for k, d in world.pool.drafts().items()}.items()
    )
    # When an export runs with nothing beside it
    exporting(world)
    # Then all is repaired, and what was wrong is the drift
    check(world)
    assert sum(world.drift.values()) == len(wrong)


@pytest.mark.parametrize("seed", range(3))
def test_an_export_with_nothing_to_repair_writes_nothing(seed: int) -> None:
    world = filled(seed)
    world.turns.run([lambda: world.change(10, SUBS), world.consume])
    world.turns.count += 100
    before = world.current()
    exporting(world)
    assert world.current() == before
    assert not world.drift


def once(asked_of: MemoryPool | MemoryTable, request: str, meanwhile: Callable[[], None]) -> None:
    """Let something happen just after the next answer to one of the pool's or the table's requests."""
    ask = getattr(asked_of, request)

    def asked(*arguments: Any) -> Any:
        answer = ask(*arguments)
        setattr(asked_of, request, ask)
        meanwhile()
        return answer

    setattr(asked_of, request, asked)


def rename(world: World, name: str) -> None:
    world.pool.users[SUBS[0]] = named(SUBS[0], name)
    world.pool.note()


def test_a_capture_that_was_overtaken_does_not_write_what_it_has_read() -> None:
    # Given a change that a capture has just read
    world = filled(1)
    rename(world, "Anna")

    def back_again() -> None:
        rename(world, "Ann")
        assert world.users.capture(SUBS[0]).written == 0

    # When it is taken back, and that is captured, before the first capture writes
    once(world.pool, "user_where", back_again)
    # Then the first one finds out and reads again
    assert world.users.capture(SUBS[0]).written == 0
    check(world)


def test_an_export_does_not_write_over_a_capture_that_changed_nothing() -> None:
    world = filled(1)
    rename(world, "Anna")

    def back_again() -> None:
        rename(world, "Ann")
        assert world.users.capture(SUBS[0]).written == 0

    once(world.pool, "list_users", back_again)
    world.export()
    check(world)
    assert not world.drift


def test_an_export_does_not_write_over_a_capture_that_began_after_it_looked_at_the_marker() -> None:
    world = filled(1)
    rename(world, "Anna")
    look = world.markers.of

    def looked(keys: Iterable[Key]) -> Mapping[Key, Marker]:
        found = look(keys)
        if world.pool.users[SUBS[0]].attributes["name"] == "Anna":
            rename(world, "Ann")
            assert world.users.capture(SUBS[0]).written == 0
        return found

    object.__setattr__(world.markers, "of", looked)
    world.export()
    check(world)


def test_who_joins_a_group_while_its_namesake_is_retired_stays_in_it() -> None:
    # Given a group that was deleted and made again, and one of its members in the new one too
    world = filled(1)
    world.pool.memberships = {(SUBS[0], "a")}
    world.pool.all_groups["a"] = Group("a", precedence=0, created_at=instant(BEGINNING + timedelta(days=1)))
    # When the groups are captured
    world.groups.capture(PLENTY)
    # Then the other membership is retired, and that one alone
    check(world)


def ungroup(world: World, name: str) -> None:
    del world.pool.all_groups[name]
    world.pool.memberships = {(sub, of) for sub, of in world.pool.memberships if of != name}


def test_a_membership_read_before_its_group_went_is_not_written_behind_its_retirement() -> None:
    # Given a user whose capture has read that it is in a group
    world = filled(1)
    world.pool.memberships.add((SUBS[0], "b"))
    world.pool.note()

    def deleted() -> None:
        ungroup(world, "b")
        assert world.groups.capture(PLENTY) == 1

    # When the group is deleted and retired before the capture writes
    once(world.pool, "groups_joined", deleted)
    world.users.capture(SUBS[0])
    # Then the membership is not written
    check(world)


def test_a_membership_is_not_written_while_its_group_is_being_retired() -> None:
    # Given a capture of the groups that has begun, and behind its beginning that of a user, who is in a group
    world = filled(1)
    world.pool.memberships.add((SUBS[0], "b"))
    world.pool.note()
    writes: list[Write] = []

    def captured() -> None:
        once(world.pool, "groups_joined", lambda: ungroup(world, "b"))
        transact = world.memory.transact

        def hold_back(late: Iterable[Write]) -> bool:
            writes.extend(late)
            return True

        world.memory.transact = hold_back  # type: ignore[method-assign, assignment]
        world.users.capture(SUBS[0])
        world.memory.transact = transact  # type: ignore[method-assign]

    # When the group is deleted, and the user's writes come after the look for the group's memberships
    once(world.memory, "items", captured)
    once(world.pool, "member_pages", lambda: late.append(world.memory.transact(writes)))
    late: list[bool] = []
    world.groups.capture(PLENTY)
    # Then they are refused, and the user is captured again
    assert late == [False]
    world.users.capture(SUBS[0])
    check(world)


def test_a_user_captured_again_and_again_is_left_to_be_captured_later() -> None:
    world = filled(1)
    rename(world, "Anna")
    world.memory.transact = lambda _: False  # type: ignore[assignment]
    with pytest.raises(StoreUnavailable):
        world.users.capture(SUBS[0])
    rename_group = replace(world.pool.all_groups["a"], precedence=7)
    world.pool.all_groups["a"] = rename_group
    with pytest.raises(StoreUnavailable):
        world.groups.capture(PLENTY)
