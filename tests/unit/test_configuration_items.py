"""A part of the pool's configuration in as many items as it needs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeboat.errors import StoreUnavailable
from lifeboat.model import PoolConfiguration
from lifeboat.store.configurations import (
    PIECE,
    configuration_drafts,
    joined,
    joined_all,
    more_name,
    owner_and_number,
)
from lifeboat.store.items import Change, draft_configuration
from tests.unit.examples import AT, CONFIGURATIONS, NAMES

DYNAMODB_ITEM = 400 * 1024
"""Bytes of the largest item (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html)."""


def items(configuration: PoolConfiguration) -> dict[str, dict[str, Any]]:
    drafts = configuration_drafts(configuration)
    return {draft.key.sk: draft.item(AT, Change.ADDED) for draft in drafts}


def large(pieces: int, character: str = "x") -> PoolConfiguration:
    """A part that takes so many items."""
    return PoolConfiguration("BRANDING#c#1", {"Settings": character * (PIECE * pieces - 50)})


@given(CONFIGURATIONS)
def test_what_fits_is_one_item_as_it_always_was(configuration: PoolConfiguration) -> None:
    assert configuration_drafts(configuration) == [draft_configuration(configuration)]
    assert joined_all(items(configuration).values()) == {configuration.name: configuration}


@pytest.mark.parametrize("pieces", [2, 3, 12])
def test_what_does_not_fit_is_several(pieces: int) -> None:
    written = items(large(pieces))
    assert len(written) == pieces
    first = written[large(pieces).name]
    assert joined(first, written.get) == large(pieces)
    assert joined_all(written.values()) == {large(pieces).name: large(pieces)}


@pytest.mark.parametrize("character", ["x", '"', "é", "李", "🛟"])
def test_no_item_is_too_large(character: str) -> None:
    for item in items(large(3, character)).values():
        assert len(str(item).encode()) < DYNAMODB_ITEM


def test_the_first_item_changes_with_every_other() -> None:
    one = PoolConfiguration("BRANDING#c", {"Settings": "x" * PIECE * 3 + "1"})
    other = PoolConfiguration("BRANDING#c", {"Settings": "x" * PIECE * 3 + "2"})
    hashes = [[draft.content_hash for draft in configuration_drafts(each)] for each in (one, other)]
    assert [a == b for a, b in zip(*hashes, strict=True)] == [False, True, True, False]


def test_items_that_do_not_belong_together_are_not_joined() -> None:
    written = items(large(3))
    first = written[large(3).name]
    written.pop(more_name(3, large(3).name))
    with pytest.raises(StoreUnavailable, match="being written"):
        joined(first, written.get)


@given(NAMES, st.integers(2, 1000))
def test_an_items_name_tells_its_part(name: str, number: int) -> None:
    assert owner_and_number(more_name(number, f"IDP#{name}")) == (f"IDP#{name}", number)
    assert owner_and_number(f"IDP#{name}") == (f"IDP#{name}", 1)
