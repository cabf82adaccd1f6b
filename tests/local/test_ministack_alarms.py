"""Alarms on queues and state machines have the state that AWS would give them; quotas are listed."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from ministack.services import sqs, stepfunctions

from local.ministack_alarms import evaluate, patches
from local.ministack_quotas import handle_request

MOMENT = 1_800_000_000.0
MACHINE = "arn:aws:states:eu-west-1:000000000000:stateMachine:ExportWorkflow"


def alarm(**more: Any) -> dict[str, Any]:
    made = {
        "Namespace": "AWS/States",
        "MetricName": "ExecutionsFailed",
        "Dimensions": [{"Name": "StateMachineArn", "Value": MACHINE}],
        "Period": 300,
        "EvaluationPeriods": 1,
        "Threshold": 0.0,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
        "StateValue": "INSUFFICIENT_DATA",
    }
    return made | more


def overdue() -> dict[str, Any]:
    return alarm(
        MetricName="ExecutionsSucceeded",
        Period=3600,
        EvaluationPeriods=3,
        Threshold=1.0,
        ComparisonOperator="LessThanThreshold",
        TreatMissingData="breaching",
    )


def state_of(made: dict[str, Any]) -> str:
    evaluate(made, MOMENT)
    return str(made["StateValue"])


def ended(monkeypatch: pytest.MonkeyPatch, status: str, stop: str) -> None:
    execution = {"stateMachineArn": MACHINE, "status": status, "stopDate": stop}
    monkeypatch.setattr(stepfunctions, "_executions", {"one": execution})


def test_the_patch_fits() -> None:
    assert [patch.mismatch() for patch in patches] == [None]


@pytest.mark.parametrize(
    ("status", "stop", "failed", "late"),
    [
        ("FAILED", "2027-01-15T07:58:00.000Z", "ALARM", "ALARM"),
        ("FAILED", "2027-01-15T07:50:00.000Z", "OK", "ALARM"),
        ("SUCCEEDED", "2027-01-15T05:30:00.000Z", "OK", "OK"),
        ("SUCCEEDED", "2027-01-15T04:30:00.000Z", "OK", "ALARM"),
        ("RUNNING", "", "OK", "ALARM"),
    ],
)
def test_alarms_on_executions(
    monkeypatch: pytest.MonkeyPatch, status: str, stop: str, failed: str, late: str
) -> None:
    ended(monkeypatch, status, stop)

    assert state_of(alarm()) == failed
    assert state_of(overdue()) == late


@pytest.mark.parametrize(
    ("metric", "threshold", "state"),
    [
        ("ApproximateNumberOfMessagesVisible", 0.0, "ALARM"),
        ("ApproximateNumberOfMessagesVisible", 1.0, "OK"),
        ("ApproximateAgeOfOldestMessage", 50.0, "ALARM"),
        ("ApproximateAgeOfOldestMessage", 100.0, "OK"),
        ("NumberOfMessagesSent", 0.0, "INSUFFICIENT_DATA"),
    ],
)
def test_alarms_on_queues(monkeypatch: pytest.MonkeyPatch, metric: str, threshold: float, state: str) -> None:
    messages = [
        {"sent_at": MOMENT - 60, "visible_at": MOMENT - 60},
        {"sent_at": MOMENT - 10, "visible_at": MOMENT + 20},
    ]
    monkeypatch.setattr(sqs, "_queues", {"url": {"name": "dead", "messages": messages}})
    made = alarm(
        Namespace="AWS/SQS",
        MetricName=metric,
        Dimensions=[{"Name": "QueueName", "Value": "dead"}],
        Threshold=threshold,
        TreatMissingData="missing",
    )

    assert state_of(made) == state


def test_other_alarms_stay_as_they_are() -> None:
    assert state_of(alarm(Namespace="CognitoLifeboat")) == "INSUFFICIENT_DATA"


def asked(operation: str, **body: str) -> tuple[int, Any]:
    headers = {"x-amz-target": f"ServiceQuotasV20190624.{operation}"}
    answer = handle_request("POST", "/", headers, json.dumps(body).encode(), {})
    status, _, content = asyncio.run(answer)
    return status, json.loads(content)


def test_service_quotas_lists_those_of_cognito_only() -> None:
    status, content = asked("ListServiceQuotas", ServiceCode="cognito-idp")
    values = {quota["QuotaName"]: quota["Value"] for quota in content["Quotas"]}

    assert status == 200
    assert values["Rate of UserCreation requests"] == 50
    assert values["Rate of UserPoolResourceRead requests per user pool"] == 5
    assert values["Rate of UserPoolResourceRead requests per account"] == 20
    assert asked("ListServiceQuotas", ServiceCode="ec2")[0] == 400
    assert asked("RequestServiceQuotaIncrease")[0] == 400
