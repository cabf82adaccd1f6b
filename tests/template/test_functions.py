"""Every function of the template is there, whole, and set up like the others."""

from __future__ import annotations

import ast
import re
from typing import Any

import pytest

from lifeboat.restore.csv_lane.chunk import hidden_for
from lifeboat.restore.on_demand import federated, migration
from lifeboat.restore.on_demand.federated import RESERVE_SECONDS
from lifeboat.settings import MAY_BE_EMPTY, environment_names
from tests.template.policies import granted, role_statements
from tests.template.reading import EVERYTHING, ROOT, resources_of_type, source, stack

FUNCTIONS = {
    name: each["Properties"] for name, each in resources_of_type("AWS::Serverless::Function").items()
}
FUNCTIONS_ENVIRONMENT = source()["Globals"]["Function"]["Environment"]["Variables"]
CONSUMERS = {
    name: each
    for name, each in FUNCTIONS.items()
    if "Events" in each and each["LoggingConfig"]["LogGroup"]["Ref"] == "ImportLogGroup"
}


def folder_of(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name.removesuffix("Function")).lower()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function_has_its_folder_and_handler(name: str) -> None:
    assert FUNCTIONS[name]["CodeUri"] == f"functions/{folder_of(name)}/"
    module = ast.parse((ROOT / "functions" / folder_of(name) / "app.py").read_text("utf-8"))
    assert "handler" in {each.name for each in module.body if isinstance(each, ast.FunctionDef)}


def test_every_folder_is_a_function() -> None:
    folders = {each.parent.name for each in (ROOT / "functions").glob("*/*.py")}
    assert folders == {folder_of(name) for name in FUNCTIONS}


@pytest.mark.parametrize("role", ["primary", "backup"])
def test_functions_are_set_up_alike(role: str) -> None:
    functions = stack(role, **EVERYTHING[role]).of_type("AWS::Lambda::Function")
    [layer] = stack(role).of_type("AWS::Lambda::LayerVersion")
    for function in functions.values():
        assert function["Runtime"] == "python3.13"
        assert function["Architectures"] == ["arm64"]
        assert function["Handler"] == "app.handler"
        assert function["TracingConfig"] == {"Mode": "Active"}
        assert function["Layers"] == [f"<{layer}>"]
        assert function["Description"]
        assert "FunctionName" not in function
        assert "ReservedConcurrentExecutions" not in function


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function_states_its_own_timeout_and_memory(name: str) -> None:
    assert 1 <= FUNCTIONS[name]["Timeout"] <= 900
    assert 256 <= FUNCTIONS[name]["MemorySize"] <= 1024
    assert "Environment" not in FUNCTIONS[name]  # one environment for all, in Globals


def test_environment_is_what_settings_reads() -> None:
    variables = source()["Globals"]["Function"]["Environment"]["Variables"]
    assert {name for name in variables if not name.startswith("POWERTOOLS_")} == environment_names()


@pytest.mark.parametrize("role", ["primary", "backup"])
def test_environment_has_values_in_both_roles(role: str) -> None:
    primary_only = ["USER_POOL_ID", "CAPTURE_QUEUE_URL", "CAPTURE_RETRY_QUEUE_URL"]
    empty = {
        "SOURCE_SUB_ATTRIBUTE",
        "REPLICA_REGION",
        "PRIMARY_USER_POOL_ID",
        "PRIMARY_APP_CLIENT_ID",
        "STANDBY_USER_POOL_ID",
        "STANDBY_DLQ_URL",
        *(primary_only if role == "backup" else []),
    }
    assert {name.lower() for name in empty} <= MAY_BE_EMPTY
    for function in stack(role).of_type("AWS::Lambda::Function").values():
        values: dict[str, Any] = function["Environment"]["Variables"]
        assert all(isinstance(value, str) for value in values.values())
        assert {name for name, value in values.items() if not value} == empty


def test_an_import_is_run_as_the_parameters_say() -> None:
    given = {
        "CsvChunkUsers": "123",
        "SourceSubAttribute": "custom:source_sub",
        "CaptureMfaPreferences": "true",
    }
    for function in stack("primary", **given).of_type("AWS::Lambda::Function").values():
        values = function["Environment"]["Variables"]
        assert values["CSV_CHUNK_USERS"] == "123"
        assert values["SOURCE_SUB_ATTRIBUTE"] == "custom:source_sub"
        assert values["CAPTURE_MFA_PREFERENCES"] == "true"
        assert values["IMPORT_JOB_ROLE_ARN"] == "<ImportJobRole.Arn>"


def test_only_the_primary_stack_exports() -> None:
    exporting = {
        name
        for name, each in FUNCTIONS.items()
        if each["LoggingConfig"]["LogGroup"]["Ref"] == "ExportLogGroup"
    }
    by_log_group: dict[str, set[str]] = {}
    for name, each in FUNCTIONS.items():
        by_log_group.setdefault(each["LoggingConfig"]["LogGroup"]["Ref"], set()).add(name)
    serving, following = by_log_group["AdminLogGroup"], by_log_group["StandbyLogGroup"]
    primary, backup = (stack(role).of_type("AWS::Lambda::Function").keys() for role in ("primary", "backup"))
    assert primary == FUNCTIONS.keys() - serving - following
    assert backup == FUNCTIONS.keys() - exporting - serving - following
    all_of = {role: stack(role, **EVERYTHING[role]).of_type("AWS::Lambda::Function") for role in EVERYTHING}
    assert all_of["primary"].keys() == FUNCTIONS.keys() - following
    assert all_of["backup"].keys() == FUNCTIONS.keys() - exporting - serving
    assert exporting


def test_there_are_two_consumers() -> None:
    assert CONSUMERS.keys() == {"CreateUsersFunction", "UpdateUsersFunction"}


@pytest.mark.parametrize("name", CONSUMERS)
def test_consumers_queue_gives_it_time_and_lets_go_of_poison(name: str) -> None:
    this = stack("backup")
    queues = this.of_type("AWS::SQS::Queue")
    [source_mapping] = [
        each
        for each in this.of_type("AWS::Lambda::EventSourceMapping").values()
        if each["FunctionName"] == f"<{name}>"
    ]
    queue_name = source_mapping["EventSourceArn"].removeprefix("<").removesuffix(".Arn>")
    queue = queues[queue_name]
    function = this.resources[name]["Properties"]
    assert queue["VisibilityTimeout"] >= 6 * function["Timeout"]
    dead_letters = queue["RedrivePolicy"]["deadLetterTargetArn"].removeprefix("<").removesuffix(".Arn>")
    assert queues[dead_letters]["MessageRetentionPeriod"] == 14 * 24 * 3600
    assert "RedrivePolicy" not in queues[dead_letters]
    received = function["Environment"]["Variables"]["MAX_RECEIVE_COUNT"]
    assert str(queue["RedrivePolicy"]["maxReceiveCount"]) == received
    assert source_mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert source_mapping["BatchSize"] <= 10

    rights = granted(role_statements(this)[f"{name.removesuffix('Function')}Role"])
    assert rights["sqs:ReceiveMessage"] == rights["sqs:DeleteMessage"] == {f"<{queue_name}.Arn>"}
    assert f"<{dead_letters}.Arn>" in rights["sqs:SendMessage"]


def test_each_consumer_has_the_queue_of_its_messages() -> None:
    mappings = stack("backup").of_type("AWS::Lambda::EventSourceMapping").values()
    assert {each["FunctionName"]: each["EventSourceArn"] for each in mappings} == {
        "<CreateUsersFunction>": "<ApiUsersQueue.Arn>",
        "<UpdateUsersFunction>": "<UpdatesQueue.Arn>",
    }


def test_the_queue_that_the_workflow_drains_lets_go_of_poison_and_waits_for_a_job() -> None:
    this = stack("backup")
    queue = this.resources["NewUsersQueue"]["Properties"]
    rights = granted(role_statements(this)["RunImportJobRole"])
    assert queue["RedrivePolicy"]["deadLetterTargetArn"] == "<NewUsersDeadLetterQueue.Arn>"
    assert "<NewUsersDeadLetterQueue.Arn>" in rights["sqs:SendMessage"]
    assert rights["sqs:ReceiveMessage"] == rights["sqs:DeleteMessage"] == {"<NewUsersQueue.Arn>"}
    # A chunk whose job could not be started is received again, which is no fault of its messages.
    consumers = int(FUNCTIONS_ENVIRONMENT["MAX_RECEIVE_COUNT"])
    assert queue["RedrivePolicy"]["maxReceiveCount"] > consumers
    # SQS hides a message for twelve hours at most, and 120,000 of a queue at a time
    # (docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html).
    largest = int(source()["Parameters"]["CsvChunkUsers"]["MaxValue"])
    assert hidden_for(largest) <= 12 * 3600
    assert largest <= 120_000


def test_consumers_run_as_many_at_a_time_as_the_parameters_say() -> None:
    mappings = stack("backup", CreateConcurrency="7", UpdateConcurrency="3").of_type(
        "AWS::Lambda::EventSourceMapping"
    )
    assert {
        each["FunctionName"]: each["ScalingConfig"]["MaximumConcurrency"] for each in mappings.values()
    } == {
        "<CreateUsersFunction>": "7",
        "<UpdateUsersFunction>": "3",
    }


def test_a_trigger_ends_before_cognito_stops_waiting() -> None:
    called = {each["FunctionName"] for each in stack("backup").of_type("AWS::Lambda::Permission").values()}
    assert called == {"<RestoreFederatedGroupsFunction.Arn>"}
    # Its permission is added when it is attached to a pool.
    assert FUNCTIONS["MigrateUserFunction"]["Timeout"] <= 5
    # docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-working-with-lambda-triggers.html
    timeout = FUNCTIONS["RestoreFederatedGroupsFunction"]["Timeout"]
    assert RESERVE_SECONDS < timeout <= 5


def test_a_sign_in_waits_two_seconds_at_most() -> None:
    timeout = FUNCTIONS["RestoreFederatedGroupsFunction"]["Timeout"]
    assert max(migration.ANSWER_SECONDS, federated.ANSWER_SECONDS) < 2 < timeout
    assert timeout - RESERVE_SECONDS < federated.ANSWER_SECONDS, "nobody adds groups that nobody waits for"
