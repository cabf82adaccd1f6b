"""The first deployment, guided: what is checked, what is written, and what never is without being asked."""

from __future__ import annotations

import json
import shutil
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import boto3
import pytest
import typer
from botocore.exceptions import ClientError
from moto import mock_aws

from cli.app import main
from cli.connection import Connection
from cli.deployment.first import Plan
from cli.deployment.samconfig import Wanted, edited, parameters_of
from cli.deployment.template_parameters import check
from cli.problems import Problem, WrongUse
from tests.cli.documented import ROOT
from tests.template.reading import source

PRIMARY, BACKUP = "us-east-1", "eu-west-1"


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The repository's samconfig.toml, in the folder at hand."""
    shutil.copy(ROOT / "samconfig.toml", tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "samconfig.toml"


@pytest.fixture
def pool_id(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A pool in an account of moto's."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "testing")
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        cognito = boto3.client("cognito-idp", PRIMARY)
        made = cognito.create_user_pool(PoolName="people", AutoVerifiedAttributes=["email"])
        yield str(made["UserPool"]["Id"])


@dataclass
class Stacks:
    """CloudFormation, as far as it is asked: the stacks of each Region with their outputs."""

    region: str
    outputs: ClassVar[dict[tuple[str, str], dict[str, str]]] = {}

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803
        if (self.region, StackName) not in self.outputs:
            error = {"Error": {"Code": "ValidationError", "Message": "no such stack"}}
            raise ClientError(error, "DescribeStacks")  # type: ignore[arg-type]
        found = self.outputs[self.region, StackName]
        return {"Stacks": [{"Outputs": [{"OutputKey": a, "OutputValue": b} for a, b in found.items()]}]}


@pytest.fixture(autouse=True)
def stacks(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, str], dict[str, str]]:
    """The stacks there are, by Region and name."""
    made: dict[tuple[str, str], dict[str, str]] = {}
    monkeypatch.setattr(Stacks, "outputs", made)
    client = Connection.client
    monkeypatch.setattr(
        Connection,
        "client",
        lambda self, service, region: (
            Stacks(region) if service == "cloudformation" else client(self, service, region)
        ),
    )
    return made


def options(pool_id: str, *more: str) -> list[str]:
    return ["init", "--region", PRIMARY, "--pool", pool_id, "--backup-region", BACKUP, *more]


def overrides(config: Path, environment: str) -> dict[str, str]:
    deployed = tomllib.loads(config.read_text())[environment]["deploy"]["parameters"]
    return dict(each.split("=", 1) for each in deployed["parameter_overrides"])


def parsed(text: str) -> dict[str, Any]:
    return dict(json.loads(text))


def test_it_writes_both_stacks_and_prints_the_commands(
    config: Path, pool_id: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = config.read_text()
    given = ("--schedule", "rate(6 hours)", "--email", "oncall@example.com", "--table", "people-backup")
    assert main(options(pool_id, *given, "--stack", "people", "--yes")) == 0
    out = capsys.readouterr().out
    for line in ("sam build", "sam deploy --config-env primary", "sam deploy --config-env backup"):
        assert f"  {line}\n" in out
    assert "lifeboat status --region us-east-1 --stack people" in out
    assert "a restore" in out
    primary, backup = overrides(config, "primary"), overrides(config, "backup")
    assert primary["UserPoolId"] == pool_id
    assert "UserPoolId" not in backup
    for both in (primary, backup):
        assert both["BackupRegion"] == BACKUP
        assert both["BackupTableName"] == "people-backup"
        assert both["ExportSchedule"] == "rate(6 hours)"
        assert both["NotificationEmail"] == "oncall@example.com"
    document = tomllib.loads(config.read_text())
    assert document["primary"]["deploy"]["parameters"]["stack_name"] == "people"
    assert document["backup"]["deploy"]["parameters"]["region"] == BACKUP
    # What is not its business stays, comments with it.
    assert before[before.index("# --- The embedded AWS") :] in config.read_text()
    assert "# the pool to back up" in config.read_text()


def test_the_second_time_there_is_nothing_to_write(
    config: Path, pool_id: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(options(pool_id, "--yes")) == 0
    written = config.read_text()
    assert main(options(pool_id)) == 0
    assert config.read_text() == written
    assert "says all this already" in capsys.readouterr().out


def test_what_somebody_has_set_stays_unless_it_is_given(config: Path, pool_id: str) -> None:
    assert main(options(pool_id, "--schedule", "rate(2 hours)", "--email", "a@example.com", "--yes")) == 0
    assert main(options(pool_id, "--yes")) == 0
    assert overrides(config, "primary")["ExportSchedule"] == "rate(2 hours)"
    assert overrides(config, "primary")["NotificationEmail"] == "a@example.com"


def test_without_yes_and_without_a_terminal_nothing_is_written(
    config: Path, pool_id: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = config.read_text()
    assert main(options(pool_id, "--json")) == 1
    document = parsed(capsys.readouterr().out)
    assert config.read_text() == before
    assert not document["written"]
    assert f'+  "UserPoolId={pool_id}"' in document["diff"]
    assert document["cost"]["monthly_dollars_total"] > 0
    assert {each["state"] for each in document["checks"]} <= {"ok", "note"}


def test_a_person_is_asked_for_what_is_missing_and_before_writing(
    config: Path, pool_id: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    answers = iter([pool_id, BACKUP, "people-backup", "rate(1 day)", "", "OFF"])
    asked: list[str] = []

    def answer(question: str, **_: object) -> str:
        asked.append(question)
        return next(answers)

    monkeypatch.setattr(typer, "prompt", answer)
    monkeypatch.setattr(typer, "confirm", lambda *_, **__: False)
    before = config.read_text()
    assert main(["init", "--region", PRIMARY]) == 1
    out = capsys.readouterr().out
    assert pool_id in out.partition("Backup of")[0]
    assert len(asked) == 6
    assert config.read_text() == before

    answers = iter([pool_id, BACKUP, "people-backup", "rate(1 day)", "", "OFF"])
    monkeypatch.setattr(typer, "confirm", lambda *_, **__: True)
    assert main(["init", "--region", PRIMARY]) == 0
    assert overrides(config, "primary")["UserPoolId"] == pool_id


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--pool", "us-east-1_Missing00"], "there is no user pool"),
        (["--live-sync", "CAPTURE"], "no trail is logging"),
        (["--table", "taken"], "belongs to neither stack"),
        (["--stack", "other"], "another application's"),
        (["--stack", "turned"], "is a primary stack"),
    ],
)
def test_what_is_in_the_way_is_named_and_nothing_is_written(
    config: Path,
    pool_id: str,
    stacks: dict[tuple[str, str], dict[str, str]],
    capsys: pytest.CaptureFixture[str],
    more: list[str],
    words: str,
) -> None:
    boto3.client("dynamodb", BACKUP).create_table(
        TableName="taken",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    stacks[BACKUP, "other"] = {}
    stacks[BACKUP, "turned"] = {"StackRole": "primary"}
    before = config.read_text()
    assert main([*options(pool_id), *more, "--yes"]) == 1
    assert words in " ".join(capsys.readouterr().out.split())
    assert config.read_text() == before


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--backup-region", PRIMARY], "the backup Region is the pool's own"),
        (["--backup-region", "Ireland"], "BackupRegion must be a Region"),
        (["--region", "us-west-2"], "is not in us-west-2"),
        (["--schedule", "daily"], "ExportSchedule must be"),
        (["--live-sync", "ON"], "LiveSync must be"),
        (["--email", "nobody"], "NotificationEmail must be"),
    ],
)
def test_values_that_the_template_would_refuse_are_wrong_use(
    config: Path, pool_id: str, capsys: pytest.CaptureFixture[str], more: list[str], words: str
) -> None:
    before = config.read_text()
    assert main([*options(pool_id), *more, "--yes"]) == 2
    assert words in " ".join(capsys.readouterr().err.split())
    assert config.read_text() == before


def test_what_is_missing_is_named_where_nobody_can_be_asked(
    config: Path, pool_id: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", "--region", PRIMARY]) == 2
    said = capsys.readouterr()
    assert "--pool" in said.err
    assert pool_id in said.out  # which there are to choose from
    assert main(["init", "--region", PRIMARY, "--pool", pool_id]) == 2
    assert config.exists()


def test_stacks_that_are_there_are_updated_and_own_their_table(
    config: Path,
    pool_id: str,
    stacks: dict[tuple[str, str], dict[str, str]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    for region, role in ((PRIMARY, "primary"), (BACKUP, "backup")):
        stacks[region, "cognito-lifeboat"] = {"StackRole": role, "BackupTableName": "cognito-lifeboat"}
        boto3.client("dynamodb", region).create_table(
            TableName="cognito-lifeboat",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
    assert main(options(pool_id, "--yes")) == 0
    assert capsys.readouterr().out.count("will be updated") == 2
    assert overrides(config, "primary")["UserPoolId"] == pool_id


def test_another_file_is_named_in_the_commands(
    config: Path, pool_id: str, capsys: pytest.CaptureFixture[str]
) -> None:
    other = config.with_name("samconfig-back.toml")
    shutil.copy(config, other)
    assert main(options(pool_id, "--config", str(other), "--yes")) == 0
    assert "sam deploy --config-file samconfig-back.toml --config-env backup" in capsys.readouterr().out
    assert main(options(pool_id, "--config", "missing.toml", "--yes")) == 1


def test_environments_that_are_missing_are_made(tmp_path: Path) -> None:
    path = tmp_path / "samconfig.toml"
    path.write_text("version = 0.1\n")
    wanted = Wanted("primary", "people", PRIMARY, {"StackRole": "primary"})
    file = edited(path, (wanted,))
    file.write()
    deployed = tomllib.loads(path.read_text())["primary"]["deploy"]["parameters"]
    assert deployed["parameter_overrides"] == ["StackRole=primary"]
    assert deployed["capabilities"] == "CAPABILITY_IAM"
    assert not edited(path, (wanted,)).changed
    path.write_text("changed = 1\n")
    with pytest.raises(Problem, match="changed meanwhile"):
        file.write()
    path.write_text("primary = 1\n")
    with pytest.raises(Problem, match="that can be read"):
        edited(path, (wanted,))
    with pytest.raises(Problem, match="that can be read"):
        parameters_of(path, "primary")
    assert parameters_of(path, "backup") == {}


def test_every_parameter_that_is_written_is_one_of_the_template() -> None:
    plan = Plan(f"{PRIMARY}_AbCdEf123", PRIMARY, BACKUP, "people", "people", email="a@example.com")
    for stack in plan.stacks():
        assert stack.parameters.keys() <= source()["Parameters"].keys()
    assert plan.exports_per_day() == 1
    with pytest.raises(WrongUse, match="must be primary or backup"):
        check("StackRole", "both")
