"""What the product relies on in the embedded Lambda."""

import sys
from pathlib import Path

import pytest

from local.function_processes import function_processes
from tests.local.standin_application import BACKUP, PRIMARY, Standin
from tests.local.waiting import wait_for


def test_a_function_sees_only_its_zip_and_its_layers(standin: Standin) -> None:
    installed_here = ["boto3", "pip", "pytest", "ministack", "local"]
    _, seen = standin.invoke({"do": "look", "for": "packages", "packages": installed_here})
    assert seen["importable"] == []
    assert not any("site-packages" in entry or "dist-packages" in entry for entry in seen["path"])
    assert Path(seen["interpreter"]).resolve() != Path(sys.executable)


def test_a_function_inherits_nothing_of_the_environment(standin: Standin) -> None:
    _, seen = standin.invoke({"do": "look", "for": "variables"})
    environment = seen["environment"]
    machine = {"PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "TZ"}
    runtime = {"_HANDLER", "LAMBDA_TASK_ROOT", "_X_AMZN_TRACE_ID"}
    function = {"GREETING", "NOTE", "TABLE_NAME", "USER_POOL_ID"}
    assert {name for name in environment if not name.startswith("AWS_")} <= machine | runtime | function
    assert environment["GREETING"] == 'two words, "quoted" and a \\ backslash'
    assert environment["AWS_ENDPOINT_URL"] == standin.aws.endpoint_url
    assert environment["AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER"] == standin.aws.cognito_endpoint_url


def test_a_function_runs_in_the_region_of_its_stack(standin: Standin) -> None:
    _, seen = standin.invoke({"do": "look", "for": "region"}, BACKUP)
    assert seen["environment"]["AWS_REGION"] == BACKUP
    assert seen["context"]["invoked_function_arn"].split(":")[3] == BACKUP


def test_a_function_may_do_what_its_role_allows_and_no_more(standin: Standin) -> None:
    assert standin.invoke({"do": "count", "name": "allowed"}) == (None, 1)
    assert standin.invoke({"do": "scan"}) == (None, "AccessDeniedException")
    assert standin.invoke({"do": "count", "name": "allowed"}, BACKUP) == (None, 2), (
        "roles of both Regions differ"
    )


def test_the_context_tells_name_time_and_log_group(standin: Standin) -> None:
    _, seen = standin.invoke({"do": "look", "for": "context"})
    assert standin.probe.endswith(seen["context"]["function_name"])
    assert seen["context"]["log_group_name"] == standin.deployment.primary.outputs["SharedLogGroupName"]
    assert 0 < seen["remaining"] <= 3000


def test_functions_log_to_the_shared_group(standin: Standin) -> None:
    standin.invoke({"do": "look", "for": "the log group"})
    logs = standin.client("logs")
    group = standin.deployment.primary.outputs["SharedLogGroupName"]

    def logged() -> bool:
        events = logs.filter_log_events(logGroupName=group)["events"]
        return any("looking around for the log group" in event["message"] for event in events)

    assert wait_for(logged, "the function's line in its log group")
    assert logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]["retentionInDays"] == 30


def test_an_exception_is_reported_by_its_class(standin: Standin) -> None:
    kind, payload = standin.invoke({"do": "raise", "class": "PoolNotFound", "message": "no pool ü"})
    assert kind == "Unhandled"
    assert payload["errorType"] == "PoolNotFound"
    assert payload["errorMessage"] == "no pool ü"
    assert "app.py" in payload["stackTrace"][-1]


def test_an_environment_outlives_an_exception(standin: Standin) -> None:
    _, before = standin.invoke({"do": "look", "for": "pid"})
    standin.invoke({"do": "raise", "class": "Anything"})
    _, after = standin.invoke({"do": "look", "for": "pid"})
    assert before["pid"] == after["pid"]


@pytest.mark.parametrize(("end", "how"), [("kill", "signal: killed"), ("exit", "exit status 3")])
def test_a_process_that_ends_is_an_exit_error(standin: Standin, end: str, how: str) -> None:
    kind, payload = standin.invoke({"do": end})
    assert kind == "Unhandled"
    assert payload["errorType"] == "Runtime.ExitError"
    assert payload["errorMessage"].endswith(f"Error: Runtime exited with error: {how}")
    assert standin.invoke({"do": "return", "value": "back again"}) == (None, "back again")


def test_whoever_wants_to_kill_a_function_finds_its_processes(standin: Standin) -> None:
    _, seen = standin.invoke({"do": "look", "for": "pid"})
    name = standin.probe.rsplit(":", 1)[-1]
    assert seen["pid"] in function_processes(standin.aws.state_dir, PRIMARY, name)
    assert seen["pid"] in function_processes(standin.aws.state_dir, PRIMARY)
    assert seen["pid"] not in function_processes(standin.aws.state_dir, BACKUP)
    standin.invoke({"do": "kill"})
    assert seen["pid"] not in function_processes(standin.aws.state_dir, PRIMARY)


def test_a_timeout_ends_the_process(standin: Standin) -> None:
    kind, payload = standin.invoke({"do": "sleep", "seconds": 60})
    assert kind == "Unhandled"
    assert payload["errorType"] == "Sandbox.Timedout"
    assert "Task timed out after 3.00 seconds" in payload["errorMessage"]


def test_what_a_function_writes_to_its_tmp_is_not_left(standin: Standin) -> None:
    _, seen = standin.invoke({"do": "look", "for": "tmp"})
    assert str(standin.aws.state_dir) in seen["temporary"]
    standin.invoke({"do": "kill"})
    _, again = standin.invoke({"do": "look", "for": "tmp"})
    assert not Path(seen["temporary"]).exists()
    assert Path(again["temporary"]).exists()


def test_what_functions_write_is_in_one_file_for_the_developer(standin: Standin) -> None:
    standin.invoke({"do": "look", "for": "the file"})
    assert "looking around for the file" in (standin.aws.state_dir / "functions.log").read_text()


def test_a_result_over_the_limit_is_an_error(standin: Standin) -> None:
    _, payload = standin.invoke({"do": "fill", "characters": 1_300_000})
    assert payload["errorType"] == "Function.ResponseSizeTooLarge"
