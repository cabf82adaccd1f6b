"""Whether the work of one invocation fits into its time, at the rates that the parameters allow."""

from typing import Any

import pytest

from lifeboat.cognito.reader import PAGE
from lifeboat.listing import export_workers, listing_prefixes
from lifeboat.pacing import Budget, Category
from lifeboat.restore.messages import GROUPS_IN_AN_UPDATE
from tests.template.reading import source

Value = str
DEFAULT, LEAST, MOST = "Default", "MinValue", "MaxValue"


def parameter(name: str, value: Value) -> int:
    return int(source()["Parameters"][name][value])


def consumer(function: str) -> tuple[int, int]:
    """A queue consumer's batch size and its time in seconds."""
    properties: dict[str, Any] = source()["Resources"][function]["Properties"]
    (event,) = properties["Events"].values()
    return int(event["Properties"]["BatchSize"]), int(properties["Timeout"])


@pytest.mark.parametrize("users", [10_000, 1_000_000, 10_000_000])
@pytest.mark.parametrize(
    ("share", "concurrency"), [(DEFAULT, LEAST), (DEFAULT, DEFAULT), (DEFAULT, MOST), (MOST, DEFAULT)]
)
def test_a_prefix_is_as_a_rule_listed_within_one_invocation(
    users: int, share: Value, concurrency: Value
) -> None:
    # The next invocation goes on within a prefix, but has to read again what the backup holds of it.
    quota = Budget(parameter("ExportQuotaShare", share), 1).rate(Category.USER_LIST)
    rate = quota / export_workers(quota, parameter("ExportConcurrency", concurrency))
    seconds = users / len(listing_prefixes(users, rate)) / PAGE / rate
    assert seconds < int(source()["Resources"]["ExportUsersFunction"]["Properties"]["Timeout"])


@pytest.mark.parametrize(
    ("share", "concurrency"), [(DEFAULT, LEAST), (DEFAULT, DEFAULT), (DEFAULT, MOST), (LEAST, DEFAULT)]
)
def test_a_full_batch_of_updates_is_handled_within_one_invocation(share: Value, concurrency: Value) -> None:
    # A batch that runs out of time is delivered again whole, and after a few deliveries is given up.
    messages, timeout = consumer("UpdateUsersFunction")
    budget = Budget(parameter("ImportQuotaShare", share), parameter("UpdateConcurrency", concurrency))
    calls = messages * (GROUPS_IN_AN_UPDATE + 1)
    assert calls / budget.rate(Category.USER_UPDATE) < timeout


@pytest.mark.parametrize(
    ("share", "concurrency"), [(DEFAULT, LEAST), (DEFAULT, DEFAULT), (DEFAULT, MOST), (LEAST, DEFAULT)]
)
def test_a_full_batch_of_new_users_is_handled_within_one_invocation(share: Value, concurrency: Value) -> None:
    messages, timeout = consumer("CreateUsersFunction")
    budget = Budget(parameter("ImportQuotaShare", share), parameter("CreateConcurrency", concurrency))
    slowest = min(
        map(budget.rate, (Category.USER_CREATION, Category.USER_ACCOUNT_RECOVERY, Category.USER_LIST))
    )
    assert messages / slowest < timeout
