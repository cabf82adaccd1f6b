"""The ExportWorkflow's paths, run by moto's interpreter: states, calls and what travels between them."""

from __future__ import annotations

from typing import Any

import pytest

from lifeboat.export.tasks import (
    ConfigurationTask,
    GroupsTask,
    MembershipsTask,
    RetireTask,
    UsersTask,
)
from lifeboat.model import instant
from tests.statemachines import answers
from tests.statemachines.answers import counts, export_answers
from tests.statemachines.engine import Engine


def test_export_runs_to_its_end(engine: Engine) -> None:
    run = engine.run("export", export_answers())

    assert run.status == "SUCCEEDED"
    assert run.output["Status"] == "COMPLETED"
    assert run.output["Counts"] == {
        "users": {"listed": 200, "retired": 1},
        "groups": {"listed": 40, "retired": 1},
        "memberships": {"listed": 40, "retired": 1},
    }
    assert run.count("fail_export") == 0
    assert run.path == [
        "Begin Export",
        "List Pool",
        "Export Membership Portions",
        "Plan Cleanup",
        "Anything To Retire?",
        "Retire Portions",
        "Settle Captures",
        "Captures Settled?",
        "Settle Captures",
        "Captures Settled?",
        "Complete Export",
    ]


def test_begin_is_told_which_execution_it_is(engine: Engine) -> None:
    run = engine.run("export", export_answers(), '{"AllowMassRetirement": true}')

    [task] = run.payloads("begin_export")
    assert task["ExecutionId"] == run.arn
    assert instant(task["StartedAt"]) == run.started_at
    assert task["Input"] == {"AllowMassRetirement": True}


@pytest.mark.parametrize(
    ("given", "cause"),
    [
        ('{"AllowMassRetirement": "yes"}', "AllowMassRetirement: expected true or false, found a string"),
        ('{"MassRetirement": true}', "MassRetirement: unknown key; the keys are AllowMassRetirement"),
        ("[]", "the execution input must be a JSON object"),
        ('"text"', "the execution input must be a JSON object"),
        ("null", "the execution input must be a JSON object"),
    ],
)
def test_export_with_wrong_input_says_what_is_wrong(engine: Engine, given: str, cause: str) -> None:
    run = engine.run("export", export_answers(), given)

    assert (run.status, run.error) == ("FAILED", "InvalidInput")
    assert run.cause.startswith(cause)
    assert [name for name, _ in run.calls] == ["begin_export", "fail_export"]


def test_users_are_listed_again_until_every_prefix_is_finished(engine: Engine) -> None:
    def one_prefix(task: UsersTask) -> UsersTask:
        prefix, *others = task["Prefixes"]
        listed = task["Counts"]["listed"] if "Counts" in task else 0
        return {
            "Run": task["Run"],
            "Prefixes": others,
            "Counts": counts(listed + 50, absent=0),
            "Absences": [*task.get("Absences", []), f"users-{prefix}"],
            "Finished": not others,
        }

    run = engine.run("export", {**export_answers(), "export_users": one_prefix})

    assert run.status == "SUCCEEDED"
    calls = run.payloads("export_users")
    assert sorted(task["Prefixes"] for task in calls) == [["0", "2"], ["1", "3"], ["2"], ["3"]]
    assert all(set(task) == {"Run", "Prefixes"} for task in calls if "Finished" not in task)
    [cleanup] = run.payloads("plan_cleanup")
    assert [part["Counts"]["listed"] for part in cleanup["Users"]] == [100, 100]
    assert [part["Absences"] for part in cleanup["Users"]] == [["users-0", "users-2"], ["users-1", "users-3"]]


def test_memberships_are_listed_again_until_every_group_is_finished(engine: Engine) -> None:
    def ten_groups(task: MembershipsTask) -> MembershipsTask:
        position = task["Next"] + 10
        return {
            "Run": task["Run"],
            "Portion": task["Portion"],
            "Next": position,
            "Counts": counts(position, absent=0),
            "Absences": [],
            "Finished": position == 20,
        }

    run = engine.run("export", {**export_answers(), "export_memberships": ten_groups})

    assert run.status == "SUCCEEDED"
    calls = run.payloads("export_memberships")
    assert sorted((task["Portion"], task["Next"]) for task in calls) == [(0, 0), (0, 10), (1, 0), (1, 10)]
    [cleanup] = run.payloads("plan_cleanup")
    assert [part["Counts"]["listed"] for part in cleanup["Memberships"]] == [20, 20]


def test_groups_are_listed_again_until_the_last_page(engine: Engine) -> None:
    def two_calls(task: GroupsTask) -> GroupsTask:
        if task["Left"] < 2:
            return {"Run": task["Run"], "Left": task["Left"] + 1, "Finished": False}
        return answers.export_groups(task)

    run = engine.run("export", {**export_answers(), "export_groups": two_calls})

    assert run.status == "SUCCEEDED"
    calls = run.payloads("export_groups")
    assert [task["Left"] for task in calls] == [0, 1, 2]
    assert all(set(task) == {"Run", "Left"} for task in calls)
    assert run.count("export_memberships") == 2


def test_members_are_listed_when_users_are_and_each_gets_the_whole_quota(engine: Engine) -> None:
    run = engine.run("export", export_answers())

    order = [function for function, _ in run.calls]
    last_of_users = max(number for number, function in enumerate(order) if function == "export_users")
    assert order.index("export_memberships") > last_of_users


def test_configuration_is_captured_until_every_part_is_read(engine: Engine) -> None:
    def five_parts(task: ConfigurationTask) -> ConfigurationTask:
        position = task["Next"] + 5
        return {
            "Run": task["Run"],
            "Next": position,
            "Counts": {"parts": position, "added": 1, "changed": 0, "retired": 0},
            "Unread": ["LOGS", "RISK"],
            "Absences": ["configuration"],
            "Finished": position == 15,
        }

    run = engine.run("export", {**export_answers(), "capture_configuration": five_parts})

    assert run.status == "SUCCEEDED"
    first, *others = run.payloads("capture_configuration")
    assert first == {"Run": run.payloads("export_groups")[0]["Run"], "Next": 0}
    assert [task["Next"] for task in others] == [5, 10]
    # What was captured and what was not is told at the end; the cleanup of users has no part in it.
    [task] = run.payloads("complete_export")
    assert task["Configuration"] == {
        "Counts": {"parts": 15, "added": 1, "changed": 0, "retired": 0},
        "Unread": ["LOGS", "RISK"],
    }
    [cleanup] = run.payloads("plan_cleanup")
    assert cleanup.keys() == {"Run", "Users", "Groups", "Memberships"}


def test_retirement_goes_on_until_every_manifest_is_gone_through(engine: Engine) -> None:
    def one_manifest(task: RetireTask) -> RetireTask:
        _, *others = task["Absences"]
        retired = dict(task.get("Retired", {"users": 0, "groups": 0, "memberships": 0}))
        retired["users"] += 1
        return {"Run": task["Run"], "Absences": others, "Retired": retired, "Finished": not others}

    def absent_everywhere(task: UsersTask) -> UsersTask:
        result = answers.export_users(task)
        result["Absences"] = [f"users-{prefix}" for prefix in task["Prefixes"]]
        return result

    run = engine.run(
        "export", {**export_answers(), "export_users": absent_everywhere, "retire_items": one_manifest}
    )

    assert run.status == "SUCCEEDED"
    # users-0, -2, -1, -3, groups and memberships-0-0, dealt out to four workers
    assert run.count("retire_items") == 6
    assert run.output["Counts"]["users"]["retired"] == 6


def test_cleanup_is_planned_from_everything_that_was_listed(engine: Engine) -> None:
    run = engine.run("export", export_answers())

    [task] = run.payloads("plan_cleanup")
    assert task["Run"] == run.payloads("export_groups")[0]["Run"]
    assert [part["Absences"] for part in task["Users"]] == [["users-0"], []]
    assert task["Groups"]["Absences"] == ["groups"]
    assert [part["Absences"] for part in task["Memberships"]] == [["memberships-0-0"], []]
    retired = [task["Absences"] for task in run.payloads("retire_items")]
    assert sorted(retired) == [["groups"], ["memberships-0-0"], ["users-0"]]


def mostly_absent(task: UsersTask) -> UsersTask:
    """A listing that misses a quarter of the users."""
    result = answers.export_users(task)
    result["Counts"] = counts(75, absent=25)
    result["Absences"] = ["users-0"]
    return result


def test_nothing_is_retired_when_too_much_is_absent(engine: Engine) -> None:
    run = engine.run("export", {**export_answers(), "export_users": mostly_absent})

    assert run.status == "SUCCEEDED"
    assert run.output["Status"] == "COMPLETED_WITHOUT_CLEANUP"
    assert "Retire Portions" not in run.path
    [task] = run.payloads("complete_export")
    assert "50 of 200 users" in task["Guard"]
    assert task["Retired"] == []


def test_an_operator_can_allow_it_all_the_same(engine: Engine) -> None:
    run = engine.run(
        "export", {**export_answers(), "export_users": mostly_absent}, '{"AllowMassRetirement": true}'
    )

    assert run.output["Status"] == "COMPLETED"
    assert run.count("retire_items") > 0
    [task] = run.payloads("complete_export")
    assert task["Guard"] == ""


def test_nothing_is_retired_when_nothing_is_absent(engine: Engine) -> None:
    def nothing_gone(task: Any) -> Any:
        return {**export_answers()[task_function(task)](task), "Absences": []}

    def task_function(task: Any) -> str:
        if "Prefixes" in task:
            return "export_users"
        return "export_memberships" if "Portion" in task else "export_groups"

    listings = dict.fromkeys(("export_users", "export_groups", "export_memberships"), nothing_gone)
    run = engine.run("export", {**export_answers(), **listings})

    assert run.output["Status"] == "COMPLETED"
    assert run.count("retire_items") == 0
    assert run.payloads("complete_export")[0]["Retired"] == []


def test_a_pool_without_groups_has_no_memberships_to_list(engine: Engine) -> None:
    def no_groups(task: GroupsTask) -> GroupsTask:
        return {**task, "Counts": counts(0, absent=0), "Absences": [], "Portions": [], "Finished": True}

    run = engine.run("export", {**export_answers(), "export_groups": no_groups})

    assert run.status == "SUCCEEDED"
    assert run.count("export_memberships") == 0
    assert run.payloads("plan_cleanup")[0]["Memberships"] == []
