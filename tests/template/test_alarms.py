"""Whatever needs a person to look raises an alarm that says so in plain words."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lifeboat.telemetry import publish
from tests.template.reading import EVERYTHING, ROOT, source, stack

ROLES = ("primary", "backup")


def alarms(role: str, **parameters: str) -> dict[str, Any]:
    return stack(role, **parameters).of_type("AWS::CloudWatch::Alarm")


def dimensions(alarm: dict[str, Any]) -> dict[str, str]:
    return {each["Name"]: each["Value"] for each in alarm["Dimensions"]}


@pytest.mark.parametrize("role", ROLES)
def test_every_alarm_explains_itself_and_tells_the_topic(role: str) -> None:
    for alarm in alarms(role).values():
        assert len(alarm["AlarmDescription"].split()) >= 12
        assert "\n" not in alarm["AlarmDescription"]
        assert alarm["AlarmActions"] == ["<NotificationTopic>"]
        assert alarm["TreatMissingData"] in {"breaching", "notBreaching"}


@pytest.mark.parametrize("role", ROLES)
def test_every_workflow_that_ends_badly_raises_one(role: str) -> None:
    watched = {
        (dimensions(alarm).get("StateMachineArn"), alarm["MetricName"])
        for alarm in alarms(role).values()
        if alarm["Threshold"] == 0 and alarm["TreatMissingData"] == "notBreaching"
    }
    # How the import of a drill ends is the drill's end.
    for workflow in stack(role).of_type("AWS::StepFunctions::StateMachine").keys() - {"DrillImportWorkflow"}:
        for metric in ("ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted"):
            assert (f"<{workflow}>", metric) in watched


@pytest.mark.parametrize("role", ROLES)
def test_every_dead_letter_queue_that_holds_a_message_raises_one(role: str) -> None:
    queues = stack(role).of_type("AWS::SQS::Queue")
    dead_letters = {f"<{name}.QueueName>" for name, queue in queues.items() if "RedrivePolicy" not in queue}
    watched = {
        dimensions(alarm)["QueueName"]
        for alarm in alarms(role).values()
        if alarm["Namespace"] == "AWS/SQS"
        and alarm["MetricName"] == "ApproximateNumberOfMessagesVisible"
        and alarm["Threshold"] == 0
    }
    assert watched == dead_letters


@pytest.mark.parametrize("role", ROLES)
def test_every_dead_letter_queue_is_an_output_and_goes_back_to_the_queue_of_its_name(role: str) -> None:
    made = stack(role, **EVERYTHING[role])
    queues, outputs = made.of_type("AWS::SQS::Queue"), made.outputs
    for name, queue in queues.items():
        assert outputs[f"{name}Url"] == f"<{name}>"
        policy = queue.get("RedrivePolicy")
        assert name.endswith("DeadLetterQueue") == (policy is None)
        if policy is not None:
            dead = f"{name.removesuffix('Queue')}DeadLetterQueue"
            assert policy["deadLetterTargetArn"] == f"<{dead}.Arn>"


def test_a_backup_that_grows_old_raises_one_even_if_nothing_reports() -> None:
    alarm = alarms("primary", MaxExportAgeHours="50")["ExportOverdueAlarm"]
    assert alarm["MetricName"] == "ExecutionsSucceeded"
    assert alarm["ComparisonOperator"] == "LessThanThreshold"
    assert (alarm["Period"], alarm["EvaluationPeriods"]) == (3600, "50")
    assert alarm["TreatMissingData"] == "breaching"
    assert "ExportOverdueAlarm" not in alarms("primary", MaxExportAgeHours="0")
    assert "ExportOverdueAlarm" not in alarms("backup")


def test_a_refused_cleanup_raises_one_on_the_metric_the_export_writes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    alarm = alarms("primary")["ExportWithoutCleanupAlarm"]
    variables = source()["Globals"]["Function"]["Environment"]["Variables"]
    for name in ("POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE"):
        monkeypatch.setenv(name, variables[name])

    publish("lifeboat", {alarm["MetricName"]: 1})

    written = json.loads(capsys.readouterr().out)
    [metrics] = written["_aws"]["CloudWatchMetrics"]
    assert metrics["Namespace"] == alarm["Namespace"]
    assert {name: written[name] for [*names] in metrics["Dimensions"] for name in names} == dimensions(alarm)
    export = (ROOT / "layers/lifeboat/lifeboat/export").glob("*.py")
    assert any(f'"{alarm["MetricName"]}"' in each.read_text("utf-8") for each in export)


@pytest.mark.parametrize("role", ROLES)
def test_a_trigger_that_fails_raises_one_and_so_do_groups_that_are_not_given_back(role: str) -> None:
    errors = alarms(role)["FederatedSignInsFailAlarm"]
    assert (errors["Namespace"], errors["MetricName"]) == ("AWS/Lambda", "Errors")
    assert dimensions(errors) == {"FunctionName": "<RestoreFederatedGroupsFunction>"}
    groups = alarms(role)["FederatedGroupsFailedAlarm"]
    assert dimensions(groups) == {"Stack": "lifeboat", "service": "lifeboat"}
    written = (ROOT / "layers/lifeboat/lifeboat/restore/on_demand/federated.py").read_text("utf-8")
    assert f'"{groups["MetricName"]}"' in written
