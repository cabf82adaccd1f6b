"""What is backed up: users, groups, memberships and the pool's configuration.

Plain immutable values without behaviour of their own, as Cognito's list operations give them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """The kinds of backed-up item; the value is the word used in counts, ledgers and reports."""

    USER = "users"
    GROUP = "groups"
    MEMBERSHIP = "memberships"
    POOL = "pool"


class Status(StrEnum):
    """User statuses of the Cognito API that the product tells apart (UserType.UserStatus)."""

    CONFIRMED = "CONFIRMED"
    UNCONFIRMED = "UNCONFIRMED"
    RESET_REQUIRED = "RESET_REQUIRED"
    FORCE_CHANGE_PASSWORD = "FORCE_CHANGE_PASSWORD"
    EXTERNAL_PROVIDER = "EXTERNAL_PROVIDER"


@dataclass(frozen=True, slots=True)
class User:
    """One user of a pool.

    `attributes` is everything Cognito listed, `sub` included, name to value. `status` is kept as
    text, because Cognito may add statuses. Times are ISO 8601 (see `instant`), "" if unknown.
    `mfa_options` is what listings show (SMS only); `mfa` and `preferred_mfa` are UserMFASettingList and
    PreferredMfaSetting, which only AdminGetUser gives, and empty where they were not captured.
    """

    sub: str
    username: str
    attributes: Mapping[str, str]
    enabled: bool
    status: str
    created_at: str = ""
    modified_at: str = ""
    mfa_options: tuple[Mapping[str, str], ...] = ()
    mfa: tuple[str, ...] = ()
    preferred_mfa: str = ""

    @property
    def mfa_factors(self) -> frozenset[str]:
        """The second factors known of the user: SMS_MFA, EMAIL_OTP, SOFTWARE_TOKEN_MFA."""
        listed = {"SMS_MFA" for option in self.mfa_options if option.get("DeliveryMedium") == "SMS"}
        return frozenset(listed | set(self.mfa))

    def verified(self, attribute: str) -> bool:
        """Whether `email` or `phone_number` is there and verified."""
        flag = self.attributes.get(f"{attribute}_verified", "")
        return bool(self.attributes.get(attribute)) and flag.lower() == "true"

    @property
    def federated(self) -> bool:
        """Whether the profile comes from an external identity provider; no API can create it."""
        return self.status == Status.EXTERNAL_PROVIDER


@dataclass(frozen=True, slots=True)
class Group:
    """One group. `precedence` may be 0, which is not the same as None.

    `created_at` tells a group from one of the same name that was deleted; it makes no other difference.
    """

    name: str
    description: str | None = None
    precedence: int | None = None
    role_arn: str | None = None
    created_at: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Membership:
    """A user's place in a group."""

    sub: str
    group_name: str


@dataclass(frozen=True, slots=True)
class PoolConfiguration:
    """One part of a pool's configuration (`name` is its sort key, e.g. CONFIG), as JSON values."""

    name: str
    document: Mapping[str, Any] = field(default_factory=dict)


def instant(moment: datetime | str) -> str:
    """A moment as ISO 8601 in UTC with milliseconds: fixed width, so that text order is time order.

    Accepts an aware datetime, or ISO text as Step Functions writes `$$.Execution.StartTime`.
    """
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def now() -> str:
    """The present moment as `instant` text."""
    return instant(datetime.now(UTC))


def seconds_between(earlier: str, later: str) -> float:
    """Seconds from one `instant` to another."""
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()


def moment_after(moment: str, seconds: float) -> str:
    """The `instant` so many seconds after another; before it, if they are negative."""
    return instant(datetime.fromisoformat(moment) + timedelta(seconds=seconds))


def epoch_after(moment: str, days: int) -> int:
    """Epoch seconds of a moment `days` days after an `instant` (DynamoDB TTL's format)."""
    return int((datetime.fromisoformat(moment) + timedelta(days=days)).timestamp())
