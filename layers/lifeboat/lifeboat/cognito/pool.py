"""What kind of pool a user pool is: the facts that decide how users are created and compared."""

from __future__ import annotations

import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lifeboat.model import PoolConfiguration, Status, User

GENERATED_ATTRIBUTES = frozenset({"sub", "identities"})
VERIFIED_FLAGS = frozenset({"email_verified", "phone_number_verified"})

LONGEST_PASSWORD = 99
"""The longest minimum that a password policy can ask for."""

SYMBOLS = "^$*.[]{}()?-!@#%&/,><':;|_~`+="
"""Characters that Cognito counts as symbols
(https://docs.aws.amazon.com/cognito/latest/developerguide/managing-users-passwords.html)."""

VOLATILE_FIELDS = frozenset(
    {
        "EstimatedNumberOfUsers",
        "LastModifiedDate",
        "CreationDate",
        "Status",
        "SmsConfigurationFailure",
        "EmailConfigurationFailure",
    }
)
"""Fields of DescribeUserPool that say how the pool is, not how it is configured."""


@dataclass(frozen=True, slots=True)
class PoolFacts:
    """The facts of one pool, from DescribeUserPool's `UserPool`."""

    pool_id: str
    username_attributes: tuple[str, ...]
    alias_attributes: tuple[str, ...]
    case_sensitive: bool
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
            username_attributes=tuple(sorted(description.get("UsernameAttributes", []))),
            alias_attributes=tuple(sorted(description.get("AliasAttributes", []))),
            case_sensitive=description.get("UsernameConfiguration", {}).get("CaseSensitive", True),
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
        for attribute in ("email", "phone_number"):
            if attribute in self.username_attributes and user.attributes.get(attribute):
                return user.attributes[attribute]
        return None

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


def configuration_of(description: Mapping[str, Any]) -> PoolConfiguration:
    """The pool's configuration as it is backed up: without what changes by itself."""
    document = {name: value for name, value in description.items() if name not in VOLATILE_FIELDS}
    return PoolConfiguration(name="CONFIG", document=document)


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
    """Whether the restored user gets a random permanent password, so that "Forgot password" works.

    Users who never had a password of their own (UNCONFIRMED, FORCE_CHANGE_PASSWORD) do not.
    """
    return user.status not in (Status.UNCONFIRMED, Status.FORCE_CHANGE_PASSWORD)


def restored_status(user: User) -> str:
    """The status that a restored user has: what the API can bring about without sending a message."""
    return Status.CONFIRMED if wants_password(user) else Status.FORCE_CHANGE_PASSWORD
