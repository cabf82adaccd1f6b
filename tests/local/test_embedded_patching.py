"""Patches fit the ministack that is installed, and say so when they do not."""

import re
from collections.abc import Callable
from types import ModuleType

import pytest

from local.patching import Patches, PatchMismatchError, apply, digest


def upper(text: str) -> str:
    return text.upper()


def lower(text: str) -> str:
    return text.lower()


@pytest.fixture
def library() -> ModuleType:
    """Return a module to patch."""
    module = ModuleType("library")
    module.__dict__.update(upper=upper, table={"lower": lower})
    return module


def exclaim(original: Callable[[str], str], text: str) -> str:
    return original(text) + "!"


def test_a_patch_wraps_the_function_it_was_written_for(library: ModuleType) -> None:
    patches = Patches()
    patches.replace(library, "upper", digest(upper))(exclaim)
    patches.replace(library.table, "lower", digest(lower))(exclaim)
    apply(patches)
    assert library.upper("a") == "A!"
    assert library.table["lower"]("A") == "a!"


def test_nothing_is_patched_when_one_patch_does_not_fit(library: ModuleType) -> None:
    patches = Patches()
    patches.replace(library, "upper", digest(upper))(exclaim)
    patches.replace(library.table, "lower", "0123456789ab")(exclaim)
    patches.replace(library, "gone", "0123456789ab")(exclaim)
    expected = f"lower: expected 0123456789ab, found {digest(lower)}; gone: no longer there"
    with pytest.raises(PatchMismatchError, match=re.escape(expected)):
        apply(patches)
    assert library.upper is upper


def test_every_patch_tells_which_behaviour_of_aws_it_restores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_PORT", "4566")
    from local import ministack_server  # noqa: PLC0415 - it is configured by its environment

    found = [patch for patches in ministack_server.ALL_PATCHES for patch in patches]
    assert len(found) > 15
    assert [patch.name for patch in found if not (patch.replacement.__doc__ or "").strip()] == []
    assert [patch.mismatch() for patch in found if patch.mismatch()] == []
