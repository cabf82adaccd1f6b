"""The command line in this process, against moto: CloudFormation, which moto lacks here, is made up."""

from __future__ import annotations

import json
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from cli.app import main
from cli.connection import Connection, Role
from cli.connection import Stack as Deployed
from lifeboat.model import moment_after, now
from tests.adapters.pools import SHARD
from tests.adapters.stack import Stack

NAME = "lifeboat"

READ_THROUGH = (
    "history.differences",
    "history.lookup",
    "history.verification",
    "imports.failures",
    "imports.outlook",
)
"""The modules of the command line that go through all shards: all made-up users lie in one."""


def ago(hours: float) -> str:
    """The instant so many hours ago: what is older than the history is kept is gone for a command."""
    return moment_after(now(), -3600 * hours)


def outputs(stack: Stack) -> dict[str, str]:
    """The outputs of the made-up stack, as template.yaml names them."""
    return {
        "BackupTableName": stack.table.name,
        "ReportsBucketName": stack.bucket.name,
        "NewUsersQueueUrl": stack.new_users.url,
        "NewUsersDeadLetterQueueUrl": stack.new_users_dead.url,
        "ApiUsersQueueUrl": stack.api_users.url,
        "ApiUsersDeadLetterQueueUrl": stack.api_users_dead.url,
        "UpdatesQueueUrl": stack.updates.url,
        "UpdatesDeadLetterQueueUrl": stack.updates_dead.url,
    }


@dataclass
class Lifeboat:
    """`lifeboat`, typed in a shell."""

    aws: boto3.Session
    capsys: pytest.CaptureFixture[str]
    stacks: dict[str, Deployed]

    def deploy(self, region: str, role: Role, found: dict[str, str], **parameters: str) -> None:
        """Let a Region have a stack with these outputs."""
        self.stacks[region] = Deployed(NAME, region, role, found, parameters)

    def text(self, *words: str) -> tuple[int, str]:
        """The exit status and everything printed."""
        status = self._run(*words)
        printed = self.capsys.readouterr()
        assert "Traceback" not in printed.out + printed.err
        return status, printed.out + printed.err

    def json(self, *words: str) -> tuple[int, dict[str, Any]]:
        """The exit status and the document on standard output."""
        status = self._run(*words, "--json")
        document: dict[str, Any] = json.loads(self.capsys.readouterr().out)
        return status, document

    def _run(self, *words: str) -> int:
        self.capsys.readouterr()  # the metrics of what was run before
        return main([*words, "--region", str(self.aws.region_name), "--stack", NAME])


def lifeboat_of(
    stack: Stack, aws: boto3.Session, capsys: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch
) -> Lifeboat:
    """The command line for a stack, without another one in the Region of the backup."""
    made = Lifeboat(aws, capsys, {})
    patch.setattr("cli.connection.boto3", SimpleNamespace(Session=lambda **_: aws))
    patch.setattr(Connection, "_described", lambda _, region: made.stacks.get(region))
    for module in READ_THROUGH:
        patch.setattr(f"cli.{module}.SHARDS", (SHARD,))
    made.deploy(str(aws.region_name), "primary", outputs(stack), BackupRegion="eu-central-1")
    return made
