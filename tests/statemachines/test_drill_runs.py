"""The DrillWorkflow's paths: whatever comes of its import, the pool is cleared away."""

from __future__ import annotations

import pytest

from lifeboat.errors import AlreadyRunning, CognitoUnavailable, SettingMissing
from tests.statemachines.answers import CREATED_POOL_ID, DRILL_ID, complete_drill, drill_answers
from tests.statemachines.engine import Engine, fails

BUSY = CognitoUnavailable("DeleteUserPool", "UserImportInProgressException")


def test_a_drill_watches_its_import_clears_away_and_says_how_it_went(engine: Engine) -> None:
    run = engine.run("drill", drill_answers(), '{"SamplePercent": 10}')

    assert run.status == "SUCCEEDED"
    assert run.output["Passed"] is True
    assert run.path == [
        "Begin Drill",
        "Watch Drill",
        "Import Ended?",
        "Watch Drill",
        "Import Ended?",
        "Delete Scratch Pool",
        "Complete Drill",
        "Drill Passed?",
        "Finish Drill",
    ]
    assert [task["Drill"]["DrillId"] for task in run.payloads("delete_scratch_pool")] == [DRILL_ID]
    [begun] = run.payloads("begin_drill")
    assert begun["ImportWorkflow"]
    assert begun["Input"] == {"SamplePercent": 10}
    assert CREATED_POOL_ID not in str(run.payloads("complete_drill"))


def test_a_drill_that_did_not_pass_is_cleared_away_and_fails(engine: Engine) -> None:
    def incomplete(task: object) -> object:
        ended = complete_drill(task)  # type: ignore[arg-type]
        return {**ended, "Passed": False, "Error": "DrillFailed", "Cause": "2 users failed"}

    run = engine.run("drill", {**drill_answers(), "complete_drill": incomplete})

    assert (run.status, run.error, run.cause) == ("FAILED", "DrillFailed", "2 users failed")
    assert run.count("delete_scratch_pool") == 1
    assert run.count("fail_drill") == 0


def test_a_pool_that_cannot_be_deleted_yet_is_tried_again_and_then_left_to_the_failure(
    engine: Engine,
) -> None:
    run = engine.run("drill", {**drill_answers(), "delete_scratch_pool": fails(BUSY)})

    assert (run.status, run.error) == ("FAILED", "CognitoUnavailable")
    assert run.count("delete_scratch_pool") == 4
    assert run.count("fail_drill") == 1
    assert run.count("complete_drill") == 0


@pytest.mark.parametrize("error", [AlreadyRunning("another drill runs"), SettingMissing("TABLE_NAME")])
def test_a_drill_that_cannot_begin_is_cleared_away_too(engine: Engine, error: Exception) -> None:
    run = engine.run("drill", {**drill_answers(), "begin_drill": fails(error)})

    assert (run.status, run.error) == ("FAILED", type(error).__name__)
    assert [name for name, _ in run.calls] == ["begin_drill", "fail_drill"]
