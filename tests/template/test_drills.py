"""Drills: who may delete which pool, when they run, and what raises an alarm."""

from __future__ import annotations

import json
import re

import pytest

from lifeboat.cognito.scratch_pools import DRILL_TAG, STACK_TAG
from lifeboat.drill.measure import DAY
from tests.template.policies import granted, role_statements
from tests.template.reading import REGIONS, ROOT, parameter_problem, source, stack

ROLES = ("primary", "backup")
DELETERS = {"DeleteScratchPoolRole", "FailDrillRole"}
ANCHORS = {
    "admin-api",
    "an-export-failed",
    "dead-letters",
    "drill-failed",
    "drill-overdue",
    "fail-back",
    "fail-over",
    "federated-users",
    "go-back-in-time",
    "import-failed",
    "import-incomplete",
    "is-the-backup-good",
    "live-capture-behind",
    "many-deletions",
    "no-export",
    "on-demand",
    "restore-one-user",
    "standby",
    "suspicious-guard",
    "tell-the-users",
}
"""The headings of docs/runbook.md."""


@pytest.mark.parametrize("role", ROLES)
def test_pools_are_deleted_by_two_roles_and_only_with_the_tags_of_a_drill_of_this_stack(role: str) -> None:
    found = role_statements(stack(role))
    assert {name for name in found if "cognito-idp:DeleteUserPool" in granted(found[name])} == DELETERS
    for name in DELETERS:
        [deleting] = [each for each in found[name] if "cognito-idp:DeleteUserPool" in each.actions]
        assert deleting.condition == {
            "StringEquals": {f"aws:ResourceTag/{STACK_TAG}": "lifeboat"},
            "StringLike": {f"aws:ResourceTag/{DRILL_TAG}": "?*"},
        }
        assert deleting.resources == (f"arn:aws:cognito-idp:{REGIONS[role]}:111122223333:userpool/*",)


@pytest.mark.parametrize("role", ROLES)
def test_a_drill_starts_and_stops_its_own_imports_and_no_others(role: str) -> None:
    found = {name: granted(each) for name, each in role_statements(stack(role)).items()}
    executions = f"arn:aws:states:{REGIONS[role]}:111122223333:execution:lifeboat-DrillImportWorkflow:*"
    assert {name for name in found if "states:StopExecution" in found[name]} == DELETERS
    assert all(found[name]["states:StopExecution"] == {executions} for name in DELETERS)
    assert found["BeginDrillRole"]["states:StartExecution"] == {"<DrillImportWorkflow>"}
    machines = stack(role).of_type("AWS::StepFunctions::StateMachine")
    assert machines["DrillImportWorkflow"]["StateMachineName"] == "lifeboat-DrillImportWorkflow"
    written = source()["Resources"]
    for key in ("DefinitionUri", "DefinitionSubstitutions", "Role"):
        own, real = (written[each]["Properties"][key] for each in ("DrillImportWorkflow", "ImportWorkflow"))
        assert own == real, "a drill tries what an import does"


@pytest.mark.parametrize("role", ROLES)
def test_drills_are_off_by_default_and_their_schedule_starts_them(role: str) -> None:
    assert "DrillStartSchedule" not in stack(role).resources
    given = stack(role, DrillSchedule="rate(90 days)")
    schedule = given.resources["DrillStartSchedule"]["Properties"]
    assert schedule["ScheduleExpression"] == "rate(90 days)"
    assert schedule["Target"]["Arn"] == "<DrillWorkflow>"
    assert granted(role_statements(given)["DrillScheduleRole"]) == {
        "states:StartExecution": {"<DrillWorkflow>"},
        "lambda:InvokeFunction": {"<DeleteScratchPoolFunction.Arn>", "<MeasureBackupFunction.Arn>"},
    }


@pytest.mark.parametrize("role", ROLES)
def test_the_age_is_measured_and_leftovers_are_cleared_away_every_hour(role: str) -> None:
    schedules = stack(role).of_type("AWS::Scheduler::Schedule")
    hourly = {
        each["Target"]["Arn"]: each["ScheduleExpression"]
        for name, each in schedules.items()
        if name in ("MeasureSchedule", "ScratchPoolSchedule")
    }
    assert hourly.keys() == {"<DeleteScratchPoolFunction.Arn>", "<MeasureBackupFunction.Arn>"}
    assert all(re.fullmatch(r"cron\(\d+ \* \* \* \? \*\)", each) for each in hourly.values())


@pytest.mark.parametrize("role", ROLES)
def test_an_old_drill_raises_an_alarm_even_if_nothing_measures_it(role: str) -> None:
    name = "DrillOverdueAlarm"
    assert name not in stack(role).resources
    assert name not in stack(role, DrillSchedule="rate(90 days)", DrillMaxAgeDays="0").resources
    alarm = stack(role, DrillSchedule="rate(90 days)").resources[name]["Properties"]
    assert (alarm["MetricName"], alarm["Threshold"]) == ("DrillAgeDays", "100")
    assert alarm["TreatMissingData"] == "breaching"
    assert alarm["Period"] == 3600
    assert DAY == 86_400
    measure = (ROOT / "layers/lifeboat/lifeboat/drill/measure.py").read_text("utf-8")
    assert f'values["{alarm["MetricName"]}"]' in measure


@pytest.mark.parametrize(
    ("value", "fits"),
    [
        ("OFF", True),
        ("rate(1 day)", True),
        ("rate(90 days)", True),
        ("cron(0 2 1 1/3 ? *)", True),
        ("rate(90 day)", False),
        ("rate(5 minutes)", False),
        ("", False),
    ],
)
def test_values_of_the_schedule(value: str, fits: bool) -> None:
    assert (parameter_problem("DrillSchedule", value) is None) is fits


def test_every_alarm_names_a_section_of_the_runbook() -> None:
    described = {
        name: each["Properties"]["AlarmDescription"]
        for name, each in source()["Resources"].items()
        if each["Type"] == "AWS::CloudWatch::Alarm"
    }
    assert len(described) > 20
    for name, text in described.items():
        [anchor] = re.findall(r"What to do: docs/runbook\.md#([a-z-]+)$", text)
        assert anchor in ANCHORS, name
        assert len(text) <= 1024


def test_the_runbook_has_every_section_that_is_named() -> None:
    runbook = ROOT / "docs/runbook.md"
    text = runbook.read_text("utf-8") if runbook.exists() else "".join(f"# {each}\n" for each in ANCHORS)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    there = {re.sub(r"[^\w -]", "", each).strip().lower().replace(" ", "-") for each in headings}
    there |= set(re.findall(r'<a (?:id|name)="([\w-]+)"', text))
    assert there >= ANCHORS


@pytest.mark.parametrize("role", ROLES)
def test_the_dashboard_shows_metrics_that_the_code_publishes(role: str) -> None:
    [dashboard] = stack(role).of_type("AWS::CloudWatch::Dashboard").values()
    assert dashboard["DashboardName"] == f"lifeboat-{role}"  # a name is the account's, not the Region's
    body = json.loads(dashboard["DashboardBody"])
    code = "".join(
        path.read_text("utf-8") for path in sorted((ROOT / "layers/lifeboat/lifeboat").rglob("*.py"))
    )
    queues = {f"<{name}.QueueName>" for name in stack(role).of_type("AWS::SQS::Queue")}
    shown: set[str] = set()
    for widget in body["widgets"]:
        assert widget["x"] + widget["width"] <= 24
        for anchor in re.findall(r"runbook\.md#([a-z-]+)", json.dumps(widget)):
            assert anchor in ANCHORS
        if widget["type"] == "text":
            continue
        assert widget["properties"]["region"] == REGIONS[role]
        for namespace, *rest in widget["properties"]["metrics"]:
            if isinstance(namespace, dict):
                [name] = re.findall(r'MetricName="(\w+)"', namespace["expression"])
                shown.add(name)
            elif namespace == "AWS/SQS":
                assert rest[2] in queues
            else:
                assert rest[1:5] == ["Stack", "lifeboat", "service", "lifeboat"]
                shown.add(rest[0])
    assert {"BackupAgeHours", "BackupUsers", "DrillAgeDays", "DrillRtoSeconds", "Throttled"} <= shown
    assert not [name for name in shown if f'"{name}"' not in code]
