"""Quotas against those assumed, parameters of two stacks, and Cognito's own replication."""

from __future__ import annotations

from typing import Any

import pytest

from cli.connection import Role, Stack
from cli.deployment.parameters import AGREE, differences, rows
from cli.deployment.quotas import QuotaLine, quota_name
from cli.deployment.replication import limits, requirements, verdict
from lifeboat.cognito.replicas import Replica
from lifeboat.pacing import QUOTAS
from local.ministack_quotas import quotas
from tests.template.reading import source


def stack(role: Role, **parameters: str) -> Stack:
    region = "us-east-1" if role == "primary" else "eu-west-1"
    return Stack("lifeboat", region, role, {}, {"StackRole": role, "BackupRegion": "eu-west-1"} | parameters)


def line(account: float | None, parameter: str = "") -> QuotaLine:
    return QuotaLine("UserCreation", 50, account, 25, 45, parameter)


def test_every_category_has_a_quota_of_that_name() -> None:
    names = {each["QuotaName"]: each["Value"] for each in quotas()}

    assert {quota_name(category) for category in QUOTAS} <= names.keys()
    assert {names[quota_name(category)] for category in QUOTAS} == set(QUOTAS.values())


@pytest.mark.parametrize(
    ("found", "says", "wrong"),
    [
        (line(50, "UserCreationQuota"), "", False),
        (line(None, "UserCreationQuota"), "", False),
        (line(80, "UserCreationQuota"), "set UserCreationQuota=80 for more speed", False),
        (line(80), "", False),
        (line(30, "UserCreationQuota"), "would be throttled; set UserCreationQuota=30", True),
        (line(30), "would be throttled; lower the shares", True),
    ],
)
def test_a_quota_against_the_one_assumed(found: QuotaLine, says: str, wrong: bool) -> None:
    assert says in found.finding
    assert bool(says) == bool(found.finding)
    assert found.too_high is wrong


def test_parameters_that_must_agree_are_parameters() -> None:
    assert AGREE.keys() <= source()["Parameters"].keys()


def test_differences_that_matter_are_named_with_what_follows() -> None:
    same = {"BackupTableName": "a", "HistoryDays": "35"}
    stacks: dict[Role, Stack] = {"primary": stack("primary", **same), "backup": stack("backup", **same)}
    other: dict[Role, Stack] = {**stacks, "backup": stack("backup", BackupTableName="b", HistoryDays="35")}

    assert list(differences(stacks)) == []
    assert [each.split(" is ")[0] for each in differences(other)] == ["BackupTableName"]
    assert ("BackupTableName", "a", "b") in rows(other)
    assert "StackRole" not in {name for name, *_ in rows(other)}


def test_a_backup_stack_in_another_region_than_it_says() -> None:
    misplaced = Stack("lifeboat", "eu-central-1", "backup", {}, {"BackupRegion": "eu-west-1"})

    assert ["deploy it there" in each for each in differences({"backup": misplaced})] == [True]


def met(description: dict[str, Any]) -> list[bool | None]:
    return [each.met for each in requirements(description)]


def test_what_native_replication_asks_for() -> None:
    key = "arn:aws:kms:us-east-1:123456789012:key/"
    eligible = {
        "UserPoolTier": "PLUS",
        "KeyConfiguration": {"KeyType": "CUSTOMER_MANAGED_KEY", "KmsKeyArn": f"{key}mrk-1"},
        "IssuerConfiguration": {"Type": "UPDATED"},
    }
    single = eligible | {"KeyConfiguration": {"KeyType": "CUSTOMER_MANAGED_KEY", "KmsKeyArn": f"{key}1"}}

    assert met(eligible) == [True, True, True, None]
    assert met(single) == [True, False, True, None]
    assert met({"UserPoolTier": "LITE"}) == [False, False, False, None]
    assert verdict(requirements(eligible), []).startswith("eligible")
    assert "it lacks a multi-Region key" in verdict(requirements(single), [])
    there = [Replica("eu-west-1", "ACTIVE", "SECONDARY"), Replica("us-east-1", "ACTIVE", "PRIMARY")]
    assert verdict(requirements(single), there) == "it is replicated: eu-west-1 (ACTIVE)"


def test_what_a_replica_would_not_do() -> None:
    assert any("authenticator" in each for each in limits({"MfaConfiguration": "OPTIONAL"}))
    assert not any("authenticator" in each for each in limits({"MfaConfiguration": "OFF"}))
