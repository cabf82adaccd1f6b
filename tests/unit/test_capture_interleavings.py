"""However captures, exports, duplicates and late events interleave, the backup ends as the pool is."""

from __future__ import annotations

from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lifeboat.store.items import item_of_version
from lifeboat.store.keys import Key
from lifeboat.store.markers import captured_since
from tests.unit.interleaving import World

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


@given(SEEDS)
@settings(max_examples=100)
def test_captures_and_exports_beside_each_other_end_as_the_pool_is(seed: int) -> None:
    world = filled(seed)
    world.turns.run([lambda: world.change(10, SUBS), world.consume, world.consume, lambda: exporting(world)])
    check(world)


@given(SEEDS)
@settings(max_examples=100)
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
