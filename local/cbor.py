"""CBOR (RFC 8949), as far as AWS's protocol smithy-rpc-v2-cbor uses it: what boto3 speaks with CloudWatch.

It has the names of the package cbor2, which ministack looks for and which is not among the requirements.
"""

import struct
from dataclasses import dataclass
from typing import Any

_FLOATS = {25: ">e", 26: ">f", 27: ">d"}
_SIMPLE: dict[int, bool | None] = {20: False, 21: True, 22: None, 23: None}
_BREAK = object()


@dataclass(frozen=True)
class CBORTag:
    """A tagged value; tag 1 is a moment in epoch seconds."""

    tag: int
    value: Any


def loads(data: bytes) -> Any:
    """Decode one value; a tag is dropped from what it marks. Raises ValueError."""
    value, end = _read(memoryview(data), 0)
    if end != len(data):
        raise ValueError("there is more than one CBOR value")
    return value


def dumps(value: Any) -> bytes:
    """Encode a value of JSON's kinds, bytes or a CBORTag. Raises TypeError."""
    if value is None:
        return b"\xf6"
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    if isinstance(value, float):
        return b"\xfb" + struct.pack(">d", value)
    if isinstance(value, bytes):
        return _head(2, len(value)) + value
    if isinstance(value, str):
        encoded = value.encode()
        return _head(3, len(encoded)) + encoded
    if isinstance(value, list | tuple):
        return _head(4, len(value)) + b"".join(map(dumps, value))
    if isinstance(value, dict):
        return _head(5, len(value)) + b"".join(dumps(key) + dumps(each) for key, each in value.items())
    if isinstance(value, CBORTag):
        return _head(6, value.tag) + dumps(value.value)
    raise TypeError(f"CBOR has no form for {type(value).__name__}")


def _head(major: int, number: int) -> bytes:
    if number < 24:
        return bytes([major << 5 | number])
    for short, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if number < 1 << 8 * size:
            return bytes([major << 5 | short]) + number.to_bytes(size, "big")
    raise TypeError("CBOR has no form for so large a number")


def _read(data: memoryview, at: int) -> tuple[Any, int]:
    if at >= len(data):
        raise ValueError("the CBOR value ends early")
    major, short = data[at] >> 5, data[at] & 31
    at += 1
    if major == 7:
        return _read_simple(data, at, short)
    if short == 31:
        return _read_open(data, at, major)
    number, at = _number(data, at, short)
    if major == 0:
        return number, at
    if major == 1:
        return -1 - number, at
    if major in (2, 3):
        content = bytes(data[at : at + number])
        if len(content) < number:
            raise ValueError("the CBOR value ends early")
        return (content if major == 2 else content.decode()), at + number
    if major == 6:
        return _read(data, at)
    entries: list[Any] = []
    for _ in range(number * (2 if major == 5 else 1)):
        entry, at = _read(data, at)
        entries.append(entry)
    return _collected(major, entries), at


def _read_simple(data: memoryview, at: int, short: int) -> tuple[Any, int]:
    if short in _FLOATS:
        size = struct.calcsize(_FLOATS[short])
        return struct.unpack(_FLOATS[short], data[at : at + size])[0], at + size
    if short == 31:
        return _BREAK, at
    if short not in _SIMPLE:
        raise ValueError(f"CBOR's simple value {short} is not understood")
    return _SIMPLE[short], at


def _read_open(data: memoryview, at: int, major: int) -> tuple[Any, int]:
    """Read a value whose length is not told, but whose end is marked."""
    entries: list[Any] = []
    while True:
        entry, at = _read(data, at)
        if entry is _BREAK:
            return _collected(major, entries), at
        entries.append(entry)


def _collected(major: int, entries: list[Any]) -> Any:
    if major == 2:
        return b"".join(entries)
    if major == 3:
        return "".join(entries)
    return dict(zip(entries[::2], entries[1::2], strict=True)) if major == 5 else entries


def _number(data: memoryview, at: int, short: int) -> tuple[int, int]:
    if short < 24:
        return short, at
    if short > 27:
        raise ValueError("a CBOR length is not understood")
    size = 1 << short - 24
    return int.from_bytes(data[at : at + size], "big"), at + size
