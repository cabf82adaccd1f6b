"""The attributes of a pool: as DescribeUserPool shows them, and as CreateUserPool takes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Entry = Mapping[str, Any]
"""A SchemaAttributeType of the API."""

CUSTOM = "custom:"
DEVELOPER = "dev:"

GENERATED = frozenset({"sub", "identities"})
"""Attributes that Cognito gives every pool and that no request may name."""

MOST_IN_SCHEMA = 50
"""Attributes that CreateUserPool takes, standard ones that are changed included."""

MOST_CUSTOM = 50
"""Custom attributes of a pool (https://docs.aws.amazon.com/cognito/latest/developerguide/quotas.html)."""

MOST_ADDED = 25
"""Attributes that AddCustomAttributes takes at a time."""

SOURCE_SUB_LENGTH = 64
"""A sub is a UUID of 36 characters, but Cognito does not promise that."""

LONGEST_VALUE = 2048

_TEXTS = (
    "address email family_name gender given_name locale middle_name name nickname phone_number picture "
    "preferred_username profile website zoneinfo"
)
_STANDARD: Mapping[str, tuple[str, tuple[str, str]]] = {
    **{name: ("String", ("0", str(LONGEST_VALUE))) for name in _TEXTS.split()},
    "birthdate": ("String", ("10", "10")),
    "email_verified": ("Boolean", ("", "")),
    "phone_number_verified": ("Boolean", ("", "")),
    "updated_at": ("Number", ("0", "")),
}
"""The standard attributes with their type and limits, all of them mutable and optional
(https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-settings-attributes.html)."""

_DEFAULTS = {"String": ("0", str(LONGEST_VALUE))}

_LIMITS = {
    "String": ("StringAttributeConstraints", "MinLength", "MaxLength"),
    "Number": ("NumberAttributeConstraints", "MinValue", "MaxValue"),
}


def effective_limits(entry: Entry) -> tuple[str, str]:
    """As `limits`, with those that Cognito sets where none are given."""
    standard = _STANDARD.get(
        entry["Name"], ("", _DEFAULTS.get(entry.get("AttributeDataType", ""), ("", "")))
    )[1]
    least, greatest = limits(entry)
    return least or standard[0], greatest or standard[1]


def limits(entry: Entry) -> tuple[str, str]:
    """The least and the greatest length or value of an attribute; "" for a limit that is not set."""
    if entry.get("AttributeDataType") not in _LIMITS:
        return "", ""
    field, least, greatest = _LIMITS[entry["AttributeDataType"]]
    constraints = entry.get(field) or {}
    return constraints.get(least) or "", constraints.get(greatest) or ""


def schema(attributes: Iterable[Entry], source_sub: str = "") -> list[dict[str, Any]]:
    """The attributes that the new pool must be given: custom ones, and standard ones that were changed.

    Developer-only attributes are not among them. The attribute `source_sub` ("" for none) is added if it is
    not there, immutable so that no user can change it; it can be set when a user is created.
    """
    changed: list[dict[str, Any]] = []
    custom: list[dict[str, Any]] = []
    for entry in attributes:
        name = entry["Name"]
        if name.startswith(CUSTOM):
            custom.append(_argument(entry, name.removeprefix(CUSTOM)))
        elif name in _STANDARD and _is_changed(entry):
            changed.append(_argument(entry, name))
    own = source_sub.removeprefix(CUSTOM)
    if own and all(entry["Name"] != own for entry in custom):
        custom.append(
            {
                "Name": own,
                "AttributeDataType": "String",
                "Mutable": False,
                "Required": False,
                "StringAttributeConstraints": {"MinLength": "0", "MaxLength": str(SOURCE_SUB_LENGTH)},
            }
        )
    return changed + custom


def developer_only(attributes: Iterable[Entry]) -> list[dict[str, Any]]:
    """The developer-only attributes as AddCustomAttributes takes them: a feature that AWS advises against."""
    found = ((entry, entry["Name"]) for entry in attributes if entry["Name"].startswith(DEVELOPER))
    return [
        {
            **_argument(entry, name.removeprefix(DEVELOPER).removeprefix(CUSTOM)),
            "DeveloperOnlyAttribute": True,
        }
        for entry, name in found
    ]


def too_many_custom(attributes: Iterable[Entry], source_sub: str) -> bool:
    """Whether the pool has no room for the attribute `source_sub` ("" for none)."""
    names = {entry["Name"] for entry in attributes}
    custom = sum(name.startswith((CUSTOM, DEVELOPER)) for name in names)
    return bool(source_sub) and source_sub not in names and custom >= MOST_CUSTOM


def _is_changed(entry: Entry) -> bool:
    _, standard = _STANDARD[entry["Name"]]
    limited = effective_limits(entry) != standard
    return bool(entry.get("Required", False)) or not entry.get("Mutable", True) or limited


def _argument(entry: Entry, name: str) -> dict[str, Any]:
    """The attribute for CreateUserPool. Limits that are not set are left out: that is what they mean."""
    kind = entry["AttributeDataType"]
    argument = {
        "Name": name,
        "AttributeDataType": kind,
        "Mutable": entry.get("Mutable", True),
        "Required": entry.get("Required", False),
    }
    if kind in _LIMITS:
        field, *names = _LIMITS[kind]
        found = {key: value for key, value in zip(names, limits(entry), strict=True) if value}
        if found:
            argument[field] = found
    return argument
