"""Whether two imports of the same backup ended the same."""

from collections.abc import Iterator
from typing import Any, Final

from local.comparison import Group
from local.fidelity.observing import Account, Observation
from local.fidelity.specimens import PROVIDER

RESETTABLE: Final = frozenset({"CONFIRMED", "RESET_REQUIRED"})
"""Statuses that come to the same: in which of them a user arrives depends on the lane."""


def differences(one: Observation, other: Observation) -> list[str]:
    """Say what differs; subs, dates and what of the status depends on the lane are not looked at."""
    found = list(_differing("user", _users(one), _users(other)))
    return found + list(_differing("group", _groups(one), _groups(other)))


def _differing(kind: str, one: dict[str, Any], other: dict[str, Any]) -> Iterator[str]:
    for name in sorted(one.keys() | other.keys()):
        if one.get(name) != other.get(name):
            yield f"{kind} {name!r} is {other.get(name)} and not {one.get(name)}"


def _users(observation: Observation) -> dict[str, Any]:
    return {name: _comparable(account) for name, account in observation.accounts.items()}


def _comparable(account: Account) -> tuple[Any, ...]:
    return (
        dict(account.attributes),
        account.enabled,
        "resettable" if account.status in RESETTABLE else account.status,
        sorted(name for name in account.groups if _is_restored(name)),
        sorted(account.identities),
        sorted(account.factors),
        account.preferred,
    )


def _groups(observation: Observation) -> dict[str, tuple[Group, list[str]]]:
    return {
        name: (group, sorted(observation.members[name]))
        for name, group in observation.groups.items()
        if _is_restored(name)
    }


def _is_restored(group: str) -> bool:
    """Whether a group is the import's, and not Cognito's own of a provider, which bears the pool's id."""
    return not group.endswith(f"_{PROVIDER}")
