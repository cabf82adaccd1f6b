"""A pool as it is from outside: everything that the API shows of its users, groups and memberships."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from local.comparison import Group, snapshot
from local.fidelity.pool_kinds import PoolKind
from local.fidelity.specimens import Specimen


@dataclass(frozen=True, slots=True)
class Account:
    """A user as AdminGetUser shows it, with its groups. `attributes` are without sub and identities."""

    username: str
    sub: str
    attributes: Mapping[str, str]
    enabled: bool
    status: str
    created: datetime
    groups: frozenset[str]
    identities: frozenset[tuple[str, str]]
    factors: frozenset[str]
    preferred: str


@dataclass(frozen=True, slots=True)
class Observation:
    """A pool at one moment; accounts by username."""

    accounts: Mapping[str, Account]
    groups: Mapping[str, Group]
    members: Mapping[str, frozenset[str]]


def account_of(observation: Observation, pool: PoolKind, specimen: Specimen) -> Account | None:
    """Return a user's account: by its username, or by its address where that is what it signs in with."""
    if specimen.federated or not pool.sign_in:
        return observation.accounts.get(specimen.username)
    for account in observation.accounts.values():
        addresses = {account.attributes.get(name) for name in pool.sign_in}
        if specimen.username in addresses and account.status != "EXTERNAL_PROVIDER":
            return account
    return None


def observe(cognito: Any, pool_id: str) -> Observation:
    """List a pool, and read every user by itself: second factors are in no listing."""
    listed = snapshot(cognito, pool_id)
    members: dict[str, set[str]] = {name: set() for name in listed.groups}
    groups_of: dict[str, set[str]] = {name: set() for name in listed.users}
    for username, group in listed.memberships:
        members[group].add(username)
        groups_of.setdefault(username, set()).add(group)
    accounts = {
        name: _account(cognito.admin_get_user(UserPoolId=pool_id, Username=name), frozenset(groups_of[name]))
        for name in listed.users
    }
    return Observation(accounts, listed.groups, {name: frozenset(them) for name, them in members.items()})


def _account(answer: Mapping[str, Any], groups: frozenset[str]) -> Account:
    attributes = {pair["Name"]: pair.get("Value", "") for pair in answer["UserAttributes"]}
    sub, identities = attributes.pop("sub"), json.loads(attributes.pop("identities", "[]"))
    return Account(
        username=answer["Username"],
        sub=sub,
        attributes=attributes,
        enabled=answer["Enabled"],
        status=answer["UserStatus"],
        created=answer["UserCreateDate"],
        groups=groups,
        identities=frozenset((each["providerName"], each["userId"]) for each in identities),
        factors=frozenset(answer.get("UserMFASettingList") or ()),
        preferred=answer.get("PreferredMfaSetting") or "",
    )
