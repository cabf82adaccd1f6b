"""The stand-in application of `standin/` as deployed in the embedded AWS, and what tests do with it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.deployment import STATE_DIR, Deployment
from local.embedded import EmbeddedAws
from tests.local.waiting import wait_for

SOURCE = Path(__file__).with_name("standin")
BUILD = STATE_DIR / "standin"
"""Where it is built, once for all tests and workers."""
PRIMARY, BACKUP = "us-east-1", "eu-west-1"


@dataclass(frozen=True)
class Execution:
    """How an execution of a state machine ended."""

    arn: str
    status: str
    output: Any
    error: str | None
    cause: str | None


@dataclass(frozen=True)
class Standin:
    """The embedded AWS with the stand-in deployed in it."""

    aws: EmbeddedAws
    deployment: Deployment

    @property
    def probe(self) -> str:
        """The function that does what its event says."""
        return self.deployment.primary.outputs["ProbeFunctionArn"]

    @property
    def table(self) -> str:
        """The global table's name."""
        return self.deployment.primary.outputs["BackupTableName"]

    def client(self, service: str, region: str = PRIMARY) -> Any:
        """Return a boto3 client."""
        return self.aws.client(service, region)

    def invoke(self, event: dict[str, Any], region: str = PRIMARY) -> tuple[str | None, Any]:
        """Invoke the probe; return the FunctionError, if any, and the payload."""
        stack = self.deployment.primary if region == PRIMARY else self.deployment.backup
        answer = self.client("lambda", region).invoke(
            FunctionName=stack.outputs["ProbeFunctionArn"], Payload=json.dumps(event)
        )
        return answer.get("FunctionError"), json.loads(answer["Payload"].read())

    def counter(self, pk: str, sk: str, attribute: str) -> int:
        """Read a number from the table."""
        key = {"pk": {"S": pk}, "sk": {"S": sk}}
        item = (
            self.client("dynamodb")
            .get_item(TableName=self.table, Key=key, ConsistentRead=True)
            .get("Item", {})
        )
        return int(item.get(attribute, {"N": "0"})["N"])

    def start(self, name: str, definition: dict[str, Any], data: Any = None, execution: str = "") -> str:
        """Create a state machine and start it; return the execution's ARN."""
        states = self.client("stepfunctions")
        role = self.deployment.primary.outputs["WorkflowRoleArn"]
        machine = states.create_state_machine(name=name, definition=json.dumps(definition), roleArn=role)
        named = {"name": execution} if execution else {}
        started = states.start_execution(
            stateMachineArn=machine["stateMachineArn"], input=json.dumps(data or {}), **named
        )
        arn: str = started["executionArn"]
        return arn

    def ended(self, arn: str) -> Execution:
        """Wait for the end of an execution."""

        def look() -> Any:
            found = self.client("stepfunctions").describe_execution(executionArn=arn)
            return found if found["status"] != "RUNNING" else None

        found = wait_for(look, f"the end of {arn}")
        output = json.loads(found["output"]) if found.get("output") else None
        return Execution(arn, found["status"], output, found.get("error"), found.get("cause"))

    def run(self, name: str, definition: dict[str, Any], data: Any = None) -> Execution:
        """Run a state machine to its end."""
        return self.ended(self.start(name, definition, data))


def task(arn: str, **more: Any) -> dict[str, Any]:
    """Return a Task state that calls a function and ends."""
    return {
        "Type": "Task",
        "Resource": arn,
        "TimeoutSeconds": 20,
        **({} if "Next" in more else {"End": True}),
        **more,
    }


def machine(**states: dict[str, Any]) -> dict[str, Any]:
    """Return a state machine that starts at the first of its states."""
    return {"StartAt": next(iter(states)), "States": states}
