"""Checking what an operator types, with messages that name the key and what was expected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from lifeboat.errors import InvalidInput

Model = TypeVar("Model", bound=BaseModel)


def parse(model: type[Model], given: Any, expected: Mapping[str, str]) -> Model:
    """The input as a validated model.

    `expected` says for each key, in words, what its value must be. Raises InvalidInput for the first
    thing that is wrong, unknown keys before malformed values, never repeating a value.
    """
    example = "{" + ", ".join(f'"{key}": …' for key in expected) + "}"
    if not isinstance(given, Mapping):
        raise InvalidInput(
            "", f"the execution input must be a JSON object such as {example}, not {_kind(given)}"
        )
    for key in given:
        if key not in expected:
            raise InvalidInput(str(key), f"unknown key; the keys are {', '.join(expected)}")
    try:
        return model.model_validate(dict(given))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        key = str(first["loc"][0]) if first["loc"] else ""
        if first["type"] == "missing":
            raise InvalidInput(key, f"missing; expected {expected.get(key, 'a value')}") from None
        if not key:
            raise InvalidInput("", first["msg"].removeprefix("Value error, ")) from None
        found = _kind(given.get(key))
        raise InvalidInput(key, f"expected {expected.get(key, first['msg'])}, found {found}") from None


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "an empty string" if not value else "a string of another form"
    return "an array" if isinstance(value, list) else "an object"
