"""The documented constraints on every operation's parameters: types, lengths, ranges, patterns, enumerations.

They are in botocore's model of the service, the same that the API reference is made from; botocore itself
checks only minima, and ministack next to nothing. Cognito answers a violation like this, leaving sensitive
values out:

    InvalidParameterException: 1 validation error detected: Value '61' at 'limit' failed to satisfy
    constraint: Member must have value less than or equal to 60
"""

import re
import sys
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from botocore.loaders import Loader

from local.front.protocol import CognitoError

Check = Callable[[Any, str], Iterator[str]]
Shape = dict[str, Any]

_PYTHON_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "long": int,
    "boolean": bool,
    "structure": dict,
    "map": dict,
    "list": list,
}
_SERIALIZATION = {
    "string": "a String",
    "integer": "an Integer",
    "long": "a Long",
    "boolean": "a Boolean",
    "structure": "a structure",
    "map": "a map",
    "list": "a list",
}


class Constraints:
    """Checks for the parameters of every operation of the service."""

    def __init__(self) -> None:
        model = Loader().load_service_model("cognito-idp", "service-2")
        self._shapes: dict[str, Shape] = model["shapes"]
        self._checks: dict[str, Check] = {}
        self._operations: dict[str, Check] = {
            name: self._check_of(operation["input"]["shape"])
            for name, operation in model["operations"].items()
            if "input" in operation
        }
        self.operations: frozenset[str] = frozenset(model["operations"])

    def check(self, operation: str, data: dict[str, Any]) -> None:
        """Raise InvalidParameterException for parameters that break a constraint; unknown operations pass."""
        check = self._operations.get(operation)
        problems = list(check(data, "")) if check else []
        if problems:
            noun = "error" if len(problems) == 1 else "errors"
            text = f"{len(problems)} validation {noun} detected: {'; '.join(problems)}"
            raise CognitoError("InvalidParameterException", text)

    def _check_of(self, name: str) -> Check:
        """Return the check of a shape, made once; a shape may contain itself, so it is looked up late."""
        if name not in self._checks:

            def late(value: Any, path: str) -> Iterator[str]:
                return self._checks[name](value, path)

            self._checks[name] = late
            self._checks[name] = self._make_check(self._shapes[name])
        return self._checks[name]

    def _make_check(self, shape: Shape) -> Check:
        kind = shape["type"]
        inner: Check
        if kind == "structure":
            inner = self._structure_check(shape)
        elif kind == "list":
            inner = _all(_size_check(shape), self._list_check(shape))
        elif kind == "map":
            inner = _all(_size_check(shape), self._map_check(shape))
        elif kind == "string":
            inner = _all(_size_check(shape), _pattern_check(shape), _enum_check(shape))
        elif kind in ("integer", "long"):
            inner = _range_check(shape)
        else:
            inner = _all()
        return _typed(kind, inner)

    def _structure_check(self, shape: Shape) -> Check:
        members = {name: self._check_of(member["shape"]) for name, member in shape["members"].items()}
        required = shape.get("required", [])

        def check(value: Any, path: str) -> Iterator[str]:
            prefix = f"{path}." if path else ""
            for name in required:
                if value.get(name) is None:
                    yield _problem(None, prefix + _camel(name), "Member must not be null")
            for name, member in value.items():
                if member is not None and name in members:
                    yield from members[name](member, prefix + _camel(name))

        return check

    def _list_check(self, shape: Shape) -> Check:
        item_check = self._check_of(shape["member"]["shape"])

        def check(value: Any, path: str) -> Iterator[str]:
            for place, item in enumerate(value, 1):
                if item is not None:
                    yield from item_check(item, f"{path}.{place}.member")

        return check

    def _map_check(self, shape: Shape) -> Check:
        key_check = self._check_of(shape["key"]["shape"])
        value_check = self._check_of(shape["value"]["shape"])

        def check(value: Any, path: str) -> Iterator[str]:
            for key, item in value.items():
                yield from key_check(key, f"{path}.key")
                if item is not None:
                    yield from value_check(item, f"{path}.{key}.member")

        return check


def _typed(kind: str, inner: Check) -> Check:
    """Put a check of the JSON type before a check of the value."""
    expected = _PYTHON_TYPES.get(kind)

    def check(value: Any, path: str) -> Iterator[str]:
        if expected is not None:
            is_flag = isinstance(value, bool)
            if not isinstance(value, expected) or is_flag != (kind == "boolean"):
                what = f"{path}: the value cannot be converted to {_SERIALIZATION[kind]}"
                raise CognitoError("SerializationException", what)
        return inner(value, path)

    return check


def _all(*checks: Check | None) -> Check:
    """Make one check of several; None stands for one that is not needed."""
    present = [check for check in checks if check is not None]

    def check(value: Any, path: str) -> Iterator[str]:
        for one in present:
            yield from one(value, path)

    return check


def _size_check(shape: Shape) -> Check | None:
    low, high = shape.get("min", 0), shape.get("max")
    secret = bool(shape.get("sensitive"))
    if not low and high is None:
        return None

    def check(value: Any, path: str) -> Iterator[str]:
        if len(value) < low:
            rule = f"Member must have length greater than or equal to {low}"
        elif high is not None and len(value) * 2 > high and _length(value) > high:
            rule = f"Member must have length less than or equal to {high}"
        else:
            return
        yield _problem(value, path, rule, secret)

    return check


def _range_check(shape: Shape) -> Check:
    low, high = shape.get("min"), shape.get("max")

    def check(value: Any, path: str) -> Iterator[str]:
        if low is not None and value < low:
            yield _problem(value, path, f"Member must have value greater than or equal to {low}")
        elif high is not None and value > high:
            yield _problem(value, path, f"Member must have value less than or equal to {high}")

    return check


def _enum_check(shape: Shape) -> Check | None:
    values = shape.get("enum")
    if not values:
        return None

    def check(value: Any, path: str) -> Iterator[str]:
        if value not in values:
            yield _problem(value, path, f"Member must satisfy enum value set: [{', '.join(values)}]")

    return check


def _pattern_check(shape: Shape) -> Check | None:
    text = shape.get("pattern")
    if text is None:
        return None
    pattern, secret = java_pattern(text), bool(shape.get("sensitive"))

    def check(value: Any, path: str) -> Iterator[str]:
        if not pattern.fullmatch(value):
            rule = f"Member must satisfy regular expression pattern: {text}"
            yield _problem(value, path, rule, secret)

    return check


def _problem(value: Any, path: str, rule: str, secret: bool = False) -> str:
    shown = "" if secret else " null" if value is None else f" '{value}'"
    return f"Value{shown} at '{path}' failed to satisfy constraint: {rule}"


def _length(value: Any) -> int:
    """Return a length as Java counts it: for a string in UTF-16 code units."""
    return len(value.encode("utf-16-le", "surrogatepass")) // 2 if isinstance(value, str) else len(value)


def _camel(name: str) -> str:
    return name[:1].lower() + name[1:]


@cache
def java_pattern(text: str) -> re.Pattern[str]:
    r"""Compile a pattern of the service's model. They are Java's: \p{L} is known, \w and \s mean ASCII."""
    translated = re.sub(r"\\p\{([A-Z])\}", lambda match: _category_class()[match[1]], text)
    return re.compile(translated, re.ASCII)


@cache
def _category_class() -> dict[str, str]:
    """Return what stands inside a character class for each major Unicode category (L, M, N, P, S, Z, C)."""
    ranges: dict[str, list[str]] = {}
    start, current = 0, unicodedata.category("\0")[0]
    for code in range(1, sys.maxunicode + 2):
        category = unicodedata.category(chr(code))[0] if code <= sys.maxunicode else ""
        if category != current:
            ranges.setdefault(current, []).append(f"\\U{start:08x}-\\U{code - 1:08x}")
            start, current = code, category
    return {category: "".join(spans) for category, spans in ranges.items()}
