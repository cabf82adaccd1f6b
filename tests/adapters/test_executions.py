"""What Step Functions knows of executions."""

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from lifeboat.aws.executions import Executions, execution_of
from lifeboat.errors import StoreUnavailable
from tests.adapters.pools import failing

DEFINITION = {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}


def test_an_execution_runs_until_it_is_stopped(aws: boto3.Session) -> None:
    client = aws.client("stepfunctions")
    machine = client.create_state_machine(
        name="export", definition=json.dumps(DEFINITION), roleArn="arn:aws:iam::123456789012:role/any"
    )["stateMachineArn"]
    execution = client.start_execution(stateMachineArn=machine, name="one")["executionArn"]
    assert Executions(client).running(execution)
    client.stop_execution(executionArn=execution)
    assert not Executions(client).running(execution)


def test_a_forgotten_execution_is_unknown(aws: boto3.Session) -> None:
    executions = Executions(aws.client("stepfunctions"))
    assert executions.running("arn:aws:states:eu-west-1:123456789012:execution:export:gone") is None


def test_not_knowing_is_not_the_same_as_not_running(aws: boto3.Session) -> None:
    client = aws.client("stepfunctions")
    lost = EndpointConnectionError(endpoint_url="https://states")
    with failing(client, "DescribeExecution", lost), pytest.raises(StoreUnavailable):
        Executions(client).running("arn:aws:states:eu-west-1:123456789012:execution:export:one")


def test_an_execution_is_started_once_by_its_name_and_stopped_once(aws: boto3.Session) -> None:
    client = aws.client("stepfunctions")
    machine = client.create_state_machine(
        name="import", definition=json.dumps(DEFINITION), roleArn="arn:aws:iam::123456789012:role/any"
    )["stateMachineArn"]
    executions, arn = Executions(client), execution_of(machine, "lifeboat-drill-1")
    for _ in range(2):
        executions.start(machine, "lifeboat-drill-1", {"Drill": "an id"})
    assert json.loads(client.describe_execution(executionArn=arn)["input"]) == {"Drill": "an id"}
    executions.stop(arn, "DrillEnded")
    assert executions.running(arn) is False


@pytest.mark.parametrize("code", ["ExecutionDoesNotExist", "ValidationException"])
def test_what_has_ended_or_never_was_need_not_be_stopped(aws: boto3.Session, code: str) -> None:
    client = aws.client("stepfunctions")
    refusal: Any = client.exceptions.from_code(code)
    with failing(client, "StopExecution", refusal({"Error": {"Code": code}}, "StopExecution")):
        Executions(client).stop("arn:aws:states:eu-west-1:123456789012:execution:import:gone", "DrillEnded")
    other = ClientError({"Error": {"Code": "AccessDeniedException"}}, "StopExecution")
    with failing(client, "StopExecution", other), pytest.raises(StoreUnavailable):
        Executions(client).stop("arn:aws:states:eu-west-1:123456789012:execution:import:one", "DrillEnded")
