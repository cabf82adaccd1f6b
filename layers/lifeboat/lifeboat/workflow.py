"""What both workflows have in common: the execution's context, and failures made readable."""

from __future__ import annotations

import json
from typing import Any, NotRequired, TypedDict


class ExecutionTask(TypedDict):
    """What a workflow's first and failure states pass on: context, input, and the error if any."""

    ExecutionId: str
    StartedAt: str
    Input: NotRequired[Any]
    Error: NotRequired[str]
    Cause: NotRequired[str]


class Failure(TypedDict):
    """Error name and cause of a failed execution."""

    Error: str
    Cause: str


def plain_failure(error: str, cause: str) -> Failure:
    """The failure with the message alone as its cause.

    A Fail state may not use the prefix `States.`, which the States Language reserves.

    For a Lambda task the cause is a JSON text with errorMessage, errorType and stackTrace
    (https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html).
    """
    try:
        details = json.loads(cause)
    except ValueError:
        details = None
    if isinstance(details, dict) and "errorMessage" in details:
        cause = str(details["errorMessage"])
        error = str(details.get("errorType") or error)
    return {"Error": error.removeprefix("States.") or "TaskFailed", "Cause": cause or "no cause was given"}
