"""What the product relies on in the embedded Step Functions."""

import json

import pytest

from tests.local.standin_application import Standin, machine, task
from tests.local.waiting import wait_for

SLOW = {"Type": "Wait", "Seconds": 300, "End": True}


def test_a_map_selects_items_and_reads_the_context_object(standin: Standin) -> None:
    selector = {
        "do": "return",
        "value": {
            "shard.$": "$$.Map.Item.Value",
            "from.$": "$.from",
            "id.$": "$$.Execution.Id",
            "start.$": "$$.Execution.StartTime",
            "input.$": "$$.Execution.Input.from",
        },
    }
    over = {
        "Type": "Map",
        "ItemsPath": "$.shards",
        "ItemSelector": selector,
        "MaxConcurrency": 2,
        "ItemProcessor": {"ProcessorConfig": {"Mode": "INLINE"}, **machine(Call=task(standin.probe))},
        "ResultPath": "$.results",
        "End": True,
    }
    ended = standin.run("map-selects", machine(Over=over), {"shards": ["00", "01", "ff"], "from": "here"})
    assert ended.status == "SUCCEEDED"
    assert [result["shard"] for result in ended.output["results"]] == ["00", "01", "ff"]
    first = ended.output["results"][0]
    assert (first["from"], first["input"], first["id"]) == ("here", "here", ended.arn)
    assert first["start"].endswith("Z")


def test_a_parallel_runs_branches_in_parallel_and_a_choice_chooses(standin: Standin) -> None:
    choice = {
        "Type": "Choice",
        "Choices": [
            {
                "And": [{"Variable": "$.n", "IsPresent": True}, {"Variable": "$.n", "NumericGreaterThan": 5}],
                "Next": "Many",
            },
            {"Variable": "$.none", "IsPresent": True, "Next": "Many"},
        ],
        "Default": "Few",
    }
    branch = machine(
        How=choice,
        Many={"Type": "Pass", "Result": "many", "End": True},
        Few={"Type": "Pass", "Result": "few", "End": True},
    )
    both = {"Type": "Parallel", "Branches": [branch, machine(Call=task(standin.probe))], "End": True}
    ended = standin.run("parallel", machine(Both=both), {"n": 7, "do": "return", "value": 1})
    assert ended.output == ["many", 1]
    ended = standin.run("parallel", machine(Both=both), {"do": "return", "value": 1})
    assert ended.output == ["few", 1]
    ended = standin.run("parallel", machine(Both=both), {"none": None, "do": "return", "value": 1})
    assert ended.output == ["many", 1], "null is present"


def test_a_choice_on_a_path_that_leads_nowhere_fails_the_execution(standin: Standin) -> None:
    choice = {
        "Type": "Choice",
        "Choices": [{"Variable": "$.n", "NumericEquals": 1, "Next": "End"}],
        "Default": "End",
    }
    ended = standin.run("no-path", machine(How=choice, End={"Type": "Succeed"}))
    assert (ended.status, ended.error) == ("FAILED", "States.Runtime")


def test_parameters_that_lead_nowhere_fail_by_name(standin: Standin) -> None:
    state = task(standin.probe, Parameters={"do": "return", "value.$": "$.missing"})
    ended = standin.run("no-parameter", machine(Call=state))
    assert (ended.status, ended.error) == ("FAILED", "States.ParameterPathFailure")


def test_a_wait_takes_its_seconds_from_the_input(standin: Standin) -> None:
    wait = {"Type": "Wait", "SecondsPath": "$.seconds", "Next": "End"}
    ended = standin.run("wait", machine(Wait=wait, End={"Type": "Succeed"}), {"seconds": 1})
    assert ended.output == {"seconds": 1}


def test_a_retry_by_class_name_runs_again_until_it_succeeds(standin: Standin) -> None:
    retry = {
        "ErrorEquals": ["Throttled"],
        "IntervalSeconds": 1,
        "MaxAttempts": 3,
        "BackoffRate": 1,
        "JitterStrategy": "FULL",
        "MaxDelaySeconds": 1,
    }
    state = task(standin.probe, Retry=[retry])
    event = {"do": "raise until", "class": "Throttled", "name": "retry", "attempts": 3}
    assert standin.run("retry", machine(Call=state), event).output == "done"
    assert standin.counter("COUNTER", "retry", "attempts") == 3


def test_a_retry_with_no_attempts_ends_the_retrying_of_its_error(standin: Standin) -> None:
    retries = [
        {"ErrorEquals": ["Final"], "MaxAttempts": 0},
        {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 3},
    ]
    event = {"do": "raise until", "class": "Final", "name": "no-retry", "attempts": 3}
    ended = standin.run("no-retry", machine(Call=task(standin.probe, Retry=retries)), event)
    assert (ended.status, ended.error) == ("FAILED", "Final")
    assert standin.counter("COUNTER", "no-retry", "attempts") == 1


@pytest.mark.parametrize("caught", ["NotEmpty", "States.TaskFailed", "States.ALL"])
def test_a_catch_hands_error_and_cause_to_the_failing_state(standin: Standin, caught: str) -> None:
    catch = [
        {"ErrorEquals": ["Other"], "Next": "Unexpected"},
        {"ErrorEquals": [caught], "ResultPath": "$.failure", "Next": "Fail"},
    ]
    definition = machine(
        Call=task(standin.probe, Catch=catch),
        Unexpected={"Type": "Succeed"},
        Fail={"Type": "Fail", "ErrorPath": "$.failure.Error", "CausePath": "$.failure.Cause"},
    )
    event = {"do": "raise", "class": "NotEmpty", "message": "the pool has users"}
    ended = standin.run(f"catch-{caught.replace('.', '-')}", definition, event)
    assert (ended.status, ended.error) == ("FAILED", "NotEmpty")
    assert json.loads(ended.cause or "")["errorMessage"] == "the pool has users"


def test_a_killed_function_and_a_timeout_have_names_to_retry_by(standin: Standin) -> None:
    def caught(error: str) -> dict[str, object]:
        return task(standin.probe, Catch=[{"ErrorEquals": [error], "Next": "Caught"}])

    end = {"Type": "Pass", "Result": "caught", "End": True}
    killed = standin.run("killed", machine(Call=caught("Runtime.ExitError"), Caught=end), {"do": "kill"})
    assert killed.output == "caught"
    slow = {**caught("States.Timeout"), "TimeoutSeconds": 1}
    late = standin.run("late", machine(Call=slow, Caught=end), {"do": "sleep", "seconds": 2})
    assert late.output == "caught"


def test_task_failed_does_not_match_a_timeout(standin: Standin) -> None:
    slow = task(
        standin.probe, Catch=[{"ErrorEquals": ["States.TaskFailed"], "Next": "Caught"}], TimeoutSeconds=1
    )
    ended = standin.run(
        "task-failed", machine(Call=slow, Caught={"Type": "Succeed"}), {"do": "sleep", "seconds": 2}
    )
    assert (ended.status, ended.error) == ("FAILED", "States.Timeout")


def test_a_payload_over_the_quota_is_terminal(standin: Standin) -> None:
    state = task(standin.probe, Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Caught"}])
    definition = machine(Call=state, Caught={"Type": "Succeed"})
    most = (262_144 - 2) // 2
    assert standin.run("large", definition, {"do": "fill", "characters": most}).status == "SUCCEEDED"
    ended = standin.run("large", definition, {"do": "fill", "characters": most + 1})
    assert (ended.status, ended.error) == ("FAILED", "States.DataLimitExceeded")


def test_a_map_whose_results_together_are_over_the_quota_fails(standin: Standin) -> None:
    over = {
        "Type": "Map",
        "ItemProcessor": machine(Call=task(standin.probe)),
        "ItemsPath": "$.items",
        "End": True,
    }
    items = [{"do": "fill", "characters": 50_000}] * 3
    ended = standin.run("large-map", machine(Over=over), {"items": items})
    assert (ended.status, ended.error) == ("FAILED", "States.DataLimitExceeded")


def test_the_first_failure_of_a_map_ends_it_and_is_its_error(standin: Standin) -> None:
    wait_or_fail = {
        "Type": "Choice",
        "Choices": [{"Variable": "$.slow", "BooleanEquals": True, "Next": "Slow"}],
        "Default": "Call",
    }
    steps = machine(Which=wait_or_fail, Slow={**SLOW, "End": False, "Next": "Call"}, Call=task(standin.probe))
    del steps["States"]["Slow"]["End"]
    over = {
        "Type": "Map",
        "ItemsPath": "$.items",
        "ItemProcessor": steps,
        "Catch": [{"ErrorEquals": ["Broken"], "ResultPath": "$.failure", "Next": "Caught"}],
        "End": True,
    }
    count = {"do": "count", "name": "never"}
    items = [
        {"slow": True, **count},
        {"slow": True, **count},
        {"slow": False, "do": "raise", "class": "Broken"},
    ]
    ended = standin.run("map-fails", machine(Over=over, Caught={"Type": "Succeed"}), {"items": items})
    assert ended.status == "SUCCEEDED"
    assert ended.output["failure"]["Error"] == "Broken"
    assert standin.counter("COUNTER", "never", "calls") == 0


def test_a_state_machine_times_out(standin: Standin) -> None:
    ended = standin.run("times-out", {"TimeoutSeconds": 1, **machine(Slow=SLOW)})
    assert ended.status == "TIMED_OUT"


def test_a_stopped_execution_stays_stopped_and_runs_nothing_more(standin: Standin) -> None:
    then_count = machine(Slow={"Type": "Wait", "Seconds": 2, "Next": "Call"}, Call=task(standin.probe))
    over = {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": then_count, "Next": "After"}
    both = {
        "Type": "Parallel",
        "Branches": [machine(Over=over, After=task(standin.probe)), machine(Slow=SLOW)],
        "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1}],
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Call"}],
        "End": True,
    }
    count = {"do": "count", "name": "after stop"}
    arn = standin.start(
        "stopped", machine(Both=both, Call=task(standin.probe)), {"items": [count, count], **count}
    )
    states = standin.client("stepfunctions")
    wait_for(lambda: len(states.get_execution_history(executionArn=arn)["events"]) > 1, "the first state")
    states.stop_execution(executionArn=arn, error="Operator", cause="enough")
    wait = machine(Wait={"Type": "Wait", "Seconds": 3, "End": True})
    assert standin.run("longer-than-that", wait).status == "SUCCEEDED"
    ended = standin.ended(arn)
    assert (ended.status, ended.error, ended.cause) == ("ABORTED", "Operator", "enough")
    assert standin.counter("COUNTER", "after stop", "calls") == 0


def test_an_unknown_execution_does_not_exist(standin: Standin) -> None:
    states = standin.client("stepfunctions")
    arn = standin.deployment.primary.outputs["WorkflowArn"].replace(":stateMachine:", ":execution:")
    with pytest.raises(states.exceptions.ExecutionDoesNotExist):
        states.describe_execution(executionArn=f"{arn}:never-started")


def test_a_start_is_idempotent_by_name_and_refuses_what_is_no_json(standin: Standin) -> None:
    states = standin.client("stepfunctions")
    definition = machine(Slow=SLOW)
    arn = standin.start("named", definition, {"n": 1}, execution="one")
    assert standin.start("named", definition, {"n": 1}, execution="one") == arn
    with pytest.raises(states.exceptions.ExecutionAlreadyExists):
        standin.start("named", definition, {"n": 2}, execution="one")
    with pytest.raises(states.exceptions.InvalidExecutionInput):
        states.start_execution(
            stateMachineArn=standin.deployment.primary.outputs["WorkflowArn"], input="{'n': 1}"
        )
    states.stop_execution(executionArn=arn)


def test_executions_are_listed_by_status(standin: Standin) -> None:
    ended = standin.run("listed", machine(End={"Type": "Succeed"}))
    machine_arn = ended.arn.replace(":execution:", ":stateMachine:").rpartition(":")[0]
    states = standin.client("stepfunctions")
    listed = states.list_executions(stateMachineArn=machine_arn, statusFilter="SUCCEEDED")["executions"]
    assert [execution["executionArn"] for execution in listed] == [ended.arn]
    assert states.list_executions(stateMachineArn=machine_arn, statusFilter="RUNNING")["executions"] == []
