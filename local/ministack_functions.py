"""Patches of ministack's Lambda: functions run in `lambda_environments`; event sources have numbers."""

from collections.abc import Callable
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc
from ministack.services.cloudformation import provisioners

from local import lambda_environments
from local.event_source_rights import check_rights
from local.patching import Patches

EVENT_SOURCE = provisioners._RESOURCE_HANDLERS["AWS::Lambda::EventSourceMapping"]

NUMBERS = (
    "BatchSize",
    "MaximumBatchingWindowInSeconds",
    "MaximumRecordAgeInSeconds",
    "MaximumRetryAttempts",
)
SWITCHES = ("BisectBatchOnFunctionError", "Enabled")

patches = Patches()


@patches.replace(lambda_runtime, "_worker_class_for", "b5a23849280a")
def worker_class_for(original: Callable[..., Any], config: dict[str, Any]) -> Any:
    """Run Python functions where only their layers and their zip can be seen, as on Lambda."""
    if str(config.get("Runtime", "")).startswith("python"):
        return lambda_environments.Environment
    return original(config)


@patches.replace(lambda_svc, "_execute_function_warm", "62b9218bef5b")
def execute_function(original: Callable[..., Any], func: dict[str, Any], event: Any, request_id: str) -> Any:
    """Report the exception's class as errorType, an ended process as Runtime.ExitError (see Retry, Catch)."""
    config = func.get("config") or func
    if str(config.get("Runtime", "")).startswith("python") and func.get("code_zip"):
        return lambda_environments.execute(func, event, request_id)
    return original(func, event, request_id)


def with_numbers(properties: dict[str, Any]) -> dict[str, Any]:
    """Turn an event source's numbers and switches, which a parameter gives as strings, into such."""
    converted = dict(properties)
    for name in NUMBERS:
        if name in converted:
            converted[name] = int(converted[name])
    for name in SWITCHES:
        if name in converted:
            converted[name] = str(converted[name]).lower() == "true"
    scaling = converted.get("ScalingConfig")
    if scaling:
        converted["ScalingConfig"] = {name: int(value) for name, value in scaling.items()}
    return converted


@patches.replace(EVENT_SOURCE, "create", "f053a4e8c30c")
def create_event_source(original: Callable[..., Any], name: str, properties: Any, stack: str) -> Any:
    """Accept a MaximumConcurrency that comes from a template parameter; ask for the role's rights."""
    check_rights(properties)
    return original(name, with_numbers(properties), stack)


@patches.replace(EVENT_SOURCE, "update", "aa8165621335")
def update_event_source(original: Callable[..., Any], name: str, old: Any, new: Any, stack: str) -> Any:
    """Accept a MaximumConcurrency that comes from a template parameter; ask for the role's rights."""
    check_rights(new)
    return original(name, with_numbers(old), with_numbers(new), stack)
