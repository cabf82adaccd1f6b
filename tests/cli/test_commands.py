"""The commands against AWS as moto has it: what they start, print and end with."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from cli.connection import Connection
from lifeboat.cognito.replicas import PoolReplicas
from lifeboat.model import instant
from tests.cli.conftest import ACCOUNT, BACKUP, PRIMARY, Aws, Said

Run = Callable[..., Said]
NEW_POOL = f"{BACKUP}_AbCdEf123"


def ago(**time: float) -> str:
    return f"{instant(datetime.now(UTC) - timedelta(**time))}-86b993c5"


def executions(aws: Aws, workflow: str, region: str) -> list[dict[str, Any]]:
    """What was started, with its input."""
    states = aws.client("stepfunctions", region)
    machine = f"arn:aws:states:{region}:{ACCOUNT}:stateMachine:{workflow}Workflow"
    started = states.list_executions(stateMachineArn=machine)["executions"]
    return [states.describe_execution(executionArn=each["executionArn"]) for each in started]


@pytest.fixture
def exported(aws: Aws) -> Aws:
    aws.export(ago(hours=3))
    return aws


# -- status -------------------------------------------------------------------------------------------


def test_status_is_green_with_a_young_export_in_both_regions(exported: Aws, lifeboat: Run) -> None:
    said = lifeboat("status")

    assert said.status == 0
    assert "GREEN" in said.out
    assert "3 h ago" in said.flat
    assert "7 users" in said.flat
    assert lifeboat("status", "--json", region=BACKUP).document["verdict"] == "green"


def test_status_is_red_with_its_reasons_and_exit_status_1(exported: Aws, lifeboat: Run) -> None:
    sqs, watch = exported.client("sqs", BACKUP), exported.client("cloudwatch", BACKUP)
    sqs.send_message(QueueUrl=exported.queues["UpdatesDeadLetter", BACKUP], MessageBody="{}")
    for name in ("lifeboat-ImportFailed", "lifeboat-two-ImportFailed"):
        watch.put_metric_alarm(
            AlarmName=name,
            AlarmDescription="An import failed.",
            MetricName="m",
            Namespace="n",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
        )
        watch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="test")

    said = lifeboat("status", "--json")

    assert said.status == 1
    assert said.document["verdict"] == "red"
    assert [alarm["name"] for alarm in said.document["alarms"]] == ["ImportFailed"]
    reasons = " ".join(reason["reason"] for reason in said.document["reasons"])
    assert "An import failed." in reasons
    assert "UpdatesDeadLetter in eu-west-1 holds 1" in reasons


def test_status_without_a_backup_says_how_to_make_one(aws: Aws, lifeboat: Run) -> None:
    said = lifeboat("status")

    assert said.status == 1
    assert "lifeboat export --wait" in said.flat


def test_status_works_from_the_backup_region_when_the_other_is_gone(
    exported: Aws, lifeboat: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose(monkeypatch, PRIMARY)

    said = lifeboat("status", region=BACKUP)
    document = lifeboat("status", "--json", region=BACKUP).document

    assert said.status == 0
    assert "AMBER" in said.out
    assert "primary Region does not answer" in said.flat
    assert document["regions"]["primary"]["answers"] is False
    assert document["last_good_export"]["counts"]["users"]["listed"] == 7


def lose(monkeypatch: pytest.MonkeyPatch, region: str) -> None:
    """Let no client of a Region get an answer."""
    made = Connection.client

    def client(self: Connection, service: str, where: str) -> Any:
        if where == region:
            raise EndpointConnectionError(endpoint_url=f"https://{service}.{where}.amazonaws.com")
        return made(self, service, where)

    monkeypatch.setattr(Connection, "client", client)


def test_a_table_that_does_not_answer_hides_nothing_else(exported: Aws, lifeboat: Run) -> None:
    exported.client("dynamodb", PRIMARY).delete_table(TableName="backup")

    said = lifeboat("status", "--json")

    assert said.document["verdict"] == "amber"
    assert any("backup table in us-east-1" in each for each in said.document["unread"])
    assert said.document["last_good_export"] is not None


def test_a_deleted_pool_is_red(exported: Aws, lifeboat: Run) -> None:
    exported.client("cognito-idp", PRIMARY).delete_user_pool(UserPoolId=exported.pool_id)

    said = lifeboat("status")

    assert said.status == 1
    assert f"there is no user pool {exported.pool_id} in us-east-1" in said.flat


# -- export, import, watch ------------------------------------------------------------------------------


def test_export_starts_the_workflow_of_the_primary_region(exported: Aws, lifeboat: Run) -> None:
    said = lifeboat("export", "--json", region=BACKUP)
    (started,) = executions(exported, "Export", PRIMARY)

    assert said.status == 0
    assert said.document["execution_arn"] == started["executionArn"]
    assert json.loads(started["input"]) == {}


def test_a_second_export_is_refused_while_one_runs(aws: Aws, lifeboat: Run) -> None:
    lifeboat("export", "--allow-mass-retirement", "--yes")
    said = lifeboat("export")
    (started,) = executions(aws, "Export", PRIMARY)

    assert said.status == 1
    assert "an export is running in us-east-1" in " ".join(said.err.split())
    assert "lifeboat watch" in said.err
    assert json.loads(started["input"]) == {"AllowMassRetirement": True}


def test_import_runs_in_the_region_of_its_pool_and_shows_what_it_restores(
    exported: Aws, lifeboat: Run
) -> None:
    said = lifeboat("import", "--pool", NEW_POOL, "--lane", "api", region="")
    (started,) = executions(exported, "Import", BACKUP)

    assert said.status == 0
    assert f"the empty pool {NEW_POOL}" in said.flat
    assert "7 users, 7 groups, 7 memberships" in said.flat
    assert "(3 h ago)" in said.flat
    assert json.loads(started["input"]) == {"NewUserPoolId": NEW_POOL, "UserLane": "api"}


def test_a_pool_is_created_in_the_backup_region_unless_another_is_named(exported: Aws, lifeboat: Run) -> None:
    asked = ("import", "--create-pool", "people", "--yes")

    assert lifeboat(*asked, "--json", region=BACKUP).document["region"] == BACKUP
    assert lifeboat(*asked, "--json", region=PRIMARY).document["region"] == PRIMARY


def test_import_refuses_what_cannot_be_before_it_starts_anything(exported: Aws, lifeboat: Run) -> None:
    for arguments, says in (
        (("import",), "--pool: missing"),
        (("import", "--pool", NEW_POOL, "--lane", "fast"), "--lane: expected"),
        (("import", "--resume", ago(hours=1)), "--resume: there is no import"),
        (("import", "--create-pool", "p", "--as-of", "2026-01-01T00:00:00Z"), "--as-of: lies before"),
        (("import", "--pool", NEW_POOL), "the pool is in eu-west-1, but --region says us-east-1"),
        (("import", "--no-such-option"), "No such option"),
    ):
        said = lifeboat(*arguments)
        assert said.status == 2, arguments
        assert says in " ".join(said.err.replace("│", " ").split())
    assert executions(exported, "Import", BACKUP) == executions(exported, "Import", PRIMARY) == []


def test_import_without_a_backup_is_a_problem(aws: Aws, lifeboat: Run) -> None:
    said = lifeboat("import", "--create-pool", "people", "--json")

    assert said.status == 1
    assert said.document["error"] == "the backup holds no completed export, so there is nothing to restore"


def test_import_asks_at_a_terminal(exported: Aws, lifeboat: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.confirm", lambda question, err: False)

    said = lifeboat("import", "--pool", NEW_POOL, region=BACKUP)

    assert said.status == 1
    assert "Nothing was started" in said.out
    assert executions(exported, "Import", BACKUP) == []


def resumable(aws: Aws, status: str, **more: Any) -> tuple[str, str]:
    """An import that ran in the backup Region, by its id and its execution."""
    states = aws.client("stepfunctions", BACKUP)
    arn = states.start_execution(
        stateMachineArn=f"arn:aws:states:{BACKUP}:{ACCOUNT}:stateMachine:ImportWorkflow",
        name="first",
        input="{}",
    )["executionArn"]
    states.stop_execution(executionArn=arn)
    run_id, ledger = ago(hours=1), aws.ledger("import", BACKUP)
    started = run_id.rpartition("-")[0]
    ledger.begin(run_id, arn, started, {"user_pool_id": NEW_POOL, "users": 7, **more})
    if status != "RUNNING":
        ledger.end(run_id, status, {}, "of 7 users 1 failed")
    return run_id, arn


def test_import_goes_on_with_an_earlier_one_where_that_ran(exported: Aws, lifeboat: Run) -> None:
    run_id, _ = resumable(exported, "INCOMPLETE")

    said = lifeboat("import", "--resume", run_id)

    assert said.status == 0
    assert f"the pool {NEW_POOL}" in said.flat
    assert "which ended as INCOMPLETE" in said.flat
    assert {"Resume": run_id} in [
        json.loads(each["input"]) for each in executions(exported, "Import", BACKUP)
    ]


def test_watch_tells_how_a_run_ended_by_id_name_and_arn(exported: Aws, lifeboat: Run) -> None:
    run_id, arn = resumable(exported, "RUNNING")

    for named in ((run_id,), (arn,), ("first",), ()):
        said = lifeboat("watch", *named, "--json")
        assert said.status == 1
        assert said.document["status"] == "ABORTED"
        assert said.document["run_id"] == run_id
        assert said.document["next"] == [
            f"what was restored stays. Go on: `lifeboat import --resume {run_id} --wait`."
        ]
    missing = lifeboat("watch", "no-such-run")
    assert missing.status == 1
    assert "there is no run no-such-run" in " ".join(missing.err.split())


def test_watch_says_that_nothing_has_run(aws: Aws, lifeboat: Run) -> None:
    said = lifeboat("watch")

    assert said.status == 1
    assert "nothing has run yet" in said.err


# -- config ---------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def not_replicated(monkeypatch: pytest.MonkeyPatch) -> None:
    """moto knows no replicas."""
    monkeypatch.setattr(PoolReplicas, "all", lambda _: [])


def test_config_shows_parameters_quotas_and_eligibility(aws: Aws, lifeboat: Run) -> None:
    said = lifeboat("config")

    assert said.status == 0
    for expected in (
        "ExportSchedule",
        "rate(1 day)",
        "UserCreation",
        "could not be read",
        "not eligible as it is",
    ):
        assert expected in said.flat
    document = lifeboat("config", "--json").document
    assert document["parameters"]["HistoryDays"] == {"primary": "35", "backup": "35"}
    assert document["quotas"][PRIMARY]["quotas"][0]["account"] is None


def test_config_names_what_contradicts(bare: Aws, lifeboat: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    pool = bare.client("cognito-idp", PRIMARY).create_user_pool(PoolName="people")
    bare.pool_id = pool["UserPool"]["Id"]
    bare.deploy("primary", PRIMARY, LiveSync="CAPTURE", UserCreationQuota="80")
    bare.deploy("backup", BACKUP)
    monkeypatch.setattr(
        "cli.deployment.quotas.granted_quotas", lambda _: {"Rate of UserCreation requests": 60.0}
    )
    monkeypatch.setattr("cli.deployment.quotas.enforced", lambda *_: 50.0)

    said = lifeboat("config")

    assert said.status == 1
    assert "LiveSync is CAPTURE in the primary and OFF in the backup stack" in said.flat
    assert "the account has 50: runs would be throttled; set" in said.flat


# -- what goes wrong ----------------------------------------------------------------------------------


def test_without_a_stack_every_command_says_what_to_do(bare: Aws, lifeboat: Run) -> None:
    for command in ("status", "export", "watch", "config"):
        said = lifeboat(command)
        assert said.status == 1
        assert "there is no stack lifeboat in us-east-1" in said.err
        assert "--stack" in said.err


def test_without_a_region_the_command_line_is_wrong(bare: Aws, lifeboat: Run) -> None:
    said = lifeboat("status", region="")

    assert said.status == 2
    assert "--region" in said.err


def test_a_lost_region_is_named_with_the_way_out(
    aws: Aws, lifeboat: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose(monkeypatch, PRIMARY)

    said = lifeboat("status")

    assert said.status == 1
    assert "AWS does not answer" in said.err
    assert "--region" in said.err


def test_an_unknown_error_shows_no_trace(aws: Aws, lifeboat: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("cli.commands.status.look_around", fail)

    said = lifeboat("status", "--json")

    assert said.status == 1
    assert "ZeroDivisionError" in said.document["error"]


def test_the_examples_of_the_help_are_well_formed(lifeboat: Run, tmp_path: Path) -> None:
    for command in ("status", "export", "import", "watch", "config"):
        said = lifeboat(command, "--help")
        assert said.status == 0
        assert f"Example: lifeboat {command}" in said.flat
