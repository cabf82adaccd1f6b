"""The state machines get the functions they name, may invoke exactly those, and start as they should."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.template.policies import granted, role_statements
from tests.template.reading import ROOT, resources_of_type, stack

WORKFLOWS = {
    name: each["Properties"] for name, each in resources_of_type("AWS::Serverless::StateMachine").items()
}
NAMES = {
    "BucketName",
    "FunctionName",
    "GroupName",
    "LayerName",
    "LogGroupName",
    "Name",
    "PolicyName",
    "QueueName",
}
NAMES |= {"RoleName", "StateMachineName", "TopicName", "AlarmName", "DashboardName"}


@pytest.mark.parametrize("name", WORKFLOWS)
def test_every_placeholder_is_given_and_every_gift_is_used(name: str) -> None:
    definition = (ROOT / WORKFLOWS[name]["DefinitionUri"]).read_text("utf-8")
    assert set(re.findall(r"\$\{(\w+)\}", definition)) == WORKFLOWS[name]["DefinitionSubstitutions"].keys()


def test_every_definition_is_used() -> None:
    files = {f"statemachines/{each.name}" for each in (ROOT / "statemachines").iterdir()}
    assert files == {each["DefinitionUri"] for each in WORKFLOWS.values()}


@pytest.mark.parametrize("name", WORKFLOWS)
def test_workflow_may_invoke_exactly_its_functions(name: str) -> None:
    given: dict[str, Any] = stack("primary").resources[name]["Properties"]["DefinitionSubstitutions"]
    for placeholder, arn in given.items():
        assert arn == f"<{placeholder.removesuffix('Arn')}.Arn>"
    role = stack("primary").resources[name]["Properties"]["RoleArn"].strip("<>").removesuffix(".Arn")
    rights = granted(role_statements(stack("primary"))[role])
    # The workflow only tells which functions a pool is to call, and what a drill is to start.
    called_by_others = {
        "<DrillImportWorkflow.Arn>",
        "<MigrateUserFunction.Arn>",
        "<RestoreFederatedGroupsFunction.Arn>",
    }
    assert rights["lambda:InvokeFunction"] == set(given.values()) - called_by_others


@pytest.mark.parametrize("name", WORKFLOWS)
def test_workflow_is_traced_and_logs_errors_without_data(name: str) -> None:
    this = stack("primary")
    workflow = this.resources[name]["Properties"]
    assert workflow["TracingConfiguration"] == {"Enabled": True}
    assert workflow["LoggingConfiguration"]["Level"] == "ERROR"
    assert workflow["LoggingConfiguration"]["IncludeExecutionData"] is False
    [destination] = workflow["LoggingConfiguration"]["Destinations"]
    group = destination["CloudWatchLogsLogGroup"]["LogGroupArn"].removeprefix("<").removesuffix(".Arn>")
    assert this.resources[group]["Properties"]["LogGroupName"].startswith("/aws/vendedlogs/states/lifeboat-")


def test_functions_find_running_executions_by_the_workflows_names() -> None:
    this = stack("primary")
    for begin, workflow in (("BeginExportRole", "ExportWorkflow"), ("BeginImportRole", "ImportWorkflow")):
        name = this.resources[workflow]["Properties"]["StateMachineName"]
        rights = granted(role_statements(this)[begin])
        assert rights["states:DescribeExecution"] == {
            f"arn:aws:states:us-east-1:111122223333:execution:{name}:*"
        }


def test_scheduler_starts_the_export_and_keeps_what_it_could_not_start() -> None:
    this = stack("primary", ExportSchedule="cron(0 3 * * ? *)")
    [schedule] = [
        each
        for each in this.of_type("AWS::Scheduler::Schedule").values()
        if each["Target"]["Arn"] == "<ExportWorkflow>"
    ]
    assert schedule["ScheduleExpression"] == "cron(0 3 * * ? *)"
    assert schedule["FlexibleTimeWindow"] == {"Mode": "OFF"}
    target = schedule["Target"]
    assert target["Arn"] == "<ExportWorkflow>"
    assert target["Input"] == "{}"
    assert target["RetryPolicy"]["MaximumRetryAttempts"] > 0
    assert target["DeadLetterConfig"] == {"Arn": "<ScheduleDeadLetterQueue.Arn>"}
    assert target["RoleArn"] == "<ExportScheduleRole.Arn>"
    assert granted(role_statements(this)["ExportScheduleRole"]) == {
        "states:StartExecution": {"<ExportWorkflow>"},
        "sqs:SendMessage": {"<ScheduleDeadLetterQueue.Arn>"},
    }
    backup = stack("backup").of_type("AWS::Scheduler::Schedule").values()
    assert not [each for each in backup if "ExportWorkflow" in each["Target"]["Arn"]]


def test_stacks_stand_side_by_side() -> None:
    """Two stacks with tables of their own share no physical name."""
    one = stack("primary", "one")
    two = stack("primary", "two", BackupTableName="another-table")

    def physical_names(each: dict[str, Any]) -> set[str]:
        inline = ("AWS::IAM::Policy",)  # its name counts within a role only
        return {
            str(resource["Properties"][key])
            for resource in each.values()
            if resource["Type"] not in inline
            for key in NAMES & resource.get("Properties", {}).keys()
        }

    names = physical_names(one.resources)
    references = {each for each in names if each.startswith("<")}
    assert len(names - references) >= 10
    assert not (names - references) & physical_names(two.resources)
    assert all("one" in each for each in names - references)


def test_outputs_of_each_role() -> None:
    both = {
        "ApiUsersDeadLetterQueueUrl",
        "ApiUsersQueueUrl",
        "BackupTableName",
        "DashboardName",
        "DrillWorkflowArn",
        "ImportLogGroupName",
        "ImportWorkflowArn",
        "MigrateUserFunctionArn",
        "NewUsersDeadLetterQueueUrl",
        "NewUsersQueueUrl",
        "NotificationTopicArn",
        "ReportsBucketName",
        "RestoreFederatedGroupsFunctionArn",
        "StackRole",
        "UpdatesDeadLetterQueueUrl",
        "UpdatesQueueUrl",
    }
    assert stack("backup").outputs.keys() == both
    assert stack("primary").outputs.keys() == both | {
        "CaptureDeadLetterQueueUrl",
        "CaptureQueueUrl",
        "CaptureRetryDeadLetterQueueUrl",
        "CaptureRetryQueueUrl",
        "ExportLogGroupName",
        "ExportWorkflowArn",
        "PostConfirmationFunctionArn",
        "ScheduleDeadLetterQueueUrl",
    }
