"""The warm standby: which stack has it, how the stream is read, and what its functions may do."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lifeboat.store.keys import GROUPS, group_key, user_partition
from lifeboat.store.standby import HELD, awaited_partition, place_partition
from tests.template.policies import granted, role_statements
from tests.template.reading import (
    EXAMPLES,
    REGIONS,
    WITH_STANDBY,
    broken_rules,
    parameter_problem,
    stack,
)

FUNCTIONS = {"ApplyChangesFunction", "CheckStandbyFunction", "ReleaseDeletionsFunction"}
POOL = f"arn:aws:cognito-idp:eu-west-1:111122223333:userpool/{WITH_STANDBY['StandbyUserPoolId']}"
STREAM = WITH_STANDBY["BackupTableStreamArn"]


def mapping(**parameters: str) -> dict[str, Any]:
    [found] = [
        each
        for each in stack("backup", **WITH_STANDBY | parameters)
        .of_type("AWS::Lambda::EventSourceMapping")
        .values()
        if each["EventSourceArn"] == STREAM
    ]
    return found  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("role", "parameters"),
    [("primary", WITH_STANDBY), ("primary", {}), ("backup", {}), ("backup", {"LiveSync": "CAPTURE"})],
)
def test_only_a_backup_stack_with_a_standby_pool_has_it(role: str, parameters: dict[str, str]) -> None:
    this = stack(role, **parameters)
    assert not FUNCTIONS & this.resources.keys()
    assert not [name for name in this.resources if "Standby" in name]


@pytest.mark.parametrize("live", ["OFF", "CAPTURE"])
def test_applying_is_paused_by_live_sync_and_repairing_is_not(live: str) -> None:
    this = stack("backup", **WITH_STANDBY | {"LiveSync": live})
    assert this.resources.keys() >= FUNCTIONS
    assert "ApplyChangesEventSource" not in this.resources
    rights = granted(role_statements(this)["ApplyChangesRole"])
    assert not {action for action in rights if action in ("dynamodb:GetRecords", "dynamodb:ListStreams")}


@pytest.mark.parametrize("missing", ["StandbyUserPoolId", "BackupTableStreamArn"])
def test_rules_name_what_a_warm_standby_lacks(missing: str) -> None:
    given = EXAMPLES["backup"] | WITH_STANDBY
    assert broken_rules(REGIONS["backup"], given) == []
    [problem] = broken_rules(REGIONS["backup"], given | {missing: ""})
    assert problem.startswith(f"{missing}: ")


@pytest.mark.parametrize(
    ("name", "value", "fits"),
    [
        ("BackupTableStreamArn", STREAM, True),
        ("BackupTableStreamArn", STREAM.replace("arn:aws:", "arn:aws-us-gov:"), True),
        ("BackupTableStreamArn", STREAM.partition("/stream")[0], False),
        ("StandbyUserPoolId", "eu-west-1_aB3", True),
        ("StandbyUserPoolId", "aB3", False),
        ("LiveSync", "ON", False),
    ],
)
def test_values(name: str, value: str, fits: bool) -> None:
    assert (parameter_problem(name, value) is None) is fits


def test_a_failing_record_is_tried_again_alone_for_hours_and_then_kept() -> None:
    found = mapping()
    assert found["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert found["BisectBatchOnFunctionError"] is True
    assert found["StartingPosition"] == "TRIM_HORIZON"
    assert 0 < found["MaximumRetryAttempts"] <= 10_000
    assert 3600 <= found["MaximumRecordAgeInSeconds"] < 24 * 3600  # the stream itself keeps a day
    assert found["DestinationConfig"]["OnFailure"]["Destination"] == "<StandbyDeadLetterQueue.Arn>"
    rights = granted(role_statements(stack("backup", **WITH_STANDBY))["ApplyChangesRole"])
    assert "<StandbyDeadLetterQueue.Arn>" in rights["sqs:SendMessage"]
    assert rights["dynamodb:GetRecords"] == {STREAM}


def test_of_the_stream_users_memberships_and_groups_matter() -> None:
    [pattern] = [json.loads(each["Pattern"]) for each in mapping()["FilterCriteria"]["Filters"]]
    assert pattern == {"dynamodb": {"Keys": {"pk": {"S": [{"prefix": user_partition("")}, GROUPS]}}}}
    assert group_key("any").pk == GROUPS


def test_its_functions_change_that_pool_only_and_note_it_in_partitions_of_their_own() -> None:
    roles = role_statements(stack("backup", **WITH_STANDBY))
    for name in FUNCTIONS:
        found = roles[f"{name.removesuffix('Function')}Role"]
        for action, where in granted(found).items():
            if action.startswith("cognito-idp:"):
                assert where == {POOL}
        [writing] = [each for each in found if "dynamodb:PutItem" in each.actions]
        assert writing.condition == {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["STANDBY#*"]}}
        [reading] = [each for each in found if "dynamodb:GetItem" in each.actions]
        read = ["EXPORT", "GROUP", "STANDBY#*", "USER#*"]
        assert reading.condition == {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": read}}
    for partition in (place_partition("3f"), HELD, awaited_partition("admins")):
        assert partition.startswith("STANDBY#")
