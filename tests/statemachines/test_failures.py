"""What either workflow does when a function fails, wherever that is: try again, or clean up and fail."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from lifeboat.errors import AlreadyRunning, CognitoThrottled, SettingMissing, StoreUnavailable
from lifeboat.model import instant
from tests.statemachines.answers import answers_of
from tests.statemachines.definitions import WORKFLOWS, machine_of, tasks_of
from tests.statemachines.engine import Answer, Engine, Run, RuntimeFault, fails, in_turn
from tests.statemachines.graph import states

THROTTLED = CognitoThrottled("ListUsers", "TooManyRequestsException")
MISSING = SettingMissing("the environment variable TABLE_NAME is not set")

FAIL = {workflow: f"fail_{workflow}" for workflow in WORKFLOWS}
LAST_STATES = {workflow: [f"Fail {workflow.title()}", f"{workflow.title()} Failed"] for workflow in WORKFLOWS}

INPUTS = {
    "Create User Pool": '{"CreateUserPool": {"PoolName": "people"}}',
    "Attach Triggers": '{"NewUserPoolId": "eu-west-1_AbCdEf123", "OnDemand": true}',
    "Detach Triggers": '{"NewUserPoolId": "eu-west-1_AbCdEf123", "OnDemand": true}',
}
"""What a state needs to be entered, where the usual input does not lead to it."""

STATES = [
    (workflow, state)
    for workflow in WORKFLOWS
    for state, function in tasks_of(workflow).items()
    if function != FAIL[workflow]
]
"""Every Task state but those that every failure passes through."""


@pytest.fixture(scope="module", params=WORKFLOWS)
def workflow(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def undisturbed(engine: Engine) -> Callable[[str, str], Run]:
    """A run of a workflow, with what leads to a state, in which nothing fails."""
    runs: dict[tuple[str, str], Run] = {}

    def run(workflow: str, state: str) -> Run:
        key = (workflow, INPUTS.get(state, ""))
        if key not in runs:
            runs[key] = engine.run(workflow, answers_of(workflow), INPUTS.get(state))
        return runs[key]

    return run


def disturbed(workflow: str, state: str, answer: Answer) -> dict[str, Answer]:
    """The workflow's answers, with this one in the state."""
    usual, function = answers_of(workflow), tasks_of(workflow)[state]
    return {**usual, function: answer}


def first_function(workflow: str) -> str:
    return f"begin_{workflow}"


def rule_for(workflow: str, state: str, error: str) -> dict[str, Any]:
    """The rule by which a state tries again after an error."""
    rules: list[dict[str, Any]] = dict(states(machine_of(workflow)))[state]["Retry"]
    return next(rule for rule in rules if error in rule["ErrorEquals"])


def longest_pause(rule: Mapping[str, Any], number: int) -> float:
    """Seconds that may pass before a state's numberth further attempt, jitter aside."""
    return float(min(rule["IntervalSeconds"] * rule["BackoffRate"] ** (number - 1), rule["MaxDelaySeconds"]))


@pytest.mark.parametrize(("workflow", "state"), STATES, ids=[state for _, state in STATES])
def test_what_is_throttled_is_tried_again(
    engine: Engine, undisturbed: Callable[[str, str], Run], workflow: str, state: str
) -> None:
    function = tasks_of(workflow)[state]
    usual = answers_of(workflow)[function]
    answer = in_turn(fails(THROTTLED), fails(THROTTLED), usual)

    run = engine.run(workflow, disturbed(workflow, state, answer), INPUTS.get(state))

    assert run.status == "SUCCEEDED"
    assert run.output == undisturbed(workflow, state).output
    assert run.count(function) == undisturbed(workflow, state).count(function) + 2
    assert run.count(FAIL[workflow]) == 0
    assert len(run.pauses) == 2
    rule = rule_for(workflow, state, "CognitoThrottled")
    assert all(0 <= pause <= longest_pause(rule, 2) for pause in run.pauses)


@pytest.mark.parametrize(("workflow", "state"), STATES, ids=[state for _, state in STATES])
def test_any_failure_is_cleaned_up_after_once(engine: Engine, workflow: str, state: str) -> None:
    run = engine.run(workflow, disturbed(workflow, state, fails(MISSING)), INPUTS.get(state))

    assert (run.status, run.error, run.cause) == ("FAILED", "SettingMissing", str(MISSING))
    assert run.pauses == []
    [task] = run.payloads(FAIL[workflow])
    assert task.keys() == {"ExecutionId", "StartedAt", "Error", "Cause"}
    assert task["ExecutionId"] == run.arn
    assert instant(task["StartedAt"]) == run.started_at
    assert task["Error"] == "SettingMissing"
    assert json.loads(task["Cause"])["errorMessage"] == str(MISSING)
    assert run.path[-2:] == LAST_STATES[workflow]
    assert run.path[-3] == state or state not in machine_of(workflow)["States"]
    completed = f"complete_{workflow}"
    assert run.count(completed) == (1 if tasks_of(workflow)[state] in (completed, "detach_triggers") else 0)


def test_one_portion_that_fails_fails_the_whole(engine: Engine) -> None:
    def second_portion_fails(task: object) -> object:
        if isinstance(task, dict) and task["Prefixes"] == ["1", "3"]:
            raise MISSING
        return answers_of("export")["export_users"](task)

    run = engine.run("export", {**answers_of("export"), "export_users": second_portion_fails})

    assert (run.status, run.error) == ("FAILED", "SettingMissing")
    assert run.count("fail_export") == 1
    assert run.count("plan_cleanup") == run.count("complete_export") == 0


def test_trying_again_comes_to_an_end(engine: Engine, workflow: str) -> None:
    function = first_function(workflow)
    error = StoreUnavailable("DynamoDB: InternalServerError")
    run = engine.run(workflow, {**answers_of(workflow), function: fails(error)})

    assert (run.status, run.error, run.cause) == ("FAILED", "StoreUnavailable", str(error))
    rule = rule_for(workflow, f"Begin {workflow.title()}", "StoreUnavailable")
    assert run.count(function) == 1 + rule["MaxAttempts"]
    assert all(pause <= longest_pause(rule, number) for number, pause in enumerate(run.pauses, start=1))
    assert run.count(FAIL[workflow]) == 1


LAMBDA_ERRORS = [
    error for error in rule_for("export", "Plan Cleanup", "Lambda.Unknown")["ErrorEquals"] if "." in error
]
"""The errors of AWS that are tried again; States.Timeout is raised by the interpreter itself."""


@pytest.mark.parametrize("error", LAMBDA_ERRORS)
def test_what_lambda_got_wrong_is_tried_again(engine: Engine, error: str) -> None:
    lost = TimeoutError() if error == "States.Timeout" else RuntimeFault(error, "RequestId: 6bc28136 Error")
    answer = in_turn(fails(lost), answers_of("export")["plan_cleanup"])
    run = engine.run("export", {**answers_of("export"), "plan_cleanup": answer})

    assert run.status == "SUCCEEDED"
    assert run.count("plan_cleanup") == 2


def test_a_function_that_takes_too_long_again_and_again_fails_the_run(engine: Engine) -> None:
    run = engine.run("export", {**answers_of("export"), "plan_cleanup": fails(TimeoutError())})

    assert (run.status, run.error) == ("FAILED", "Timeout")
    assert (
        run.count("plan_cleanup") == 1 + rule_for("export", "Plan Cleanup", "States.Timeout")["MaxAttempts"]
    )
    [task] = run.payloads("fail_export")
    assert (task["Error"], task["Cause"]) == ("States.Timeout", "")
    assert run.path[-2:] == LAST_STATES["export"]


def test_a_second_execution_is_refused_before_it_does_anything(engine: Engine, workflow: str) -> None:
    refusal = AlreadyRunning("the lock is held by execution 6bc28136")
    function = first_function(workflow)
    run = engine.run(workflow, {**answers_of(workflow), function: fails(refusal)})

    assert (run.status, run.error, run.cause) == ("FAILED", "AlreadyRunning", str(refusal))
    # Fail Export and Fail Import give back only the lock that their own execution holds.
    assert [name for name, _ in run.calls] == [function, FAIL[workflow]]


def test_cleaning_up_is_tried_again(engine: Engine, workflow: str) -> None:
    usual = answers_of(workflow)[FAIL[workflow]]
    answer = in_turn(fails(StoreUnavailable("SNS: InternalError")), usual)
    run = engine.run(
        workflow,
        {**answers_of(workflow), first_function(workflow): fails(MISSING), FAIL[workflow]: answer},
    )

    assert (run.status, run.error, run.cause) == ("FAILED", "SettingMissing", str(MISSING))
    assert run.count(FAIL[workflow]) == 2


def test_a_run_whose_cleaning_up_fails_has_failed_too(engine: Engine, workflow: str) -> None:
    answer = fails(RuntimeFault("Runtime.ImportModuleError", "Unable to import module 'app'"))
    run = engine.run(
        workflow,
        {**answers_of(workflow), first_function(workflow): fails(MISSING), FAIL[workflow]: answer},
    )

    assert run.status == "FAILED"
    assert run.error == "SettingMissing"  # the first failure, not the one of its report
    assert run.count(FAIL[workflow]) == 1
    assert run.path[-2:] == LAST_STATES[workflow]
