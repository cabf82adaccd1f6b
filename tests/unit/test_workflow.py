"""Failures made readable."""

import json

import pytest

from lifeboat.workflow import plain_failure

LAMBDA_CAUSE = json.dumps(
    {"errorMessage": "Resume: missing", "errorType": "InvalidInput", "stackTrace": ["a", "b"]}
)


@pytest.mark.parametrize(
    ("error", "cause", "expected"),
    [
        ("InvalidInput", LAMBDA_CAUSE, ("InvalidInput", "Resume: missing")),
        ("States.TaskFailed", LAMBDA_CAUSE, ("InvalidInput", "Resume: missing")),
        ("Runtime.ExitError", '{"errorMessage": "exit status 1"}', ("Runtime.ExitError", "exit status 1")),
        ("States.Timeout", "", ("Timeout", "no cause was given")),
        ("States.TaskFailed", "", ("TaskFailed", "no cause was given")),
        ("", "", ("TaskFailed", "no cause was given")),
        ("ImportIncomplete", "3 users failed", ("ImportIncomplete", "3 users failed")),
        ("X", '{"other": 1}', ("X", '{"other": 1}')),
        ("X", "[1]", ("X", "[1]")),
        ("X", "null", ("X", "null")),
    ],
)
def test_a_failure_is_its_message_alone(error: str, cause: str, expected: tuple[str, str]) -> None:
    assert plain_failure(error, cause) == {"Error": expected[0], "Cause": expected[1]}
