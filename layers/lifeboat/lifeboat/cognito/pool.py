"""What kind of pool a user pool is: the facts that decide how users are created and compared."""

from __future__ import annotations

import json
import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from lifeboat.model import Status, User

GENERATED_ATTRIBUTES = frozenset({"sub", "identities"})
VERIFIED_FLAGS = frozenset({"email_verified", "phone_number_verified"})

LONGEST_PASSWORD = 99
"""The longest minimum that a password policy can ask for."""

SYMBOLS = "^$*.[]{}()?-!@#%&/,><':;|_~`+="
"""Characters that Cognito counts as symbols
(https://docs.aws.amazon.com/cognito/latest/developerguide/managing-users-passwords.html)."""


@dataclass(frozen=True, slots=True)
class PoolFacts:
    """The facts of one pool, from DescribeUserPool's `UserPool`."""

    pool_id: str
    name: str
    username_attributes: tuple[str, ...]
    alias_attributes: tuple[str, ...]
    case_sensitive: bool
    auto_verified: tuple[str, ...]
    mfa: str
    recovery: tuple[str, ...]
    password_length: int
    schema: Mapping[str, Mapping[str, Any]]

    @classmethod
    def of(cls, description: Mapping[str, Any]) -> PoolFacts:
        """Read the facts.

        A pool without UsernameConfiguration is case-sensitive, which is the API's default.
        """
        policy = description.get("Policies", {}).get("PasswordPolicy", {})
        return cls(
            pool_id=description["Id"],
            name=description.get("Name", ""),
            username_attributes=tuple(sorted(description.get("UsernameAttributes", []))),
            alias_attributes=tuple(sorted(description.get("AliasAttributes", []))),
            case_sensitive=description.get("UsernameConfiguration", {}).get("CaseSensitive", True),
            auto_verified=tuple(sorted(description.get("AutoVerifiedAttributes", []))),
            mfa=description.get("MfaConfiguration", "OFF"),
            recovery=_recovery(description),
            password_length=int(policy.get("MinimumLength", 8)),
            schema={entry["Name"]: entry for entry in description.get("SchemaAttributes", [])},
        )

    @property
    def generates_usernames(self) -> bool:
        """Whether users sign in with email or phone number, and Cognito makes up the username."""
        return bool(self.username_attributes)

    def sign_in_name(self, user: User) -> str | None:
        """The Username to create a user with; None if the user has nothing that this pool accepts."""
        if not self.generates_usernames:
            return user.username
        names = [
            attribute
            for attribute in ("email", "phone_number")
            if attribute in self.username_attributes and user.attributes.get(attribute)
        ]
        # An address that is not verified may be somebody else's as well, who signs in by it.
        names.sort(key=lambda attribute: not user.verified(attribute))
        return user.attributes[names[0]] if names else None

    def join_key(self, user: User) -> str:
        """What identifies a user in the old pool and in the new one."""
        name = self.sign_in_name(user) or user.username
        return name if self.case_sensitive else name.lower()

    def random_password(self) -> str:
        """A password that satisfies any policy, known to nobody."""
        length = min(max(self.password_length, 32), LONGEST_PASSWORD)
        classes = (string.ascii_lowercase, string.ascii_uppercase, string.digits, SYMBOLS)
        characters = [secrets.choice(each) for each in classes]
        everything = "".join(classes)
        characters += [secrets.choice(everything) for _ in range(length - len(characters))]
        secrets.SystemRandom().shuffle(characters)
        return "".join(characters)


def _recovery(description: Mapping[str, Any]) -> tuple[str, ...]:
    """The addresses that recover an account, if the pool says so (API_AccountRecoverySettingType.html)."""
    mechanisms = description.get("AccountRecoverySetting", {}).get("RecoveryMechanisms", [])
    names = {str(each.get("Name", "")).removeprefix("verified_") for each in mechanisms}
    return tuple(name for name in ("email", "phone_number") if name in names)


def settable_attributes(user: User) -> dict[str, str]:
    """The attributes that a restore may send: Cognito sets `sub`, `identities` and `cognito:*` itself."""
    return {
        name: value
        for name, value in user.attributes.items()
        if name not in GENERATED_ATTRIBUTES and not name.startswith("cognito:")
    }


def comparable_attributes(user: User) -> dict[str, str]:
    """The settable attributes as they are compared: an address that is not marked verified is unverified."""
    return {
        name: value
        for name, value in settable_attributes(user).items()
        if not (name in VERIFIED_FLAGS and value == "false")
    }


def wants_password(user: User) -> bool:
    """Whether the restored user gets into a state in which "Forgot password" works.

    A user who never confirmed (UNCONFIRMED) is not confirmed by a restore. Who was invited
    (FORCE_CHANGE_PASSWORD) has lost the temporary password with the old pool, and would be locked out but for
    a verified address; without one an administrator must send the invitation again.
    """
    if user.status == Status.FORCE_CHANGE_PASSWORD:
        return user.verified("email") or user.verified("phone_number")
    return user.status != Status.UNCONFIRMED


RESETTABLE = frozenset({Status.CONFIRMED.value, Status.RESET_REQUIRED.value})
"""The statuses of a restored user who can use "Forgot password": the API lane brings about the first, the
CSV lane the second, or the first where the pool offers sign-in without a password."""


def restored_statuses(user: User) -> frozenset[str]:
    """The statuses that a restored user may have: what can be brought about without sending a message."""
    return RESETTABLE if wants_password(user) else frozenset({Status.FORCE_CHANGE_PASSWORD.value})


FACTOR_ADDRESSES: Mapping[str, str] = {"EMAIL_OTP": "email", "SMS_MFA": "phone_number"}
"""Second factors that can be given back, and the address of each. An authenticator's secret is lost."""


def restorable_factors(user: User, facts: PoolFacts) -> frozenset[str]:
    """The second factors to give back.

    In a pool with an AccountRecoverySetting, an address that is a user's second factor cannot recover the
    account. Restored users have no password, so one address is left free of it where there is any
    (https://docs.aws.amazon.com/cognito/latest/developerguide/managing-users-passwords.html).
    """
    if facts.mfa == "OFF":
        return frozenset()
    factors = frozenset(
        factor
        for factor in user.mfa_factors & FACTOR_ADDRESSES.keys()
        if user.attributes.get(FACTOR_ADDRESSES[factor])
    )
    ways = [way for way in facts.recovery if user.verified(way)]
    taken = {FACTOR_ADDRESSES[factor] for factor in factors}
    if not ways or set(ways) - taken:
        return factors
    given_up = min(
        (factor for factor in factors if FACTOR_ADDRESSES[factor] in ways),
        key=lambda factor: (factor == user.preferred_mfa, factor),
    )
    return factors - {given_up}


def wanted(user: User, facts: PoolFacts, source_sub_attribute: str) -> User:
    """A user of the backup as the new pool is to have it."""
    factors = restorable_factors(user, facts)
    preferred = user.preferred_mfa if user.preferred_mfa in factors else ""
    kept = replace(user, mfa_options=(), mfa=tuple(sorted(factors)), preferred_mfa=preferred)
    return with_source_sub(kept, source_sub_attribute)


def with_source_sub(user: User, attribute: str) -> User:
    """The user with the sub it had as an attribute; "" for none.

    A user restored before carries the sub under which applications have known it, and keeps that.
    """
    if not attribute or user.attributes.get(attribute):
        return user
    return replace(user, attributes={**user.attributes, attribute: user.sub})


def linked_identities(user: User) -> list[tuple[str, str]]:
    """The identities linked to a local user: (provider name, the user's id there).

    The attribute `identities` is a JSON list
    (https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-identity-federation-consolidate-users.html).
    """
    if user.federated:
        return []
    try:
        entries = json.loads(user.attributes.get("identities", "[]"))
    except ValueError:
        return []
    if not isinstance(entries, list):
        return []
    pairs = [
        (str(entry.get("providerName", "")), str(entry.get("userId", "")))
        for entry in entries
        if isinstance(entry, dict)
    ]
    return sorted({(provider, user_id) for provider, user_id in pairs if provider and user_id})
