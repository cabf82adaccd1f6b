"""What differs between two versions of a user, of a group, or of a part of the pool's configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from lifeboat.model import Group, User

_ABSENT: Final = object()


@dataclass(frozen=True, slots=True)
class Changed:
    """A field and its values; None where there was none."""

    field: str
    before: Any
    after: Any


def user_fields(user: User) -> dict[str, Any]:
    """A user's fields by name, as a person reads them. The sub is left out: it never changes."""
    fields: dict[str, Any] = {"username": user.username, "enabled": user.enabled, "status": user.status}
    if user.mfa_factors:
        fields["second factors"] = sorted(user.mfa_factors)
    if user.preferred_mfa:
        fields["preferred second factor"] = user.preferred_mfa
    for name, value in sorted(user.attributes.items()):
        if name != "sub":
            fields[f"attribute {name}"] = value
    return fields


def group_fields(group: Group) -> dict[str, Any]:
    """A group's fields by name, without those it does not have."""
    fields = {"description": group.description, "precedence": group.precedence, "role": group.role_arn}
    return {name: value for name, value in fields.items() if value is not None}


def visible(text: str) -> str:
    """A text as a terminal may show it: what cannot be seen, or would steer the terminal, is written out."""
    return text if text and text.isprintable() and text == text.strip() else repr(text)


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Changed]:
    """The fields that differ, in the order of `after`, those that are gone at the end."""
    names = [*after, *(name for name in before if name not in after)]
    return [
        Changed(name, before.get(name), after.get(name))
        for name in names
        if before.get(name, _ABSENT) != after.get(name, _ABSENT)
    ]
