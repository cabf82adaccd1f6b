"""What a drill is made of: its sample, its pool, what may be deleted, and the least it can take."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from lifeboat.cognito.scratch_pools import DRILL_TAG, STACK_TAG, pool_name
from lifeboat.drill.begin import EXPECTED, DrillInput
from lifeboat.drill.floors import export_floor, restore_floor
from lifeboat.drill.scratch import Scratch
from lifeboat.errors import InvalidInput
from lifeboat.model import PoolConfiguration
from lifeboat.operator_input import parse
from lifeboat.restore.drills import Sample, sample_shards
from lifeboat.restore.pool.new_pool import IMPORT_TAG, NewPool
from lifeboat.restore.pool.plan import Captured, plan_pool
from lifeboat.restore.pool.scratch import scratch_plan
from lifeboat.restore.portions import scan_portions
from lifeboat.store.keys import SHARDS

DRILL_ID = "2026-03-01T04:00:00.512Z-5e6f7a8b"
STARTED = "2026-03-01T04:00:00.512Z"


@pytest.mark.parametrize("percent", [1, 3, 10, 33, 50, 99, 100])
def test_a_sample_is_so_many_of_the_shards_and_none_of_them_twice(percent: int) -> None:
    shards = sample_shards(percent, DRILL_ID)
    assert len(set(shards)) == len(shards) == max(1, round(256 * percent / 100))
    assert set(shards) <= set(SHARDS)
    # Spread over all digits, not taken from one end
    if percent >= 10:
        assert len({shard[0] for shard in shards}) == 16


def test_the_whole_is_every_shard_and_samples_differ_from_drill_to_drill() -> None:
    assert sample_shards(100, DRILL_ID) == SHARDS
    drawn = Counter(sample_shards(1, f"2026-03-01T04:00:00.512Z-{number:08x}") for number in range(200))
    assert len(drawn) > 50


def test_a_sample_has_its_part_of_users_and_scan_workers() -> None:
    sample = Sample(DRILL_ID, "lifeboat-drill-5e6f7a8b", sample_shards(10, DRILL_ID))
    assert sample.part_of(10_240) == 1_040
    portions = scan_portions(1_000_000, 0, sample.shards[:3])
    assert sorted(shard for portion in portions for shard in portion["Shards"]) == sorted(sample.shards[:3])
    assert all(portion["Shards"] for portion in portions)


@pytest.mark.parametrize("given", [{"SamplePercent": 0}, {"SamplePercent": 101}, {"SamplePercent": "10"}])
def test_an_input_that_makes_no_sense_says_what_was_expected(given: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match="SamplePercent: expected a whole number from 1 to 100"):
        parse(DrillInput, given, EXPECTED)


CAPTURED: dict[str, dict[str, Any]] = {
    "CONFIG": {
        "Id": "us-east-1_Old",
        "Name": "people",
        "DeletionProtection": "ACTIVE",
        "AutoVerifiedAttributes": ["email"],
        "LambdaConfig": {"PreSignUp": "arn:aws:lambda:us-east-1:111122223333:function:check"},
        "EmailConfiguration": {
            "EmailSendingAccount": "DEVELOPER",
            "SourceArn": "arn:aws:ses:us-east-1:111122223333:identity/a@example.com",
        },
        "UserPoolAddOns": {"AdvancedSecurityMode": "ENFORCED"},
        "UserPoolTags": {"team": "web", DRILL_TAG: "another", STACK_TAG: "lifeboat"},
        "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": False},
        "SchemaAttributes": [{"Name": "custom:note", "AttributeDataType": "String", "Mutable": True}],
    },
    "CLIENT#1aaa": {"ClientId": "1aaa", "ClientName": "web", "ClientSecret": "known" * 8},
    "CLIENT#2bbb": {"ClientId": "2bbb", "ClientName": "app"},
    "DOMAIN#shop": {"Domain": "shop"},
    "UI#ALL": {"CSS": ".a {}"},
    "BRANDING#1aaa": {"UseCognitoProvidedValues": True},
    "RISK#ALL": {"RiskExceptionConfiguration": {"BlockedIPRangeList": ["192.0.2.0/24"]}},
    "IDP#okta": {
        "ProviderName": "okta",
        "ProviderType": "SAML",
        "ProviderDetails": {"MetadataURL": "https://x"},
    },
    "RESOURCE_SERVER#api": {"Identifier": "api", "Name": "API"},
}


def plan_for(drill: str) -> Any:
    captured = Captured({name: PoolConfiguration(name, each) for name, each in CAPTURED.items()})
    new = NewPool("lifeboat-drill-5e6f7a8b", "eu-west-1", "an-import", {}, "", drill, "lifeboat")
    plan = plan_pool(captured, new)
    return scratch_plan(plan, new) if drill else plan


def test_a_scratch_pool_keeps_what_users_need_and_reaches_nobody() -> None:
    plan = plan_for(DRILL_ID)
    assert plan.pool["DeletionProtection"] == "INACTIVE"
    assert plan.pool["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}
    assert not {"LambdaConfig", "EmailConfiguration", "UserPoolAddOns"} & plan.pool.keys()
    assert plan.pool["UserPoolTags"] == {
        IMPORT_TAG: "an-import",
        DRILL_TAG: DRILL_ID,
        STACK_TAG: "lifeboat",
    }
    assert [plan.domains, plan.pages, plan.brandings, plan.risks, plan.logs] == [[], {}, {}, {}, None]
    assert [each["Name"] for each in plan.pool["Schema"]] == ["note"]
    assert [each["ProviderName"] for each in plan.providers] == ["okta"]
    assert [each["Identifier"] for each in plan.resource_servers] == ["api"]


def test_nobody_knows_the_secret_of_a_scratch_pools_clients() -> None:
    clients = plan_for(DRILL_ID).clients
    assert [client.name for client in clients] == ["web", "app"]
    for client in clients:
        assert client.arguments["GenerateSecret"] is True
        assert "ClientSecret" not in client.arguments


def test_a_restored_pool_never_carries_the_tags_of_a_drill() -> None:
    assert plan_for("").pool["UserPoolTags"] == {"team": "web", IMPORT_TAG: "an-import"}


ENTRY = {
    "run_id": DRILL_ID,
    "pool_name": pool_name(DRILL_ID),
    "started_at": STARTED,
    "status": "RUNNING",
    "closing": True,
}
POOL = {
    "Id": "eu-west-1_Scratch12",
    "Name": "lifeboat-drill-5e6f7a8b",
    "UserPoolTags": {DRILL_TAG: DRILL_ID, STACK_TAG: "lifeboat", "other": "tag"},
    "CreationDate": datetime(2026, 3, 1, 4, 0, 5, tzinfo=UTC),
}
TAGS = {DRILL_TAG: DRILL_ID, STACK_TAG: "lifeboat"}


def judged(entry: dict[str, Any], pool: dict[str, Any]) -> bool:
    nothing = cast(Any, None)
    protected = frozenset({"eu-west-1_Protected"})
    scratch = Scratch(nothing, nothing, nothing, (), "lifeboat", "eu-west-1", protected)
    return scratch.is_scratch(ENTRY | entry, POOL | pool)


def test_the_pool_of_a_drill_that_closes_or_is_over_may_be_deleted() -> None:
    assert judged({}, {})
    assert judged({"closing": False, "status": "FAILED"}, {})


@pytest.mark.parametrize(
    ("entry", "pool"),
    [
        ({"closing": False}, {}),
        ({"run_id": "2026-03-01T04:00:00.512Z-11111111"}, {}),
        ({"pool_name": "lifeboat-drill-11111111"}, {}),
        ({"started_at": "2026-03-01T04:10:00.000Z"}, {}),
        ({}, {"Name": "people"}),
        ({}, {"UserPoolTags": {}}),
        ({}, {"UserPoolTags": {DRILL_TAG: DRILL_ID}}),
        ({}, {"UserPoolTags": TAGS | {DRILL_TAG: "2026-03-01T04:00:00.512Z-11111111"}}),
        ({}, {"UserPoolTags": TAGS | {STACK_TAG: "another"}}),
        ({}, {"Id": "eu-west-1_Protected"}),
        ({}, {"CreationDate": None}),
    ],
    ids=[
        "a drill that still restores",
        "another drill",
        "another name in the ledger",
        "older than the drill",
        "another name",
        "no tags",
        "no stack",
        "the tag of another drill",
        "the tag of another stack",
        "a pool that the stack's settings name",
        "of an unknown age",
    ],
)
def test_no_other_pool_may_be_deleted(entry: dict[str, Any], pool: dict[str, Any]) -> None:
    assert not judged(entry, pool)


def test_the_least_that_export_and_restore_can_take() -> None:
    assert export_floor(6_000, 10, 6_000, 100) == pytest.approx((100 + 100) / 30)
    assert export_floor(6_000, 200, 6_000, 50) == pytest.approx((100 + 200) / 15)
    assert restore_floor(3_500, 100) == pytest.approx(100)
    assert restore_floor(3_500, 5_000) == pytest.approx(200)
