"""Changes of the pool get to the function that captures them, and to nothing else."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from lifeboat.sync.capture.assembly import CONSUMERS
from lifeboat.sync.capture.causes import DELETIONS, GROUP_EVENTS
from lifeboat.sync.capture.confirmation import CAPTURE_SECONDS, SEND_SECONDS
from lifeboat.sync.capture.consumer import RESERVE_SECONDS
from tests.template.policies import granted, role_statements, statements
from tests.template.reading import ROOT, broken_rules, parameter_problem, source, stack

QUEUES = {"CaptureQueue": "CaptureDeadLetterQueue", "CaptureRetryQueue": "CaptureRetryDeadLetterQueue"}
RULES = {"CaptureRule", "CaptureChallengesRule", "CaptureManagedLoginRule"}


@pytest.mark.parametrize("mode", ["OFF", "CAPTURE", "WARM_STANDBY"])
def test_events_flow_if_live_sync_says_so(mode: str) -> None:
    this = stack("primary", LiveSync=mode)
    rules = this.of_type("AWS::Events::Rule")
    assert rules.keys() == RULES
    assert {each["State"] for each in rules.values()} == {"DISABLED" if mode == "OFF" else "ENABLED"}
    mappings = [
        each
        for each in this.of_type("AWS::Lambda::EventSourceMapping").values()
        if each["FunctionName"] == "<CaptureChangesFunction>"
    ]
    assert {each["EventSourceArn"] for each in mappings} == {f"<{name}.Arn>" for name in QUEUES}
    for each in mappings:
        assert each["Enabled"] is (mode != "OFF")
        assert each["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert each["ScalingConfig"] == {"MaximumConcurrency": CONSUMERS}
        # Lambda wants a window for more than ten.
        assert each["BatchSize"] <= 10 or each["MaximumBatchingWindowInSeconds"] >= 1
    environment = this.resources["BeginExportFunction"]["Properties"]["Environment"]["Variables"]
    assert environment["LIVE_SYNC"] == mode


def test_live_sync_has_three_values_and_is_off_by_default() -> None:
    assert source()["Parameters"]["LiveSync"]["Default"] == "OFF"
    assert parameter_problem("LiveSync", "ON") is not None
    assert parameter_problem("CaptureQuotaShare", "0") is not None
    assert broken_rules("us-east-1", {"StackRole": "backup", "BackupRegion": "us-east-1"}) == []


def test_the_backup_stack_captures_nothing() -> None:
    this = stack("backup", LiveSync="CAPTURE")
    assert not this.of_type("AWS::Events::Rule")
    assert not this.of_type("AWS::SQS::Queue").keys() & {*QUEUES, *QUEUES.values()}
    assert not {"PostConfirmationFunction", "CaptureChangesFunction"} & this.resources.keys()


@pytest.mark.parametrize("name", QUEUES)
def test_a_capture_queue_gives_its_consumer_time_and_lets_go_of_poison(name: str) -> None:
    this = stack("primary")
    queue = this.resources[name]["Properties"]
    function = this.resources["CaptureChangesFunction"]["Properties"]
    assert queue["VisibilityTimeout"] >= 6 * function["Timeout"]
    assert function["Timeout"] > 2 * RESERVE_SECONDS
    assert queue["RedrivePolicy"]["deadLetterTargetArn"] == f"<{QUEUES[name]}.Arn>"
    assert this.resources[QUEUES[name]]["Properties"]["MessageRetentionPeriod"] == 14 * 24 * 3600
    rights = granted(role_statements(this)["CaptureChangesRole"])
    assert rights["sqs:ReceiveMessage"] == {f"<{each}.Arn>" for each in QUEUES}


def test_only_the_rules_may_send_to_the_queue_of_events() -> None:
    this = stack("primary")
    document = this.resources["CaptureQueuePolicy"]["Properties"]["PolicyDocument"]
    [allowed] = [each for each in statements(document) if each.effect == "Allow"]
    assert allowed.principal == {"Service": "events.amazonaws.com"}
    assert allowed.actions == ("sqs:SendMessage",)
    assert set(allowed.condition["ArnEquals"]["aws:SourceArn"]) == {f"<{name}.Arn>" for name in RULES}
    for rule in this.of_type("AWS::Events::Rule").values():
        [target] = rule["Targets"]
        assert target["Arn"] == "<CaptureQueue.Arn>"
        # The queue's policy is what lets EventBridge in; a role would break delivery to an encrypted queue.
        assert "RoleArn" not in target


def test_events_that_cannot_be_delivered_go_where_a_redrive_finds_them_and_raise_an_alarm() -> None:
    this = stack("primary")
    rules = this.of_type("AWS::Events::Rule")
    for rule in rules.values():
        [target] = rule["Targets"]
        assert target["DeadLetterConfig"] == {"Arn": "<CaptureDeadLetterQueue.Arn>"}
    document = this.resources["CaptureDeadLetterQueuePolicy"]["Properties"]["PolicyDocument"]
    [allowed] = [each for each in statements(document) if each.effect == "Allow"]
    assert allowed.principal == {"Service": "events.amazonaws.com"}
    assert allowed.actions == ("sqs:SendMessage",)
    assert allowed.resources == ("<CaptureDeadLetterQueue.Arn>",)
    assert set(allowed.condition["ArnEquals"]["aws:SourceArn"]) == {f"<{name}.Arn>" for name in rules}
    watched = {
        alarm["Dimensions"][0]["Value"]: alarm
        for alarm in this.of_type("AWS::CloudWatch::Alarm").values()
        if (alarm["Namespace"], alarm["MetricName"]) == ("AWS/Events", "FailedInvocations")
    }
    assert watched.keys() == {f"<{name}>" for name in rules}
    for alarm in watched.values():
        assert [each["Name"] for each in alarm["Dimensions"]] == ["RuleName"]
        assert (alarm["Statistic"], alarm["Threshold"]) == ("Sum", 0)
        assert alarm["TreatMissingData"] == "notBreaching"  # only sent if it is not zero


def test_the_rules_take_exactly_the_events_that_are_documented() -> None:
    page = (ROOT / "docs/live.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| (Capture\w*Rule) \| (.*) \|$", page, re.MULTILINE))
    rules = stack("primary").of_type("AWS::Events::Rule")
    assert rows.keys() == rules.keys()
    for name, rule in rules.items():
        detail_type, _, events = rows[name].partition(" | ")
        pattern = rule["EventPattern"]
        assert pattern["detail-type"] == [detail_type]
        if "eventName" in pattern["detail"]:
            listed = pattern["detail"]["eventName"]
            assert events.partition(";")[0].split(", ") == sorted(listed) == listed
    assert rules["CaptureChallengesRule"]["EventPattern"]["detail"]["requestParameters"] == {
        "challengeName": [re.findall(r"[A-Z_]{5,}", rows["CaptureChallengesRule"])[-1]]
    }
    assert rules["CaptureManagedLoginRule"]["EventPattern"]["detail"]["readOnly"] == [False]


def test_the_rule_takes_what_changes_users_and_groups_and_nothing_that_reads() -> None:
    pattern = stack("primary").resources["CaptureRule"]["Properties"]["EventPattern"]
    names = set(pattern["detail"]["eventName"])
    assert names >= GROUP_EVENTS | DELETIONS
    assert {"SignUp", "ConfirmSignUp", "AdminCreateUser", "AdminAddUserToGroup", "AdminEnableUser"} <= names
    assert not {
        name for name in names if name.startswith(("Get", "List", "Describe", "AdminGet", "AdminList"))
    }
    assert not {"InitiateAuth", "AdminInitiateAuth", "RespondToAuthChallenge"} & names
    sample = json.loads(Path(ROOT / "events/capture_changes.json").read_text("utf-8"))
    for record in sample["Records"]:
        body = json.loads(record["body"])
        assert "sub" in body or body["detail"]["eventName"] in names


def test_a_sign_up_waits_two_seconds_at_most_and_only_the_pool_may_call_its_trigger() -> None:
    this = stack("primary")
    function = this.resources["PostConfirmationFunction"]["Properties"]
    assert CAPTURE_SECONDS + SEND_SECONDS < 2 < function["Timeout"] <= 5
    permission = this.resources["PostConfirmationPermission"]["Properties"]
    assert permission == {
        "Action": "lambda:InvokeFunction",
        "FunctionName": "<PostConfirmationFunction.Arn>",
        "Principal": "cognito-idp.amazonaws.com",
        "SourceAccount": "111122223333",
        "SourceArn": "arn:aws:cognito-idp:us-east-1:111122223333:userpool/us-east-1_AbCdEf123",
    }


@pytest.mark.parametrize("name", ["PostConfirmation", "CaptureChanges", "SettleCaptures"])
def test_captures_reach_only_what_they_write(name: str) -> None:
    found = role_statements(stack("primary"))[f"{name}Role"]
    [table] = [each for each in found if "dynamodb:PutItem" in each.actions]
    keys = set(table.condition["ForAllValues:StringLike"]["dynamodb:LeadingKeys"])
    groups = {"GROUP"} if name == "PostConfirmation" else {"GROUP", "HISTORY#GROUP"}
    assert keys == {"CAPTURE#*", "USER#*", "HISTORY#USER#*"} | groups


def test_an_export_beside_captures_updates_nothing_but_its_ledger() -> None:
    rights = role_statements(stack("primary"))
    for name in ("ExportUsers", "ExportGroups", "ExportMemberships", "RetireItems"):
        [update] = [each for each in rights[f"{name}Role"] if "dynamodb:UpdateItem" in each.actions]
        assert update.condition == {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["EXPORT"]}}


def test_many_deletions_that_are_followed_raise_an_alarm() -> None:
    """Captures retire user by user, so no guard of an export sees them."""
    alarm = stack("primary", MaxDeletionsAnHour="7").of_type("AWS::CloudWatch::Alarm")["ManyDeletionsAlarm"]
    written = (ROOT / "layers/lifeboat/lifeboat/sync/capture/consumer.py").read_text("utf-8")
    assert f'"{alarm["MetricName"]}"' in written
    assert (alarm["Period"], alarm["EvaluationPeriods"], alarm["Statistic"]) == (3600, 1, "Sum")
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == ("7", "GreaterThanThreshold")
    dimensions = {each["Name"]: each["Value"] for each in alarm["Dimensions"]}
    assert dimensions == {"Stack": "lifeboat", "service": "lifeboat"}
    for role, most in (("primary", "0"), ("backup", "100")):
        assert "ManyDeletionsAlarm" not in stack(role, MaxDeletionsAnHour=most).resources
    assert parameter_problem("MaxDeletionsAnHour", "-1") is not None


def test_lost_late_and_failing_captures_raise_alarms() -> None:
    alarms = stack("primary").of_type("AWS::CloudWatch::Alarm")
    written = (ROOT / "layers/lifeboat/lifeboat/sync/capture/confirmation.py").read_text("utf-8")
    assert f'"{alarms["CaptureLostAlarm"]["MetricName"]}"' in written
    assert alarms["CaptureBehindAlarm"]["MetricName"] == "ApproximateAgeOfOldestMessage"
    errors = alarms["PostConfirmationFailsAlarm"]
    assert (errors["Namespace"], errors["MetricName"]) == ("AWS/Lambda", "Errors")
