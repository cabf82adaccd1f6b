"""Both stacks in moto, as far as the command line looks at them, and `lifeboat` in this process."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from cli.app import main
from cli.connection import Connection
from lifeboat.store.ledger import Ledger
from lifeboat.store.table import BackupTable

PRIMARY, BACKUP = "us-east-1", "eu-west-1"
TABLE = "backup"
ACCOUNT = "123456789012"
QUEUES = ("NewUsers", "NewUsersDeadLetter", "Updates", "UpdatesDeadLetter")
NOTHING = json.dumps({"StartAt": "End", "States": {"End": {"Type": "Succeed"}}})


@cache
def session() -> boto3.Session:
    """One session for all tests: reading the services' models is what takes long."""
    return boto3.Session(aws_access_key_id="a", aws_secret_access_key="b")


@dataclass
class CloudFormation:
    """Describes the stack of a Region; moto's own needs packages that nothing else does."""

    stack: dict[str, Any] | None

    def describe_stacks(self, **asked: str) -> Any:
        if self.stack is None or asked != {"StackName": "lifeboat"}:
            raise ClientError({"Error": {"Code": "ValidationError", "Message": "no stack"}}, "DescribeStacks")
        return {"Stacks": [self.stack]}


@dataclass
class Aws:
    """What moto holds, looked at from outside."""

    pool_id: str = ""
    queues: dict[tuple[str, str], str] = field(default_factory=dict)
    stacks: dict[str, dict[str, Any]] = field(default_factory=dict)

    def client(self, service: str, region: str) -> Any:
        return session().client(service, region_name=region)  # type: ignore[call-overload]

    def ledger(self, workflow: str, region: str) -> Ledger:
        return Ledger(BackupTable(session().resource("dynamodb", region_name=region), TABLE), workflow)

    def export(self, run_id: str, *regions: str, **more: Any) -> None:
        """Let a Region's replica hold a completed export."""
        started = run_id.rpartition("-")[0]
        arn = f"arn:aws:states:{PRIMARY}:{ACCOUNT}:execution:ExportWorkflow:{run_id[-8:]}"
        kinds = {kind: {"listed": 7, "added": 1} for kind in ("users", "groups", "memberships")}
        for region in regions or (PRIMARY, BACKUP):
            ledger = self.ledger("export", region)
            ledger.begin(run_id, arn, started, {"counts": kinds, **more})
            ledger.end(run_id, "COMPLETED", {}, keep=True)

    def deploy(self, role: str, region: str, **parameters: str) -> None:
        given = {
            "StackRole": role,
            "BackupRegion": BACKUP,
            "BackupTableName": TABLE,
            "UserPoolId": self.pool_id if role == "primary" else "",
            "ExportSchedule": "rate(1 day)",
            "MaxExportAgeHours": "30",
            "HistoryDays": "35",
            "LiveSync": "OFF",
            **parameters,
        }
        outputs = {"StackRole": role, "BackupTableName": TABLE, "ReportsBucketName": "reports"}
        for name in QUEUES:
            url = self.client("sqs", region).create_queue(QueueName=name)["QueueUrl"]
            outputs[f"{name}QueueUrl"] = self.queues[name, region] = url
        for name in ("Export", "Import") if role == "primary" else ("Import",):
            machine = self.client("stepfunctions", region).create_state_machine(
                name=f"{name}Workflow", definition=NOTHING, roleArn=f"arn:aws:iam::{ACCOUNT}:role/any"
            )
            outputs[f"{name}WorkflowArn"] = machine["stateMachineArn"]
        self.stacks[region] = {
            "StackName": "lifeboat",
            "Outputs": [{"OutputKey": name, "OutputValue": value} for name, value in outputs.items()],
            "Parameters": [{"ParameterKey": name, "ParameterValue": value} for name, value in given.items()],
        }
        self.client("dynamodb", region).create_table(
            TableName=TABLE,
            KeySchema=[
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            BillingMode="PAY_PER_REQUEST",
        )


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """An account with nothing of Lifeboat's in it, and nothing of the caller's AWS configuration."""
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/dev/null")
    monkeypatch.setattr("cli.connection.boto3", SimpleNamespace(Session=lambda profile_name: session()))
    with mock_aws():
        made, client = Aws(), Connection.client

        def with_stacks(self: Connection, service: str, region: str) -> Any:
            if service == "cloudformation":
                return CloudFormation(made.stacks.get(region))
            return client(self, service, region)

        monkeypatch.setattr(Connection, "client", with_stacks)
        yield made


@pytest.fixture
def aws(bare: Aws) -> Aws:
    """Both stacks."""
    pool = bare.client("cognito-idp", PRIMARY).create_user_pool(PoolName="people")
    bare.pool_id = pool["UserPool"]["Id"]
    bare.deploy("primary", PRIMARY)
    bare.deploy("backup", BACKUP)
    return bare


@dataclass
class Said:
    """What a command printed, and its exit status."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)

    @property
    def flat(self) -> str:
        """Standard output in one line."""
        return " ".join(self.out.split())


@pytest.fixture
def lifeboat(capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Runs a command with the options that name the stacks."""

    def run(*arguments: str, region: str = PRIMARY) -> Said:
        status = main([*arguments, "--stack", "lifeboat", *(("--region", region) if region else ())])
        written = capsys.readouterr()
        assert "Traceback" not in written.out + written.err
        return Said(status, written.out, written.err)

    return run
