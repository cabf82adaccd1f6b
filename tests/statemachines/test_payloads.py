"""What holds payloads against their types finds what does not fit."""

from __future__ import annotations

from typing import Any

import pytest

from lifeboat.restore.tasks import CompleteTask, JobTask, ListingTask, Progress, Run, VerifyTask
from lifeboat.workflow import ExecutionTask
from tests.statemachines.answers import import_answers, progress
from tests.statemachines.engine import Engine
from tests.statemachines.payloads import FUNCTIONS, fields, given_by, misfits, taken_by

RUN: Run = {
    "ImportId": "2026-03-01T09:30:00.000Z-5e6f7a8b",
    "UserPoolId": "eu-west-1_AbCdEf123",
    "ExecutionArn": "arn:aws:states:eu-west-1:111122223333:execution:lifeboat-ImportWorkflow:1",
    "ExportId": "2026-03-01T03:00:00.000Z-1a2b3c4d",
    "AsOf": "",
    "Buckets": 1,
    "UserLane": "auto",
    "SourceSubAttribute": "",
    "Warnings": ["the backup is old"],
}
LOOK = progress(settled=1, waiting=1, drained=False)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ({"Run": RUN}, JobTask),
        ({"Run": RUN, "Progress": LOOK}, JobTask),
        ({"Run": RUN, "Parts": ["00"]}, ListingTask),
        ({"Run": {**RUN, "More": 1}, "Bucket": 0}, VerifyTask),
        ({"ExecutionId": "arn", "StartedAt": "2026-03-01T09:30:00.000Z", "Input": [1]}, ExecutionTask),
        ({"a": {"b": 1}}, dict[str, dict[str, int]]),
        (None, str | None),
    ],
)
def test_what_fits(value: Any, kind: Any) -> None:
    assert list(misfits(value, kind)) == []


@pytest.mark.parametrize(
    ("value", "kind", "misfit"),
    [
        ({"Progress": LOOK}, JobTask, "$.Run: missing"),
        ({"Run": RUN, "Parts": 3}, ListingTask, "$.Parts: 3 is not list"),
        ({"Run": RUN, "Parts": ["00", 2]}, ListingTask, "$.Parts[1]: 2 is not str"),
        ({**LOOK, "Drained": 1}, Progress, "$.Drained: 1 is not bool"),
        ({**LOOK, "Settled": True}, Progress, "$.Settled: True is not int"),
        ({**LOOK, "Users": []}, Progress, "$.Users: not in Progress"),
        ({"Run": RUN, "Verified": [{}]}, CompleteTask, "$.Verified[0].Bucket: missing"),
        ([], Progress, "$: [] is not Progress"),
        ({"a": {"b": None}}, dict[str, dict[str, int]], "$.a.b: None is not int"),
        (1, str | None, "$: 1 is not str | None"),
    ],
)
def test_what_does_not_fit(value: Any, kind: Any, misfit: str) -> None:
    assert misfit in list(misfits(value, kind))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_handler_says_what_it_takes_and_gives(function: str) -> None:
    assert taken_by(function) is not Any
    assert fields(given_by(function))


def test_a_run_with_an_answer_that_does_not_fit_is_refused(engine: Engine) -> None:
    answer = {"Run": RUN, "Next": "0", "Finished": True}
    with pytest.raises(AssertionError, match=r"create_groups gives \$\.Next: '0' is not int"):
        engine.run("import", {**import_answers(), "create_groups": lambda _: answer})
