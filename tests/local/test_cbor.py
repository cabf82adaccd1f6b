"""CBOR as botocore writes and reads it, and as RFC 8949 gives it in its appendix."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.cbor import CBORTag, dumps, loads

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**64), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(VALUES)
def test_what_is_written_is_read(value: Any) -> None:
    assert loads(dumps(value)) == value


@pytest.mark.parametrize(
    ("encoded", "value"),
    [
        ("1903e8", 1000),
        ("3903e7", -1000),
        ("f93c00", 1.0),
        ("fa47c35000", 100000.0),
        ("c11a514b67b0", 1363896240),
        ("7f657374726561646d696e67ff", "streaming"),
        ("9f018202039f0405ffff", [1, [2, 3], [4, 5]]),
        ("bf6346756ef563416d7421ff", {"Fun": True, "Amt": -2}),
        ("5f42010243030405ff", b"\x01\x02\x03\x04\x05"),
    ],
)
def test_examples_of_the_standard(encoded: str, value: Any) -> None:
    assert loads(bytes.fromhex(encoded)) == value


def test_a_moment_has_its_tag() -> None:
    assert dumps(CBORTag(1, 1363896240.5)).hex() == "c1fb41d452d9ec200000"


@pytest.mark.parametrize("broken", ["", "18", "62", "820101f6f6", "1c", "f0"])
def test_what_is_no_cbor_is_refused(broken: str) -> None:
    with pytest.raises((ValueError, IndexError)):
        loads(bytes.fromhex(broken))
