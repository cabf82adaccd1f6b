"""The environment of every function, read once and in one place."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Self

from lifeboat.errors import SettingMissing
from lifeboat.pacing import Quotas

MAY_BE_EMPTY = frozenset(
    {
        "user_pool_id",
        "source_sub_attribute",
        "capture_queue_url",
        "capture_retry_queue_url",
        "replica_region",
        "primary_user_pool_id",
        "primary_app_client_id",
        "standby_user_pool_id",
        "standby_dlq_url",
    }
)
"""Settings that may have no value: the backup stack exports no pool and captures nothing, and not everybody
keeps the old sub, has a replica elsewhere or a standby pool, or lets passwords be verified."""


@dataclass(frozen=True, slots=True)
class Settings:
    """One field per environment variable, whose name is the field's in capitals.

    Shares are percent of a Cognito quota, quotas are requests per second, concurrencies numbers of workers,
    days are days.
    """

    table_name: str
    stack_role: str
    stack_name: str
    user_pool_id: str
    history_days: int
    export_quota_share: int
    import_quota_share: int
    user_creation_quota: int
    user_read_quota: int
    export_concurrency: int
    max_retire_percent: int
    drill_sample_percent: int
    capture_client_secrets: str
    source_sub_attribute: str
    capture_mfa_preferences: str
    import_job_role_arn: str
    csv_chunk_users: int
    create_concurrency: int
    update_concurrency: int
    max_receive_count: int
    reports_bucket: str
    new_users_queue_url: str
    new_users_dlq_url: str
    api_users_queue_url: str
    api_users_dlq_url: str
    updates_queue_url: str
    updates_dlq_url: str
    topic_arn: str
    notify_on: str
    export_schedule: str
    live_sync: str
    capture_quota_share: int
    capture_queue_url: str
    capture_retry_queue_url: str
    admin_group: str
    export_from: str
    replica_region: str
    primary_user_pool_id: str
    primary_app_client_id: str
    standby_user_pool_id: str
    standby_dlq_url: str

    @classmethod
    def from_env(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Read all settings.

        Raises SettingMissing, naming the variable, when one is absent, empty or not a number.
        """
        source = os.environ if environment is None else environment
        values: dict[str, str | int] = {}
        for each in fields(cls):
            name = each.name.upper()
            text = source.get(name)
            if text is None or (not text and each.name not in MAY_BE_EMPTY):
                raise SettingMissing(f"the environment variable {name} is not set")
            if each.type == "int":
                if not text.isdecimal():
                    raise SettingMissing(f"the environment variable {name} is not a whole number")
                values[each.name] = int(text)
            else:
                values[each.name] = text
        return cls(**values)  # type: ignore[arg-type]

    @property
    def exported_region(self) -> str:
        """The Region that an export reads the pool in, "" for the function's own."""
        return self.replica_region if self.export_from == "REPLICA" else ""

    @property
    def captures_changes(self) -> bool:
        """Whether changes are written to the backup while exports run."""
        return self.live_sync != "OFF"

    @property
    def quotas(self) -> Quotas:
        """Cognito's quotas in this account and Region."""
        return Quotas(self.user_creation_quota, self.user_read_quota)


def environment_names() -> frozenset[str]:
    """The names of all environment variables that the functions need."""
    return frozenset(each.name.upper() for each in fields(Settings))


@cache
def settings() -> Settings:
    """This process's settings."""
    return Settings.from_env()
