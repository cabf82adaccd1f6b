"""What the product relies on in the embedded EventBridge Scheduler and CloudFormation."""

from typing import Any

from tests.local.standin_application import Standin
from tests.local.waiting import wait_for


def test_a_schedule_of_the_template_starts_the_state_machine_with_its_input(standin: Standin) -> None:
    workflow = standin.deployment.primary.outputs["WorkflowArn"]
    states = standin.client("stepfunctions")

    def started() -> Any:
        return states.list_executions(stateMachineArn=workflow)["executions"]

    arn = wait_for(started, "an execution started by the schedule")[0]["executionArn"]
    assert standin.ended(arn).output == "started by the schedule"


def test_the_schedule_retries_and_keeps_what_it_could_not_start(standin: Standin) -> None:
    scheduler = standin.client("scheduler")
    names = [schedule["Name"] for schedule in scheduler.list_schedules()["Schedules"]]
    schedule = scheduler.get_schedule(Name=names[0])
    assert schedule["Target"]["RetryPolicy"] == {"MaximumRetryAttempts": 3}
    assert schedule["Target"]["DeadLetterConfig"]["Arn"].startswith("arn:aws:sqs:us-east-1:")


def test_conditions_by_the_stack_role_choose_the_resources(standin: Standin) -> None:
    def types(region: str, stack: str) -> set[str]:
        pages = standin.client("cloudformation", region).get_paginator("list_stack_resources")
        resources = [
            found for page in pages.paginate(StackName=stack) for found in page["StackResourceSummaries"]
        ]
        return {resource["ResourceType"] for resource in resources}

    primary, backup = standin.deployment.primary, standin.deployment.backup
    only_primary = types(primary.region, primary.name) - types(backup.region, backup.name)
    assert only_primary >= {
        "AWS::DynamoDB::GlobalTable",
        "AWS::Scheduler::Schedule",
        "AWS::StepFunctions::StateMachine",
    }
    assert "WorkflowArn" not in backup.outputs


def test_the_alarm_exists(standin: Standin) -> None:
    name = f"{standin.deployment.primary.name}-DeadLettersAlarm"
    alarms = standin.client("cloudwatch").describe_alarms(AlarmNamePrefix=name)["MetricAlarms"]
    assert [alarm["MetricName"] for alarm in alarms] == ["ApproximateNumberOfMessagesVisible"]
