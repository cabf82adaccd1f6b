"""The command line in this process, against moto: a stack that CloudFormation knows by its outputs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from cli.app import main
from lifeboat.model import moment_after, now
from tests.adapters.pools import SHARD
from tests.adapters.stack import Stack

NAME = "lifeboat"

READ_THROUGH = ("differences", "failures", "lookup", "outlook", "verification")
"""The modules of the command line that go through all shards: all made-up users lie in one."""


def ago(hours: float) -> str:
    """The instant so many hours ago: what is older than the history is kept is gone for a command."""
    return moment_after(now(), -3600 * hours)


def outputs(stack: Stack) -> dict[str, str]:
    """The outputs of the made-up stack, as template.yaml names them."""
    return {
        "StackRole": "primary",
        "BackupTableName": stack.table.name,
        "ReportsBucketName": stack.bucket.name,
        "NewUsersQueueUrl": stack.new_users.url,
        "NewUsersDeadLetterQueueUrl": stack.new_users_dead.url,
        "ApiUsersQueueUrl": stack.api_users.url,
        "ApiUsersDeadLetterQueueUrl": stack.api_users_dead.url,
        "UpdatesQueueUrl": stack.updates.url,
        "UpdatesDeadLetterQueueUrl": stack.updates_dead.url,
    }


def know(client: Any, found: Mapping[str, str], parameters: Mapping[str, str]) -> None:
    """Let CloudFormation know a stack of one topic, with these outputs and parameters."""
    template = {
        "Parameters": {name: {"Type": "String"} for name in parameters},
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {name: {"Value": value} for name, value in found.items()},
    }
    client.create_stack(
        StackName=NAME,
        TemplateBody=json.dumps(template),
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
    )


@dataclass
class Lifeboat:
    """`lifeboat`, typed in a shell."""

    aws: boto3.Session
    capsys: pytest.CaptureFixture[str]

    def text(self, *words: str) -> tuple[int, str]:
        """The exit status and everything printed."""
        region = () if "--region" in words else ("--region", str(self.aws.region_name))
        status = main([*words, *region, "--stack", NAME])
        printed = self.capsys.readouterr()
        assert "Traceback" not in printed.out + printed.err
        return status, printed.out + printed.err

    def json(self, *words: str) -> tuple[int, dict[str, Any]]:
        """The exit status and the document on standard output."""
        status = main([*words, "--json", "--region", str(self.aws.region_name), "--stack", NAME])
        document: dict[str, Any] = json.loads(self.capsys.readouterr().out)
        return status, document


def lifeboat_of(
    stack: Stack, aws: boto3.Session, capsys: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch
) -> Lifeboat:
    """The command line for a stack, without another one in the Region of the backup."""
    patch.setattr("cli.connection.boto3", SimpleNamespace(Session=lambda **_: aws))
    for module in READ_THROUGH:
        patch.setattr(f"cli.{module}.SHARDS", (SHARD,))
    know(aws.client("cloudformation"), outputs(stack), {"BackupRegion": "eu-central-1"})
    return Lifeboat(aws, capsys)
