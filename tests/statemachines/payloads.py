"""What a function takes and gives, read off its handler, and whether a payload fits it.

The product describes its payloads as TypedDicts; what the interpreter passes from state to state is
held against them here.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, NotRequired, Union, get_args, get_origin, get_type_hints, is_typeddict

ROOT = Path(__file__).parents[2]

FUNCTIONS = sorted(path.parent.name for path in ROOT.glob("functions/*/app.py"))
"""Every function's name, which is its folder's."""


@cache
def taken_by(function: str) -> Any:
    """The type of a function's event."""
    return _annotations(function)["event"]


@cache
def given_by(function: str) -> Any:
    """The type of a function's answer."""
    return _annotations(function)["return"]


def fields(kind: Any) -> dict[str, Any]:
    """The keys of a TypedDict with their types, those that may be absent too."""
    return {key: _plain(hint) for key, hint in get_type_hints(kind, include_extras=True).items()}


def misfits(value: object, kind: Any, where: str = "$", *, exact: bool = True) -> Iterator[str]:
    """Every place at which a JSON value is not of the type.

    `exact` also objects to keys that the outermost TypedDict does not have; inner ones may have more,
    because a state passes on whole answers of which the next function reads a part.
    """
    outer, inner = get_origin(kind), get_args(kind)
    if is_typeddict(kind):
        yield from _typeddict_misfits(value, kind, where, exact)
    elif outer in (Union, types.UnionType):
        if all(any(misfits(value, each, where)) for each in inner):
            yield f"{where}: {value!r} is not {kind}"
    elif outer is list and isinstance(value, list):
        for number, each in enumerate(value):
            yield from misfits(each, inner[0], f"{where}[{number}]", exact=False)
    elif outer is dict and isinstance(value, dict):
        for key, each in value.items():
            yield from misfits(each, inner[1], f"{where}.{key}", exact=False)
    elif kind is not Any and type(value) is not kind:  # not isinstance: True is no number here
        yield f"{where}: {value!r} is not {getattr(outer or kind, '__name__', kind)}"


def _typeddict_misfits(value: object, kind: Any, where: str, exact: bool) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{where}: {value!r} is not {kind.__name__}"
        return
    hints = get_type_hints(kind, include_extras=True)
    for key, hint in hints.items():
        if key in value:
            yield from misfits(value[key], _plain(hint), f"{where}.{key}", exact=False)
        elif get_origin(hint) is not NotRequired:
            yield f"{where}.{key}: missing"
    if exact:
        yield from (f"{where}.{key}: not in {kind.__name__}" for key in value.keys() - hints.keys())


def _annotations(function: str) -> dict[str, Any]:
    handler = inspect.unwrap(import_module(f"functions.{function}.app").handler)
    # The context's type is imported for the type checker only.
    return get_type_hints(handler, localns={"LambdaContext": object})


def _plain(hint: Any) -> Any:
    return get_args(hint)[0] if get_origin(hint) is NotRequired else hint
