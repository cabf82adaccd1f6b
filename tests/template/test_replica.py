"""An export through the pool's replica: the parameters, and what the functions may read then."""

from __future__ import annotations

import pytest

from tests.template.policies import granted, role_statements
from tests.template.reading import EXAMPLES, REGIONS, broken_rules, parameter_problem, stack

POOL = "arn:aws:cognito-idp:{region}:111122223333:userpool/us-east-1_AbCdEf123"
ELSEWHERE = {"ExportFrom": "REPLICA", "ReplicaRegion": "eu-west-1"}


CAPTURING = {"PostConfirmationRole", "CaptureChangesRole", "SettleCapturesRole"}
"""Captures read the pool itself: a replica is a moment behind."""


@pytest.mark.parametrize(
    ("parameters", "region"),
    [({}, "us-east-1"), ({"ExportFrom": "REPLICA"}, "us-east-1"), (ELSEWHERE, "eu-west-1")],
)
def test_the_export_may_read_the_pool_where_it_reads_it(parameters: dict[str, str], region: str) -> None:
    this = stack("primary", CaptureMfaPreferences="true", **parameters)
    exporting = {
        f"{name.removesuffix('Function')}Role"
        for name, each in this.of_type("AWS::Lambda::Function").items()
        if each["LoggingConfig"]["LogGroup"] == "<ExportLogGroup>"
    }
    read = [
        arn
        for role, found in role_statements(this).items()
        if role in exporting - CAPTURING
        for action, where in granted(found).items()
        if action.startswith("cognito-idp:")
        for arn in where - {"*"}
    ]
    assert len(read) > 6
    assert set(read) == {POOL.format(region=region)}


def test_the_functions_are_told() -> None:
    functions = stack("primary", **ELSEWHERE).of_type("AWS::Lambda::Function").values()
    told = {
        (variables["EXPORT_FROM"], variables["REPLICA_REGION"])
        for variables in (each["Environment"]["Variables"] for each in functions)
    }
    assert told == {("REPLICA", "eu-west-1")}


@pytest.mark.parametrize(("role", "change"), [("primary", {"ExportFrom": "PRIMARY"}), ("backup", {})])
def test_a_region_that_nothing_reads_is_refused(role: str, change: dict[str, str]) -> None:
    [problem] = broken_rules(REGIONS[role], EXAMPLES[role] | ELSEWHERE | change)
    assert problem.startswith("ReplicaRegion: ")


def test_the_right_stack_passes() -> None:
    assert broken_rules(REGIONS["primary"], EXAMPLES["primary"] | ELSEWHERE) == []


@pytest.mark.parametrize(
    ("name", "value", "taken"),
    [
        ("ExportFrom", "REPLICA", True),
        ("ExportFrom", "SECONDARY", False),
        ("ReplicaRegion", "Ireland", False),
    ],
)
def test_parameters_take_what_can_be_used(name: str, value: str, taken: bool) -> None:
    assert (parameter_problem(name, value) is None) == taken
