"""Start a workflow from outside and follow it, as an operator would: by Step Functions and the ledger."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from boto3.dynamodb.types import TypeDeserializer

from local.embedded import EmbeddedAws

LOOK_SECONDS: Final = 0.5
"""Seconds between two looks at a running execution."""

LEDGERS: Final = ("EXPORT", "IMPORT")


class WorkflowFailedError(Exception):
    """An execution ended otherwise than SUCCEEDED; the message is its error and cause."""


@dataclass(frozen=True, slots=True)
class Run:
    """A finished execution: its status, error and cause, its ledger entry, and the seconds it took."""

    status: str
    failure: str
    ledger: Mapping[str, Any]
    seconds: float

    def succeeded(self) -> "Run":
        """Return the run. Raises WorkflowFailedError if it did not succeed."""
        if self.status != "SUCCEEDED":
            raise WorkflowFailedError(f"the execution ended as {self.status}: {self.failure}")
        return self


@dataclass(frozen=True, slots=True)
class Workflow:
    """One state machine of a stack. `ledger` is the partition of its ledger: EXPORT or IMPORT."""

    embedded: EmbeddedAws
    region: str
    state_machine_arn: str
    table_name: str
    ledger: str

    def run(
        self, given: Mapping[str, Any], look: Callable[[Mapping[str, Any]], object] = lambda entry: None
    ) -> Run:
        """Start an execution and wait until it ends; `look` sees the ledger entry meanwhile, {} at first."""
        states = self.embedded.client("stepfunctions", self.region)
        arn = states.start_execution(stateMachineArn=self.state_machine_arn, input=json.dumps(given))[
            "executionArn"
        ]
        while (execution := states.describe_execution(executionArn=arn))["status"] == "RUNNING":
            look(self.entry_of(arn))
            time.sleep(LOOK_SECONDS)
        entry = self.entry_of(arn)
        look(entry)
        failure = f"{execution.get('error', '')}: {execution.get('cause', '')}"
        seconds = (execution["stopDate"] - execution["startDate"]).total_seconds()
        return Run(execution["status"], failure, entry, seconds)

    def entry_of(self, execution_arn: str) -> dict[str, Any]:
        """Return the ledger entry of an execution, or an empty one while there is none."""
        entries = self.entries()
        return next((entry for entry in entries if entry.get("execution_arn") == execution_arn), {})

    def entries(self) -> list[dict[str, Any]]:
        """Return all entries of the ledger, LATEST aside, in the order of their beginning."""
        pages = (
            self.embedded.client("dynamodb", self.region)
            .get_paginator("query")
            .paginate(
                TableName=self.table_name,
                KeyConditionExpression="pk = :ledger",
                ExpressionAttributeValues={":ledger": {"S": self.ledger}},
                ConsistentRead=True,
            )
        )
        read = TypeDeserializer().deserialize
        items = [
            {name: read(value) for name, value in item.items()} for page in pages for item in page["Items"]
        ]
        return [item for item in items if item["sk"] != "LATEST"]
