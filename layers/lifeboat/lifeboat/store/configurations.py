"""A part of the pool's configuration, in as many items as it needs.

An item holds at most 400 KB, and the images of a branding are larger.
The first item, under the part's own name, holds the beginning of the JSON text; `pieces` says how many there
are, and `digest` what the whole text must come to. The following ones are named MORE#<number>#<part's name>.
A part that fits into one item has neither.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import replace

from lifeboat.errors import StoreUnavailable
from lifeboat.model import PoolConfiguration
from lifeboat.store.items import Draft, Item, configuration_from, draft_configuration
from lifeboat.store.keys import pool_key

PIECE = 90_000
"""Characters of an item's text; in UTF-8 a character takes at most four bytes."""

_MORE = "MORE#"


def more_name(number: int, name: str) -> str:
    """The name of a part's second or following item."""
    return f"{_MORE}{number}#{name}"


def owner_and_number(name: str) -> tuple[str, int]:
    """The part that an item belongs to, by the item's name, and which of its items it is, from 1."""
    if not name.startswith(_MORE):
        return name, 1
    number, _, owner = name.removeprefix(_MORE).partition("#")
    return owner, int(number)


def configuration_drafts(configuration: PoolConfiguration) -> list[Draft]:
    """The items of a part, the one that others hang on first."""
    whole = draft_configuration(configuration)
    text: str = whole.content["document"]
    if len(text) <= PIECE:
        return [whole]
    pieces = [text[start : start + PIECE] for start in range(0, len(text), PIECE)]
    first = {
        **whole.content,
        "document": pieces[0],
        "pieces": len(pieces),
        "digest": hashlib.sha256(text.encode()).hexdigest(),
    }
    following = [
        replace(
            whole,
            key=pool_key(more_name(number, configuration.name)),
            content={"name": configuration.name, "document": piece},
        )
        for number, piece in enumerate(pieces[1:], start=2)
    ]
    return [replace(whole, content=first), *following]


def joined(first: Item, more: Callable[[str], Item | None]) -> PoolConfiguration:
    """The part of an item, whose following items `more` gives by their names.

    Raises StoreUnavailable when they do not belong together: an export is writing them at this moment.
    """
    if "pieces" not in first:
        return configuration_from(first)
    name = first["name"]
    following = [more(more_name(number, name)) for number in range(2, int(first["pieces"]) + 1)]
    text = first["document"] + "".join(item["document"] for item in following if item is not None)
    if hashlib.sha256(text.encode()).hexdigest() != first["digest"]:
        raise StoreUnavailable("DynamoDB: a part of the pool's configuration is being written")
    return PoolConfiguration(name, json.loads(text))


def joined_all(items: Iterable[Item]) -> dict[str, PoolConfiguration]:
    """All parts, by name, from all items of the pool's partition."""
    by_name = {str(item["sk"]): item for item in items}
    return {
        name: joined(item, by_name.get)
        for name, item in by_name.items()
        if owner_and_number(name) == (name, 1)
    }
