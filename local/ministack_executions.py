"""Patches of ministack's Step Functions: how an execution ends, and everything in it with it.

On AWS StopExecution, the state machine's TimeoutSeconds and a failed branch or iteration all end what runs
below them: no further state is entered, a Wait ends. A Lambda function that is already running goes on.
(step-functions/latest/dg: "Parallel workflow state", "Map workflow state", "Concepts: error handling")
"""

import contextvars
import json
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ministack.services import stepfunctions

from local.meter import METER
from local.patching import Patches

STOPPED = "Embedded.Stopped"  # never matched by Retry or Catch, never shown
PAUSE_SLICE = 0.05  # seconds between two looks at whether a Wait has been cut short
INLINE_MAP_CONCURRENCY = 40
NAME_LENGTH = 80

patches = Patches()


@dataclass
class Scope:
    """An execution, or the branches of one Parallel or Map state in it, that end together."""

    execution: dict[str, Any]
    parent: "Scope | None" = None
    failure: Exception | None = None

    def ended(self) -> bool:
        """Whether nothing in this scope may go on."""
        if self.failure is not None or self.execution["status"] != "RUNNING":
            return True
        return self.parent is not None and self.parent.ended()


_scope: contextvars.ContextVar[Scope | None] = contextvars.ContextVar("scope", default=None)


def stop_if_ended() -> None:
    """Raise the error that unwinds a scope which has ended."""
    scope = _scope.get()
    if scope is not None and scope.ended():
        raise stepfunctions._ExecutionError(STOPPED, "")


class Guarded(dict[str, Any]):
    """A state machine's states; looking one up to enter it fails once the scope has ended."""

    def get(self, key: str, default: Any = None) -> Any:
        """Return the state, unless it may not be entered any more, and count that it is entered."""
        stop_if_ended()
        scope = _scope.get()
        if scope is not None:
            METER.add("states", scope.execution["executionArn"].split(":")[3], "transitions")
        return super().get(key, default)


def time_out(execution: dict[str, Any]) -> None:
    """Close an execution as TIMED_OUT, unless it has ended already."""
    if execution["status"] != "RUNNING":
        return
    execution["status"] = "TIMED_OUT"
    execution["error"] = "States.Timeout"
    execution["stopDate"] = stepfunctions.now_iso()
    stepfunctions._add_event(execution, "ExecutionTimedOut", {"executionTimedOutEventDetails": {}})
    stepfunctions._emit_execution_status_event(execution)


@patches.replace(stepfunctions, "_run_execution", "996dff84e0e0")
def run_execution(original: Callable[..., None], arn: str) -> None:
    """End an execution as TIMED_OUT after the TimeoutSeconds of its state machine."""
    execution = stepfunctions._executions[arn]
    machine = stepfunctions._state_machines.get(execution["stateMachineArn"]) or {"definition": "{}"}
    seconds = json.loads(machine["definition"]).get("TimeoutSeconds")
    timer: threading.Timer | None = None
    if seconds is not None:
        run_in_context = contextvars.copy_context().run
        timer = threading.Timer(seconds, run_in_context, (time_out, execution))
        timer.daemon = True
        timer.start()
    token = _scope.set(Scope(execution))
    try:
        original(arn)
    finally:
        _scope.reset(token)
        if timer is not None:
            timer.cancel()


@patches.replace(stepfunctions, "_fail_execution", "e6da895fa0b7")
def fail_execution(original: Callable[..., None], execution: dict[str, Any], error: str, cause: str) -> None:
    """Leave an execution that was stopped or timed out in that status."""
    if execution["status"] == "RUNNING":
        original(execution, error, cause)


@patches.replace(stepfunctions, "_run_sub_machine", "f8d844168b14")
def run_sub_machine(
    original: Callable[..., Any],
    states: dict[str, Any],
    start_at: str,
    input_data: Any,
    execution: dict[str, Any],
    ctx: dict[str, Any],
) -> Any:
    """Enter no state of a branch once its scope ended; give each branch a context object of its own."""
    scope = _scope.get()
    try:
        return original(Guarded(states), start_at, input_data, execution, dict(ctx))
    except Exception as error:
        if scope is not None and scope.failure is None and getattr(error, "error", None) != STOPPED:
            scope.failure = error
        raise


def run_branches(run: Callable[..., Any], state: dict[str, Any], data: Any, execution: Any, ctx: Any) -> Any:
    """Run a Parallel or Map state in a scope of its own: the first failure ends it and is its own."""
    scope = Scope(execution, parent=_scope.get())
    token = _scope.set(scope)
    try:
        return run(state, data, execution, ctx)
    except stepfunctions._ExecutionError as error:
        if error.error == STOPPED and isinstance(scope.failure, stepfunctions._ExecutionError):
            raise scope.failure from None
        raise
    finally:
        _scope.reset(token)


@patches.replace(stepfunctions, "_run_parallel_branches", "b8c7f6915297")
def run_parallel_branches(run: Callable[..., Any], state: Any, data: Any, execution: Any, ctx: Any) -> Any:
    """Stop the other branches of a Parallel state when one fails."""
    return run_branches(run, state, data, execution, ctx)


@patches.replace(stepfunctions, "_run_map_items", "5df19a8074ce")
def run_map_items(original: Callable[..., Any], state: Any, data: Any, execution: Any, ctx: Any) -> Any:
    """Stop the other iterations of a Map state when one fails; run at most 40 at once; want a list."""
    items = stepfunctions._resolve_path_or_ctx(
        state.get("ItemsPath", "$"), stepfunctions._apply_input_path(state, data, ctx), ctx
    )
    if not isinstance(items, list):
        raise stepfunctions._ExecutionError(
            "States.Runtime", f'Reference path "{state.get("ItemsPath", "$")}" must point to array.'
        )
    concurrency = min(state.get("MaxConcurrency") or INLINE_MAP_CONCURRENCY, INLINE_MAP_CONCURRENCY)
    return run_branches(original, {**state, "MaxConcurrency": concurrency}, data, execution, ctx)


@patches.replace(stepfunctions, "_scaled_sleep", "5ed19df2efa9")
def pause(_original: Callable[..., None], seconds: float) -> None:
    """Wait, between attempts or in a Wait state, no longer than the scope lasts."""
    end = time.monotonic() + seconds * stepfunctions._SFN_WAIT_SCALE
    while (left := end - time.monotonic()) > 0:
        stop_if_ended()
        time.sleep(min(left, PAUSE_SLICE))
    stop_if_ended()


@patches.replace(stepfunctions, "_find_matching_retrier", "cb494ae8503c")
def find_matching_retrier(
    original: Callable[..., Any], retriers: list[dict[str, Any]], error: str, counts: dict[int, int]
) -> Any:
    """Honour MaxDelaySeconds (the longest wait) and JitterStrategy FULL (a random wait up to it)."""
    retrier, index = original(retriers, error, counts)
    if retrier is None:
        return retrier, index
    seconds = retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2.0) ** counts.get(index, 0)
    seconds = min(seconds, retrier.get("MaxDelaySeconds", seconds))
    if retrier.get("JitterStrategy") == "FULL":
        seconds *= random.random()
    return {**retrier, "IntervalSeconds": seconds, "BackoffRate": 1.0}, index


@patches.replace(stepfunctions, "_error_matches", "519b9dc729c5")
def error_matches(original: Callable[..., bool], error_equals: list[str], error: str) -> bool:
    """Keep terminal errors terminal.

    States.ALL and States.TaskFailed match neither States.DataLimitExceeded nor States.Runtime; the latter
    is matched by nothing at all.
    """
    if error in (STOPPED, "States.Runtime"):
        return False
    if error == "States.DataLimitExceeded":
        return error in error_equals
    return original(error_equals, error)


@patches.replace(stepfunctions, "_start_execution", "9923282fc76c")
def start_execution(original: Callable[..., Any], request: dict[str, Any]) -> Any:
    """Refuse input that is no JSON; return a running execution of the same name and input (idempotency)."""
    try:
        json.loads(request.get("input", "{}"))
    except ValueError as error:
        text = f"Invalid State Machine Execution Input: '{error}'"
        return stepfunctions.error_response_json("InvalidExecutionInput", text, 400)
    name = request.get("name", "x")
    if not 0 < len(name) <= NAME_LENGTH or any(char in name for char in '<>{}[]?*"#%\\^|~`$&,;:/ '):
        return stepfunctions.error_response_json("InvalidName", f"Invalid Name: '{name}'", 400)
    machine = request.get("stateMachineArn", "").replace(":stateMachine:", ":execution:")
    running = stepfunctions._executions.get(f"{machine}:{name}")
    same_input = running is not None and running["input"] == request.get("input", "{}")
    if running is not None and running["status"] == "RUNNING" and same_input:
        started = {"executionArn": running["executionArn"], "startDate": running["startDate"]}
        return stepfunctions.json_response(started)
    return original(request)
