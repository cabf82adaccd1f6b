"""What a backup costs by the month, and a restore: list prices times what runs were measured to use.

The measured figures are those of the largest run in docs/benchmarks.md (20,000 users, one group each); a test
holds them to it. What was not measured but reckoned, such as the size of an item, says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from cli.pricing.prices import ACTIVE_USER, MONTHLY, PRICES

DAYS: Final = 30.4
"""In a month."""

HOURS: Final = 730.0
"""In a month."""

Usage = dict[str, float]
"""Units by the name of their price."""

PER_EXPORT: Final[Mapping[str, float]] = {
    "write_units": 16,
    "read_units": 130,
    "state_transitions": 28,
    "lambda_gb_seconds": 3.2,
    "lambda_invocations": 10,
    "s3_writes": 3,
    "s3_reads": 2,
    "sns_requests": 1,
}
"""What an export uses however few users there are."""

PER_USER_LISTED: Final[Mapping[str, float]] = {
    "read_units": 0.29,
    "state_transitions": 0.0001,
    "lambda_gb_seconds": 0.0025,
}
"""What an export uses for each user besides, changed or not: keys and hashes are read, and functions wait
for pages. At the default share of the quotas, half, which takes twice the seconds measured at the whole."""

PER_CHANGE: Final[Mapping[str, float]] = {"write_units": 9.5, "read_units": 1.5}
"""What a changed user, half of them with a group changed too, uses in an export: the earlier versions to
history, the new ones, in both Regions."""

PER_NEW_USER: Final = 6.4
"""Write units of a user in a first export, in both Regions: the item, and an entry in each of the indexes
ByUsername, ByEmail and ByPhoneNumber that the user has a name for."""

PER_NEW_MEMBERSHIP: Final = 4.0
"""Write units of a membership in a first export, in both Regions: the item, and its entry in ByGroup."""

PER_CAPTURE: Final[Mapping[str, float]] = {
    "write_units": 18.0,
    "read_units": 9.9,
    "lambda_gb_seconds": 0.36,
    "lambda_invocations": 2.35,
    "sqs_requests": 4,
}
"""What a change uses that is captured as it happens, with a standby pool that follows (docs/bench-live.md);
the queue's requests are reckoned."""

PER_IMPORT: Final[Mapping[str, float]] = {
    "state_transitions": 36,
    "s3_writes": 58,
    "s3_reads": 60,
    "sns_requests": 1,
}
"""What an import uses however few users there are."""

PER_USER_RESTORED: Final[Mapping[str, float]] = {
    "write_units": 2.4,
    "read_units": 1.2,
    "lambda_gb_seconds": 0.073,
    "lambda_invocations": 0.083,
    "sqs_requests": 0.6,
}
"""What each user uses in an import, and each membership as much again: measured together."""

USER_KB: Final = 1.6
MEMBERSHIP_KB: Final = 0.8
"""Reckoned: the item, its index entries, and the 100 bytes that DynamoDB adds to each."""

LOG_KB_PER_EXPORT: Final = 60.0
LOG_KB_PER_USER: Final = 0.02
"""Reckoned: lines of functions and workflows; an import writes about the same for each user."""

ALARMS: Final = 38
"""Of both stacks, without a standby pool and the admin API."""

STEADY_METRICS: Final = 6
"""Custom metrics that are never silent."""

METRICS_OF_AN_EXPORT: Final = 24
"""Custom metrics that an export writes: each is billed for the hour in which it does."""

EXPORT_SHARE, IMPORT_SHARE = 0.5, 0.9
"""The defaults of ExportQuotaShare and ImportQuotaShare."""

LIST_PER_SECOND, UPDATES_PER_SECOND, JOB_USERS_PER_SECOND, PAGE = 30.0, 25.0, 35.0, 60.0
"""Cognito's quotas UserList and UserUpdate, the pace of import jobs as seen (no share slows it),
and users of a page."""

OVER_FLOOR_EXPORT, OVER_FLOOR_IMPORT = 1.34, 1.07
"""How much longer than the quotas alone ask for the largest measured runs took."""


@dataclass(frozen=True, slots=True)
class Pool:
    """What is to be priced.

    `change_percent` of the users change, come or go in a day; `groups_per_user` may be a fraction. With
    `live` changes are captured as they happen. With `on_demand` a restore leaves groups to the first sign-in.
    `plan` is a key of ACTIVE_USER.
    """

    users: int
    change_percent: float = 1.0
    groups_per_user: float = 1.0
    exports_per_day: float = 1.0
    live: bool = False
    on_demand: bool = False
    plan: str = "essentials"
    history_days: int = 35

    @property
    def memberships(self) -> float:
        """How many there are in all."""
        return self.users * self.groups_per_user

    @property
    def changes(self) -> float:
        """Changed users in a month."""
        return self.users * self.change_percent / 100 * DAYS


@dataclass(frozen=True, slots=True)
class Estimate:
    """Dollars, by what they are for, and seconds."""

    monthly: Mapping[str, float]
    first_export: float
    restore: Mapping[str, float]
    active_users: int
    export_seconds: float
    import_seconds: float

    @property
    def month(self) -> float:
        """Dollars a month."""
        return sum(self.monthly.values())

    @property
    def restored(self) -> float:
        """Dollars of one restore, the active users that it makes with it."""
        return sum(self.restore.values())

    def document(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "monthly_dollars": _rounded(self.monthly),
            "monthly_dollars_total": round(self.month, 2),
            "first_export_dollars": round(self.first_export, 2),
            "restore_dollars": _rounded(self.restore),
            "restore_dollars_total": round(self.restored, 2),
            "restore_active_users": self.active_users,
            "export_seconds": round(self.export_seconds),
            "import_seconds": round(self.import_seconds),
        }


def estimate(pool: Pool) -> Estimate:
    """Price a pool's backup and its restore."""
    exports = pool.exports_per_day * DAYS
    export = _plus(PER_EXPORT, PER_USER_LISTED, pool.users)
    captured = _times(PER_CAPTURE if pool.live else PER_CHANGE, pool.changes)
    stored_kb = pool.users * USER_KB + pool.memberships * MEMBERSHIP_KB
    history_kb = pool.changes / DAYS * pool.history_days * (USER_KB + MEMBERSHIP_KB / 2)
    gigabytes = 2 * (stored_kb + history_kb) / 1e6
    logs = exports * (LOG_KB_PER_EXPORT + LOG_KB_PER_USER * pool.users) / 1e6
    monthly = {
        "exports": _dollars(_times(export, exports)),
        "captures" if pool.live else "changes": _dollars(captured),
        "storage": gigabytes * (MONTHLY["storage_gb"].dollars + MONTHLY["recovery_gb"].dollars),
        "transfer between Regions": pool.changes * 2 * USER_KB / 1e6 * MONTHLY["transfer_gb"].dollars,
        "alarms, metrics, dashboard": ALARMS * MONTHLY["alarms"].dollars
        + (STEADY_METRICS + METRICS_OF_AN_EXPORT * min(1.0, exports / HOURS)) * MONTHLY["metrics"].dollars
        + MONTHLY["dashboards"].dollars,
        "logs": logs * MONTHLY["log_gb"].dollars,
    }
    writes = pool.users * PER_NEW_USER + pool.memberships * PER_NEW_MEMBERSHIP
    given = 0.0 if pool.on_demand else pool.memberships
    active = round(min(1.0, given / pool.users) * pool.users) if pool.users else 0
    restore = {
        "workflow": _dollars(_plus(PER_IMPORT, PER_USER_RESTORED, pool.users + given)),
        "active users": active * ACTIVE_USER[pool.plan].dollars,
    }
    return Estimate(
        monthly,
        _dollars({"write_units": writes}) + _dollars(export),
        restore,
        active,
        OVER_FLOOR_EXPORT * (pool.users + pool.memberships) / PAGE / LIST_PER_SECOND / EXPORT_SHARE,
        OVER_FLOOR_IMPORT * max(pool.users / JOB_USERS_PER_SECOND, given / UPDATES_PER_SECOND / IMPORT_SHARE),
    )


def _dollars(used: Mapping[str, float]) -> float:
    return sum(count * PRICES[name].dollars for name, count in used.items())


def _times(used: Mapping[str, float], number: float) -> Usage:
    return {name: count * number for name, count in used.items()}


def _plus(fixed: Mapping[str, float], each: Mapping[str, float], number: float) -> Usage:
    return {
        name: fixed.get(name, 0.0) + each.get(name, 0.0) * number for name in dict.fromkeys((*fixed, *each))
    }


def _rounded(dollars: Mapping[str, float]) -> dict[str, float]:
    return {name: round(amount, 2) for name, amount in dollars.items()}
