"""The kinds of group that every pool has, whatever its kind."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from local.fidelity.pool_arguments import ACCOUNT
from local.fidelity.values import DESCRIPTION, GROUP_NAME

ROLE: Final = f"arn:aws:iam::{ACCOUNT}:role/people/staff"
OLD_ROLE: Final = f"arn:aws:iam::{ACCOUNT}:role/people/crew-us-east-1"
NEW_ROLE: Final = f"arn:aws:iam::{ACCOUNT}:role/people/crew-eu-west-1"
"""A role that differs by Region, and what the operator maps it to."""

ARN_MAP: Final = {OLD_ROLE: NEW_ROLE}

GROUPS_PER_USER: Final = 100
"""Cognito's quota of groups that a user can be in."""


@dataclass(frozen=True, slots=True)
class GroupKind:
    """One group; `fields` are CreateGroup's arguments beside its name."""

    name: str
    title: str
    fields: Mapping[str, Any] = field(default_factory=dict)


ZERO: Final = GroupKind("zero", "Precedence 0", {"Precedence": 0})
NONE: Final = GroupKind("none", "No precedence, no description, no role")
DESCRIBED: Final = GroupKind(
    "described", "Precedence and description", {"Precedence": 7, "Description": DESCRIPTION}
)
WITH_ROLE: Final = GroupKind("role", "IAM role", {"RoleArn": ROLE, "Precedence": 2**31 - 1})
REGIONAL_ROLE: Final = GroupKind(
    "regional", "IAM role of the lost Region, mapped by the input", {"RoleArn": OLD_ROLE}
)
AWKWARD: Final = GroupKind(GROUP_NAME, "Any character in a name", {"Precedence": 1})
EMPTY: Final = GroupKind("empty", "Empty group", {"Description": "nobody"})

GROUP_KINDS: Final = (ZERO, NONE, DESCRIBED, WITH_ROLE, REGIONAL_ROLE, AWKWARD, EMPTY)

CROWD: Final = tuple(f"crowd-{n:03}" for n in range(GROUPS_PER_USER))
"""The groups of the user who is in as many as one can be."""
