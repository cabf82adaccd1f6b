"""A stack's parameters, with the template's default where the stack does not tell one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cli.connection import Stack

DEFAULTS: Final[Mapping[str, str]] = {
    "HistoryDays": "35",
    "ImportQuotaShare": "90",
    "UserCreationQuota": "50",
    "UserReadQuota": "120",
    "CreateConcurrency": "2",
    "UpdateConcurrency": "2",
    "SourceSubAttribute": "",
}
"""Those that are asked for, as template.yaml has them: a stack deployed before a parameter came lacks it."""


def text(stack: Stack, name: str) -> str:
    """A parameter's value."""
    return stack.parameters.get(name, DEFAULTS[name])


def number(stack: Stack, name: str) -> int:
    """The value of a parameter that is a whole number."""
    return int(text(stack, name))
