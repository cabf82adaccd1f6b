"""Patches of ministack's Step Functions: what a path may point to, and how large a payload may be.

(step-functions/latest/dg: "Service quotas", "Concepts: error handling"; states-language.net, "Paths")
"""

import json
from collections.abc import Callable
from typing import Any

from ministack.services import stepfunctions

from local.patching import Patches

MAX_PAYLOAD_BYTES = 262_144

patches = Patches()


def limited(payload: Any, what: str) -> Any:
    """Return a payload that is within the quota of a state's input or output, in UTF-8 bytes."""
    if len(json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()) <= MAX_PAYLOAD_BYTES:
        return payload
    raise stepfunctions._ExecutionError(
        "States.DataLimitExceeded",
        f"The {what} returned a result with a size exceeding the maximum number of bytes service limit.",
    )


@patches.replace(stepfunctions, "_invoke_resource", "a85d2be9a858")
def invoke_resource(original: Callable[..., Any], resource: str, data: Any) -> Any:
    """Fail a task whose input or result is over 262,144 bytes with States.DataLimitExceeded."""
    return limited(original(resource, limited(data, f"input of {resource}")), f"task {resource}")


@patches.replace(stepfunctions, "_execute_task", "53c818d247db")
def execute_task(original: Callable[..., Any], *arguments: Any) -> Any:
    """Fail a Task state whose output is over 262,144 bytes with States.DataLimitExceeded."""
    output, following = original(*arguments)
    return limited(output, "Task state"), following


@patches.replace(stepfunctions, "_execute_parallel", "2166e1f53e5f")
def execute_parallel(original: Callable[..., Any], *arguments: Any) -> Any:
    """Fail a Parallel state whose output is over 262,144 bytes with States.DataLimitExceeded."""
    output, following = original(*arguments)
    return limited(output, "Parallel state"), following


@patches.replace(stepfunctions, "_execute_map", "18ad39652912")
def execute_map(original: Callable[..., Any], *arguments: Any) -> Any:
    """Fail a Map state whose output is over 262,144 bytes with States.DataLimitExceeded."""
    output, following = original(*arguments)
    return limited(output, "Map state"), following


@patches.replace(stepfunctions, "_execute_pass", "b1dff47048bc")
def execute_pass(original: Callable[..., Any], *arguments: Any) -> Any:
    """Fail a Pass state whose output is over 262,144 bytes with States.DataLimitExceeded."""
    output, following = original(*arguments)
    return limited(output, "Pass state"), following


@patches.replace(stepfunctions, "_call_lambda", "25830369b126")
def call_lambda(original: Callable[..., Any], function: str, event: Any) -> Any:
    """Report a throttled invocation as Lambda.TooManyRequestsException."""
    try:
        return original(function, event)
    except stepfunctions._ExecutionError as error:
        if error.error == "Lambda.Unknown" and '"TooManyRequestsException"' in error.cause:
            raise stepfunctions._ExecutionError("Lambda.TooManyRequestsException", error.cause) from error
        raise


def present(path: str, data: Any) -> bool:
    """Whether a path without wildcards points to something, be it null."""
    for kind, value in stepfunctions._parse_jsonpath_tokens(path) or [("nothing", None)]:
        found = (kind == "field" and isinstance(data, dict) and value in data) or (
            kind == "index" and isinstance(data, list) and value < len(data)
        )
        if not found:
            return False
        data = data[value]
    return True


@patches.replace(stepfunctions, "_resolve_path", "4ca0c5fe9f70")
def resolve_path(original: Callable[..., Any], path: str, data: Any) -> Any:
    """Fail with States.Runtime where a path leads nowhere; null is a value like any other."""
    value = original(path, data)
    if value is None and path != "$" and not present(path, data):
        raise stepfunctions._ExecutionError(
            "States.Runtime", f"Invalid path '{path}' : No results for path: {path}"
        )
    return value


@patches.replace(stepfunctions, "_resolve_params_obj", "d41c2e27dd1b")
def resolve_parameters(original: Callable[..., Any], template: Any, data: Any, ctx: Any = None) -> Any:
    """Name a path of Parameters or ItemSelector that leads nowhere States.ParameterPathFailure."""
    try:
        return original(template, data, ctx)
    except stepfunctions._ExecutionError as error:
        if error.error == "States.Runtime":
            raise stepfunctions._ExecutionError("States.ParameterPathFailure", error.cause) from error
        raise


@patches.replace(stepfunctions, "_evaluate_rule", "728e6547c8ca")
def evaluate_rule(original: Callable[..., Any], rule: dict[str, Any], data: Any, ctx: Any = None) -> Any:
    """Let IsPresent see an explicit null as present, and a path that leads nowhere as absent."""
    if "IsPresent" not in rule:
        return original(rule, data, ctx)
    path: str = rule["Variable"]
    found = present(path[1:], ctx) if path.startswith("$$.") else path == "$" or present(path, data)
    return found == rule["IsPresent"]
