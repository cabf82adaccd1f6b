"""What is known of a new pool before it is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Arguments = dict[str, Any]
"""Arguments of an operation of the API, without UserPoolId."""

Document = Mapping[str, Any]
"""A part of the captured configuration, as the API describes it."""

Notes = list[str]
"""Sentences for the operator: what the new pool does not have, why, and what to do about it."""

IMPORT_TAG = "lifeboat:import"
"""The tag by which an import knows the pool that it created, if it lost the answer."""


@dataclass(frozen=True, slots=True)
class NewPool:
    """What the operator wants of the new pool. `source_sub` is an attribute's name, "" for none.

    `drill` is the id of the drill that the pool is for, "" for none, and `stack` the stack of that drill.
    """

    name: str
    region: str
    import_id: str
    arn_map: Mapping[str, str]
    source_sub: str
    drill: str = ""
    stack: str = ""


def named(arn: str) -> str:
    """An ARN as a note may show it: that of an address in Amazon SES could be somebody's."""
    return "an email address in Amazon SES" if "@" in arn else arn
