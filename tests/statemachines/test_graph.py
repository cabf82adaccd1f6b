"""The state machines' graphs are sound, and each check finds what it is there to find."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.statemachines.definitions import WORKFLOWS, machine_of, surroundings, tasks_of, text_of
from tests.statemachines.graph import (
    AWS_ERRORS,
    CHECKS,
    LIFEBOAT_ERRORS,
    Check,
    Machine,
    State,
    choices,
    comments,
    concurrency,
    dangling,
    dead_ends,
    error_names,
    names,
    passes,
    placeholders,
    read,
    reasons,
    retries,
    states,
    timeouts,
    uncaught,
    unreachable,
)
from tests.statemachines.payloads import FUNCTIONS

QUEUE_CONSUMERS = {"capture_changes", "create_users", "update_users"}
STANDBY = {"apply_changes", "check_standby", "release_deletions"}
"""What a table's stream calls, a schedule and an operator."""

SCHEDULED = {"measure_backup"}
ADMIN_API = {"delete_user", "get_user_history", "put_user"}
TRIGGERS = {"migrate_user", "post_confirmation", "restore_federated_groups"}
"""What user pools call."""

Breakage = Callable[[Machine], object]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_graph_is_sound(workflow: str, check: Check) -> None:
    assert list(check(machine_of(workflow), surroundings())) == []


def test_every_function_that_nothing_else_calls_is_invoked_by_one_workflow() -> None:
    invoked = [name for workflow in WORKFLOWS for name in sorted(set(tasks_of(workflow).values()))]
    assert sorted(invoked) == sorted(
        set(FUNCTIONS) - QUEUE_CONSUMERS - TRIGGERS - STANDBY - ADMIN_API - SCHEDULED
    )


def test_no_error_of_the_package_is_named_as_one_of_aws() -> None:
    assert not AWS_ERRORS & LIFEBOAT_ERRORS


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('"${BeginExportFunctionArn}"', "${BeginExportFunctionArn}"),
        ('"StartAt": "Begin Export",', '"StartAt": "Begin Export", "StartAt": "List Pool",'),
        ('"Export Failed": {', '"Fail Export": {'),
    ],
    ids=["placeholder without quotes", "key twice", "state twice"],
)
def test_reading_refuses_what_is_no_proper_json(text: str, reason: str) -> None:
    assert text in text_of("export")
    with pytest.raises(ValueError, match=r"Expecting value|twice in one object"):
        read(text_of("export").replace(text, reason))


def the(machine: Machine, name: str) -> State:
    """A state in whichever scope."""
    return dict(states(machine))[name]


def catchers(machine: Machine, name: str) -> State:
    """The only Catch rule of a state."""
    [rule] = the(machine, name)["Catch"]
    found: State = rule
    return found


def move_into_a_branch(machine: Machine) -> None:
    """Put Plan Cleanup where List Pool, which leads to it, is not."""
    branch = the(machine, "List Pool")["Branches"][0]
    branch["States"]["Plan Cleanup"] = machine["States"].pop("Plan Cleanup")


def repeat_a_name(machine: Machine) -> None:
    """Give a second state, in another scope, the name of the first."""
    branch = the(machine, "List Pool")["Branches"][1]
    branch["States"]["Plan Cleanup"] = the(machine, "Plan Cleanup")


def loop_for_ever(machine: Machine) -> None:
    """Let a loop's question have one answer only."""
    the(machine, "Users Finished?")["Choices"][0]["Next"] = "Export Users"


EXPORT_BREAKAGES: list[tuple[Check, str, Breakage]] = [
    (dangling, "StartAt leads to Nowhere", lambda m: m.update(StartAt="Nowhere")),
    (dangling, "Next leads to Nowhere", lambda m: the(m, "Export Users").update(Next="Nowhere")),
    (dangling, "Default leads to Nowhere", lambda m: the(m, "Users Finished?").update(Default="Nowhere")),
    (dangling, "Choices leads to", lambda m: the(m, "Users Finished?")["Choices"][0].update(Next="Nowhere")),
    (dangling, "Catch leads to Nowhere", lambda m: catchers(m, "List Pool").update(Next="Nowhere")),
    (dangling, "Plan Cleanup, which is not in its scope", move_into_a_branch),
    (
        unreachable,
        "Finish Users",
        lambda m: the(m, "Users Finished?")["Choices"][0].update(Next="Export Users"),
    ),
    (unreachable, "Begin Export", lambda m: m.update(StartAt="List Pool")),
    (dead_ends, "Users Finished?: has no Default", lambda m: the(m, "Users Finished?").pop("Default")),
    (dead_ends, "Export Users: needs either", lambda m: the(m, "Export Users").pop("Next")),
    (dead_ends, "Plan Cleanup: needs either", lambda m: the(m, "Plan Cleanup").update(End=True)),
    (dead_ends, "Export Users: never comes to an end", loop_for_ever),
    (comments, "the machine: has no Comment", lambda m: m.pop("Comment")),
    (comments, "Finish Users: has no Comment", lambda m: the(m, "Finish Users").update(Comment="")),
    (names, "Plan Cleanup: is the name of two states", repeat_a_name),
    (names, "is longer than", lambda m: m["States"].update({"Plan " + 80 * "a": the(m, "Plan Cleanup")})),
    (names, "a Choice is named", lambda m: m["States"].update({"Retire Any": the(m, "Anything To Retire?")})),
    (names, "a Fail state says", lambda m: m["States"].update({"Fail Early": the(m, "Export Failed")})),
    (names, "Cleanup: is not Verb Noun", lambda m: m["States"].update({"Cleanup": the(m, "Plan Cleanup")})),
    (names, "Cleanup Plan: is not", lambda m: m["States"].update({"Cleanup Plan": the(m, "Plan Cleanup")})),
    (names, "plan_cleanup: is not", lambda m: m["States"].update({"plan_cleanup": the(m, "Plan Cleanup")})),
    (names, "Plan Cleanup?: is not", lambda m: m["States"].update({"Plan Cleanup?": the(m, "Plan Cleanup")})),
    (passes, "Finish Users: is a Pass", lambda m: the(m, "Finish Users").update(Type="Pass", End=True)),
    (passes, "Prepare Configuration: is a Pass", lambda m: the(m, "Prepare Configuration").pop("Parameters")),
    (
        placeholders,
        "must stand alone",
        lambda m: the(m, "Plan Cleanup").update(Resource="${PlanCleanupFunctionArn}:live"),
    ),
    (placeholders, "invokes no", lambda m: the(m, "Plan Cleanup").update(Resource="${PlanFunctionArn}")),
    (timeouts, "Plan Cleanup: has no", lambda m: the(m, "Plan Cleanup").pop("TimeoutSeconds")),
    (timeouts, "gives up after 899 s", lambda m: the(m, "Export Users").update(TimeoutSeconds=899)),
    (retries, "Export Users: does not retry CognitoThrottled", lambda m: the(m, "Export Users").pop("Retry")),
    (
        retries,
        "does not retry StoreUnavailable",
        lambda m: the(m, "Plan Cleanup")["Retry"][0]["ErrorEquals"].remove("StoreUnavailable"),
    ),
    (
        retries,
        "retries CognitoThrottled in two ways",
        lambda m: the(m, "Plan Cleanup")["Retry"][1]["ErrorEquals"].append("CognitoThrottled"),
    ),
    (
        retries,
        "retries States.ALL, which names no error",
        lambda m: the(m, "Plan Cleanup")["Retry"][1].update(ErrorEquals=["States.ALL"]),
    ),
    (retries, "without jitter", lambda m: the(m, "Retire Items")["Retry"][0].pop("JitterStrategy")),
    (retries, "how often", lambda m: the(m, "Retire Items")["Retry"][0].update(MaxAttempts=0)),
    (retries, "bounded backoff", lambda m: the(m, "Retire Items")["Retry"][0].pop("MaxDelaySeconds")),
    (retries, "bounded backoff", lambda m: the(m, "Retire Items")["Retry"][0].update(BackoffRate=1)),
    (
        error_names,
        "Retry names CognitoThrotled, which nothing raises",
        lambda m: the(m, "Export Users")["Retry"][0]["ErrorEquals"].append("CognitoThrotled"),
    ),
    (
        error_names,
        "Catch names Lambda.Misspelt",
        lambda m: the(m, "Plan Cleanup")["Catch"].append(
            {"ErrorEquals": ["Lambda.Misspelt"], "Next": "Fail Export"}
        ),
    ),
    (
        error_names,
        "alone and last in Catch",
        lambda m: catchers(m, "List Pool")["ErrorEquals"].append("InvalidInput"),
    ),
    (
        error_names,
        "alone and last",
        lambda m: the(m, "List Pool")["Catch"].append(catchers(m, "Plan Cleanup")),
    ),
    (uncaught, "Plan Cleanup: its errors do not reach", lambda m: the(m, "Plan Cleanup").pop("Catch")),
    (uncaught, "Export Users: its errors do not reach", lambda m: the(m, "List Pool").pop("Catch")),
    (
        uncaught,
        "List Pool: its errors",
        lambda m: catchers(m, "List Pool").update(ErrorEquals=["CognitoError"]),
    ),
    (uncaught, "List Pool: its errors", lambda m: catchers(m, "List Pool").update(ResultPath="$.Failure")),
    (
        uncaught,
        "Plan Cleanup: its errors",
        lambda m: catchers(m, "Plan Cleanup").update(Next="Export Failed"),
    ),
    (
        uncaught,
        "Complete Export: a failed run ends",
        lambda m: the(m, "Fail Export").update(Next="Complete Export"),
    ),
    (uncaught, "Fail Export: its own errors", lambda m: the(m, "Fail Export").pop("Catch")),
    (
        uncaught,
        "no Fail state comes after it",
        lambda m: the(m, "Export Failed").update(Type="Succeed"),
    ),
    (uncaught, "has 0 failure Tasks", lambda m: m["States"].pop("Fail Export")),
    (reasons, "Export Failed: gives no Error", lambda m: the(m, "Export Failed").pop("ErrorPath")),
    (reasons, "Export Failed: gives no Cause", lambda m: the(m, "Export Failed").pop("CausePath")),
    (concurrency, "41 iterations", lambda m: the(m, "Retire Portions").update(MaxConcurrency=41)),
    (
        concurrency,
        "is not an inline Map",
        lambda m: the(m, "Retire Portions")["ItemProcessor"]["ProcessorConfig"].update(Mode="DISTRIBUTED"),
    ),
    (
        concurrency,
        "Retire All: has neither",
        lambda m: m["States"].update({"Retire All": the(m, "Retire Portions")}),
    ),
    (
        choices,
        "$.Done is not in the answer of Export Users",
        lambda m: the(m, "Users Finished?")["Choices"][0].update(Variable="$.Done"),
    ),
    (
        choices,
        "$.Finished is not in the answer of Export Users",
        lambda m: the(m, "Export Users").update(ResultPath="$.Users"),
    ),
    (
        choices,
        "$.Counts is not compared as what it is",
        lambda m: the(m, "Users Finished?")["Choices"][0].update(Variable="$.Counts"),
    ),
]

IMPORT_BREAKAGES: list[tuple[Check, str, Breakage]] = [
    (passes, "Use Created Pool: is a Pass", lambda m: the(m, "Use Created Pool").pop("InputPath")),
    (
        choices,
        "$.CreatesPool is not in the answer of Begin Import",
        lambda m: the(m, "Begin Import").update(ResultPath="$.Begun"),
    ),
    (unreachable, "Create User Pool", lambda m: the(m, "Prepare Pool").update(Next="Prepare Groups")),
    (
        choices,
        "$.Progress.Drained is not in the answer of Run Import Jobs",
        lambda m: the(m, "Run Import Jobs").pop("ResultPath"),
    ),
    (concurrency, "Verify New Pool: has neither", lambda m: the(m, "Verify New Pool").pop("MaxConcurrency")),
    (uncaught, "Verify Users: its errors do not reach", lambda m: the(m, "Verify New Pool").pop("Catch")),
]


@pytest.mark.parametrize(
    ("check", "problem", "breakage"),
    EXPORT_BREAKAGES,
    ids=[f"{check.__name__}: {problem}" for check, problem, _ in EXPORT_BREAKAGES],
)
def test_check_finds_what_is_broken_in_the_export(check: Check, problem: str, breakage: Breakage) -> None:
    machine = machine_of("export")
    breakage(machine)
    assert any(problem in found for found in check(machine, surroundings()))


@pytest.mark.parametrize(
    ("check", "problem", "breakage"),
    IMPORT_BREAKAGES,
    ids=[f"{check.__name__}: {problem}" for check, problem, _ in IMPORT_BREAKAGES],
)
def test_check_finds_what_is_broken_in_the_import(check: Check, problem: str, breakage: Breakage) -> None:
    machine = machine_of("import")
    breakage(machine)
    assert any(problem in found for found in check(machine, surroundings()))


def test_every_check_can_fail() -> None:
    assert {check for check, _, _ in EXPORT_BREAKAGES} == set(CHECKS)
