"""Parameters explain themselves and refuse what would fail later; rules refuse what no pattern can."""

from __future__ import annotations

import json

import pytest

from tests.template.reading import EXAMPLES, KEY_ARN, REGIONS, broken_rules, parameter_problem, source

PARAMETERS = source()["Parameters"]
INTERFACE = source()["Metadata"]["AWS::CloudFormation::Interface"]


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameter_says_what_it_is_for_and_what_it_takes(name: str) -> None:
    parameter = PARAMETERS[name]
    assert parameter["Description"]
    assert parameter["ConstraintDescription"].startswith("must be ")
    if parameter["Type"] == "Number":
        assert "AllowedValues" in parameter or {"MinValue", "MaxValue"} <= parameter.keys()
    else:
        assert "AllowedPattern" in parameter


@pytest.mark.parametrize("name", [name for name, each in PARAMETERS.items() if "Default" in each])
def test_default_is_valid(name: str) -> None:
    assert parameter_problem(name, str(PARAMETERS[name]["Default"])) is None


def test_every_parameter_has_a_group_and_a_label() -> None:
    grouped = [name for group in INTERFACE["ParameterGroups"] for name in group["Parameters"]]
    assert sorted(grouped) == sorted(PARAMETERS)
    assert INTERFACE["ParameterLabels"].keys() == PARAMETERS.keys()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ExportSchedule", "rate(1 day)"),
        ("ExportSchedule", "rate(1 hour)"),
        ("ExportSchedule", "rate(15 minutes)"),
        ("ExportSchedule", "rate(12 hours)"),
        ("ExportSchedule", "cron(0 3 * * ? *)"),
        ("ExportSchedule", "cron(0/30 8-18 ? * MON-FRI *)"),
        ("ExportSchedule", "cron(15 10 ? * 6L 2030-2035)"),
        ("ExportSchedule", "cron(0 3 L JAN,JUL ? *)"),
        ("UserPoolId", "ap-southeast-2_aB3dE5gH9"),
        ("UserPoolId", "us-gov-west-1_AbCdEf123"),
        ("UserPoolId", ""),
        ("BackupRegion", "us-gov-west-1"),
        ("BackupTableName", "pool-1.backup_A"),
        ("NotificationEmail", "on-call+pools@example.co.uk"),
        ("NotificationEmail", ""),
        ("KmsKeyArn", KEY_ARN.format(region="eu-west-1")),
        ("KmsKeyArn", KEY_ARN.format(region="us-gov-west-1").replace("arn:aws:", "arn:aws-us-gov:")),
        ("KmsKeyArn", ""),
        ("HistoryDays", "1"),
        ("MaxRetirePercent", "0"),
        ("CreateConcurrency", "8"),
        ("CsvChunkUsers", "100000"),
        ("CaptureMfaPreferences", "true"),
        ("SourceSubAttribute", "custom:source_sub"),
        ("SourceSubAttribute", ""),
    ],
)
def test_value_is_accepted(name: str, value: str) -> None:
    assert parameter_problem(name, value) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("StackRole", "standby"),
        ("ExportSchedule", ""),
        ("ExportSchedule", "1 day"),
        ("ExportSchedule", "rate(1 days)"),
        ("ExportSchedule", "rate(2 day)"),
        ("ExportSchedule", "rate(0 days)"),
        ("ExportSchedule", "rate(1 day) "),
        ("ExportSchedule", "cron(0 3 * * *)"),
        ("ExportSchedule", "0 3 * * ? *"),
        ("ExportSchedule", "at(2030-01-01T00:00:00)"),
        ("UserPoolId", "AbCdEf123"),
        ("UserPoolId", "us-east-1_Ab-Cd"),
        ("UserPoolId", "us-east-1_" + "a" * 46),
        ("BackupRegion", ""),
        ("BackupRegion", "eu-west-1a"),
        ("BackupRegion", "Ireland"),
        ("BackupTableName", "ab"),
        ("BackupTableName", "a/b/c"),
        ("BackupTableName", "a" * 256),
        ("NotificationEmail", "on-call"),
        ("NotificationEmail", "on call@example.com"),
        ("NotifyOn", "NONE"),
        ("KmsKeyArn", KEY_ARN.format(region="eu-west-1").replace("mrk-", "")),
        ("KmsKeyArn", "alias/backup"),
        ("HistoryDays", "0"),
        ("MaxRetirePercent", "101"),
        ("ExportQuotaShare", "0"),
        ("CreateConcurrency", "1"),
        ("CsvChunkUsers", "0"),
        ("CsvChunkUsers", "500001"),
        ("CaptureMfaPreferences", "yes"),
        ("SourceSubAttribute", "source_sub"),
        ("SourceSubAttribute", "custom:source sub"),
        ("SourceSubAttribute", "custom:" + "a" * 21),
        ("LogRetentionDays", "31"),
        ("MaxExportAgeHours", "169"),
    ],
)
def test_value_is_refused(name: str, value: str) -> None:
    assert parameter_problem(name, value) is not None


@pytest.mark.parametrize("role", EXAMPLES)
def test_rules_let_the_right_stack_pass(role: str) -> None:
    assert broken_rules(REGIONS[role], EXAMPLES[role]) == []


@pytest.mark.parametrize(
    ("role", "region", "change", "named"),
    [
        ("primary", "us-east-1", {"UserPoolId": ""}, "UserPoolId"),
        ("primary", "us-east-1", {"BackupRegion": "us-east-1"}, "BackupRegion"),
        ("backup", "eu-west-1", {"UserPoolId": "eu-west-1_AbCdEf123"}, "UserPoolId"),
        ("backup", "eu-central-1", {}, "BackupRegion"),
    ],
)
def test_rules_name_the_parameter_at_fault(
    role: str, region: str, change: dict[str, str], named: str
) -> None:
    [problem] = broken_rules(region, EXAMPLES[role] | change)
    assert problem.startswith(f"{named}: ")


def test_conditions_depend_on_parameters_only() -> None:
    assert "AWS::" not in json.dumps(source()["Conditions"])
