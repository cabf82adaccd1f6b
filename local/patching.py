"""Replace functions of ministack, and only those that are word for word what the replacement was written for.

ministack is young and changes often. A patch names the code it replaces by its digest; after an upgrade that
touched it, nothing starts and the error names every patch that has to be looked at again.
"""

import functools
import hashlib
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

DIGEST_LENGTH = 12


class PatchMismatchError(Exception):
    """ministack is not the version the patches were written for; the message names what changed."""


def digest(function: Callable[..., Any]) -> str:
    """Return the first characters of the SHA-256 of a function's source text."""
    return hashlib.sha256(inspect.getsource(function).encode()).hexdigest()[:DIGEST_LENGTH]


@dataclass(frozen=True)
class Patch:
    """A replacement for one function, found by name in a module or by key in a table of handlers.

    The replacement is called like the original, with the original itself as first argument.
    """

    owner: ModuleType | dict[str, Any]
    name: str
    expected: str
    replacement: Callable[..., Any]

    def original(self) -> Callable[..., Any]:
        """Return the function as ministack has it."""
        found: Callable[..., Any] = (
            self.owner[self.name] if isinstance(self.owner, dict) else getattr(self.owner, self.name)
        )
        return found

    def mismatch(self) -> str | None:
        """Say how ministack's function differs from the expected one, if it does."""
        try:
            actual = digest(self.original())
        except (AttributeError, KeyError):
            return f"{self.name}: no longer there"
        return None if actual == self.expected else f"{self.name}: expected {self.expected}, found {actual}"

    def apply(self) -> None:
        """Put the replacement in place of the original."""
        bound = functools.partial(self.replacement, self.original())
        if isinstance(self.owner, dict):
            self.owner[self.name] = bound
        else:
            setattr(self.owner, self.name, bound)


class Patches:
    """The patches of one subject, in the order in which they were registered."""

    def __init__(self) -> None:
        self._patches: list[Patch] = []

    def __iter__(self) -> Iterator[Patch]:
        return iter(self._patches)

    def replace(
        self, owner: ModuleType | dict[str, Any], name: str, expected: str
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Register the decorated function as the replacement of `owner.name`, whose digest is `expected`."""

        def register(replacement: Callable[..., Any]) -> Callable[..., Any]:
            self._patches.append(Patch(owner, name, expected, replacement))
            return replacement

        return register


def apply(*subjects: Patches) -> None:
    """Apply all patches. Raises PatchMismatchError, having changed nothing, when one does not fit."""
    patches = [patch for subject in subjects for patch in subject]
    found = [mismatch for patch in patches if (mismatch := patch.mismatch()) is not None]
    if found:
        raise PatchMismatchError("ministack is not what its patches were written for: " + "; ".join(found))
    for patch in patches:
        patch.apply()
