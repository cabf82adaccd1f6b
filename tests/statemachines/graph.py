"""What can be wrong with a state machine, read off its definition alone.

cfn-lint does not look inside a DefinitionUri, and neither interpreter refuses a dangling Next, so the
graph is checked here. A check is a generator of problems; `CHECKS` has them all. States form scopes:
the machine itself, each branch of a Parallel and each ItemProcessor of a Map. A transition stays
within its scope.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lifeboat import errors
from tests.statemachines.payloads import fields

Machine = dict[str, Any]
State = dict[str, Any]

AWS_ERRORS = frozenset(
    {
        # docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
        "States.ALL",
        "States.Timeout",
        "Lambda.Unknown",
        "Sandbox.Timedout",
        # docs.aws.amazon.com/step-functions/latest/dg/bp-lambda-serviceexception.html
        "Lambda.AWSLambdaException",
        "Lambda.ClientExecutionTimeoutException",
        "Lambda.SdkClientException",
        "Lambda.ServiceException",
        "Lambda.TooManyRequestsException",
        # docs.aws.amazon.com/lambda/latest/dg/troubleshooting-invocation.html: the process ended, as
        # it does when memory runs out
        "Runtime.ExitError",
    }
)
"""The error names of AWS that the state machines may match on."""

LIFEBOAT_ERRORS = frozenset(
    name
    for name, value in vars(errors).items()
    if isinstance(value, type) and issubclass(value, errors.LifeboatError)
)

TRANSIENT_ERRORS = frozenset(error.__name__ for error in errors.TRANSIENT)

INLINE_CONCURRENCY = 40
"""Iterations of an inline Map that run at a time, whatever MaxConcurrency says: what is planned to run
side by side must not be more (docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html)."""

LONGEST_NAME = 80
"""Characters in a state's name, by AWS's quota."""

VERBS = frozenset(
    {"Attach", "Begin", "Capture", "Check", "Complete", "Create", "Delete", "Detach", "Enqueue", "Export"}
    | {"Fail", "Finish", "List", "Plan", "Prepare", "Restore", "Retire", "Run", "Scan", "Settle"}
    | {"Use", "Verify", "Wait", "Watch"}
)
"""What a state's name may begin with."""

TITLE = re.compile(r"[A-Z][a-z]*( [A-Z][a-z]*)+")

PLACEHOLDER = re.compile(r"\$\{(\w+)\}")


@dataclass(frozen=True)
class Scope:
    """States that can reach each other. `owners` are the Parallel and Map states around them."""

    name: str
    start: str
    states: dict[str, State]
    owners: tuple[State, ...]

    def after(self, name: str) -> Iterator[str]:
        """The states that can follow one."""
        return (target for _, target in transitions(self.states[name]))

    def reached_from(self, name: str) -> set[str]:
        """A state and all that can come after it, as far as they exist."""
        found: set[str] = set()
        waiting = [name]
        while waiting:
            each = waiting.pop()
            if each in self.states and each not in found:
                found.add(each)
                waiting.extend(self.after(each))
        return found


@dataclass(frozen=True)
class Surroundings:
    """What the checks must know beside the definition, by placeholder or by the Map state's name."""

    timeouts: Mapping[str, int]
    """Seconds that the function behind a placeholder may take."""
    answers: Mapping[str, Any]
    """TypedDict that the function behind a placeholder gives."""
    workers: Mapping[str, int]
    """How many items at most are planned for a Map without a MaxConcurrency."""


Check = Callable[[Machine, Surroundings], Iterator[str]]


def read(text: str) -> Machine:
    """A definition before substitution. Raises ValueError if it is not JSON or has a key twice."""
    machine: Machine = json.loads(text, object_pairs_hook=_once_each)
    return machine


def scopes(machine: Machine) -> Iterator[Scope]:
    """The scopes of a state machine, the outermost first."""
    yield from _scopes("the machine", machine, ())


def states(machine: Machine) -> Iterator[tuple[str, State]]:
    """All states in all scopes by name."""
    for scope in scopes(machine):
        yield from scope.states.items()


def transitions(state: State) -> Iterator[tuple[str, str]]:
    """The transitions out of a state: which field names them, and where they lead."""
    for key in ("Next", "Default"):
        if key in state:
            yield key, state[key]
    for key in ("Choices", "Catch"):
        yield from ((key, each["Next"]) for each in state.get(key, []))


def function_of(state: State) -> str:
    """The placeholder that a Task invokes; "" if it invokes no function."""
    match = PLACEHOLDER.fullmatch(state.get("Resource", ""))
    return match[1] if match else ""


def is_failure_task(state: State) -> bool:
    """Whether the state is the one that every failure passes through."""
    return function_of(state).startswith("Fail")


def dangling(machine: Machine, _: Surroundings) -> Iterator[str]:
    """Every transition leads to a state of its own scope."""
    for scope in scopes(machine):
        if scope.start not in scope.states:
            yield f"{scope.name}: StartAt leads to {scope.start}, which is not there"
        for name, state in scope.states.items():
            for key, target in transitions(state):
                if target not in scope.states:
                    yield f"{name}: {key} leads to {target}, which is not in its scope"


def unreachable(machine: Machine, _: Surroundings) -> Iterator[str]:
    """Every state can be reached."""
    for scope in scopes(machine):
        for name in scope.states.keys() - scope.reached_from(scope.start):
            yield f"{name}: cannot be reached"


def dead_ends(machine: Machine, _: Surroundings) -> Iterator[str]:
    """Every state says how it goes on, and from each the end can be reached."""
    for scope in scopes(machine):
        ends = {name for name, state in scope.states.items() if _ends(state)}
        for name, state in scope.states.items():
            if state["Type"] == "Choice":
                if "Default" not in state:
                    yield f"{name}: has no Default"
            elif state["Type"] not in ("Succeed", "Fail") and ("Next" in state) == ("End" in state):
                yield f"{name}: needs either a Next or an End"
            if not ends & scope.reached_from(name):
                yield f"{name}: never comes to an end"


def comments(machine: Machine, _: Surroundings) -> Iterator[str]:
    """The machine and every state say what they are for."""
    if not machine.get("Comment"):
        yield "the machine: has no Comment"
    for name, state in states(machine):
        if not state.get("Comment"):
            yield f"{name}: has no Comment"


def names(machine: Machine, _: Surroundings) -> Iterator[str]:
    """Every state is named as the style asks, and no two alike."""
    seen: set[str] = set()
    for name, state in states(machine):
        if name in seen:
            yield f"{name}: is the name of two states"
        seen.add(name)
        if len(name) > LONGEST_NAME:
            yield f"{name}: is longer than {LONGEST_NAME} characters"
        if state["Type"] == "Choice":
            if not TITLE.fullmatch(name.removesuffix("?")) or not name.endswith("?"):
                yield f"{name}: a Choice is named as a question"
        elif state["Type"] == "Fail":
            if not TITLE.fullmatch(name) or not name.endswith(" Failed"):
                yield f"{name}: a Fail state says what failed"
        elif not TITLE.fullmatch(name) or name.split(" ")[0] not in VERBS:
            yield f"{name}: is not Verb Noun"


def passes(machine: Machine, _: Surroundings) -> Iterator[str]:
    """No state is there for the drawing's sake: a Pass puts together what the state after it works with."""
    for name, state in states(machine):
        if state["Type"] == "Pass" and not state.keys() & {"Parameters", "InputPath"}:
            yield f"{name}: is a Pass state that changes nothing"


def placeholders(machine: Machine, around: Surroundings) -> Iterator[str]:
    """A placeholder is the whole of a string, and stands for a function of the template."""
    for text in _strings(machine):
        if "${" in text and not PLACEHOLDER.fullmatch(text):
            yield f"{text}: a placeholder must stand alone in its quotes"
    for name, state in states(machine):
        if state["Type"] == "Task" and function_of(state) not in around.timeouts:
            yield f"{name}: invokes no function of the template"


def timeouts(machine: Machine, around: Surroundings) -> Iterator[str]:
    """Every Task waits at least as long as its function may take, so that the function's end is seen."""
    for name, state in states(machine):
        if state["Type"] == "Task":
            needed = around.timeouts.get(function_of(state), 0)
            if "TimeoutSeconds" not in state:
                yield f"{name}: has no TimeoutSeconds"
            elif state["TimeoutSeconds"] < needed:
                yield f"{name}: gives up after {state['TimeoutSeconds']} s, its function may take {needed} s"


def retries(machine: Machine, _: Surroundings) -> Iterator[str]:
    """Every Task tries again what is worth it, by name, spread out by jitter."""
    for name, state in states(machine):
        if state["Type"] != "Task":
            continue
        matched = [error for retrier in state.get("Retry", []) for error in retrier["ErrorEquals"]]
        for error in sorted(TRANSIENT_ERRORS - set(matched)):
            yield f"{name}: does not retry {error}"
        for error in sorted({error for error in matched if matched.count(error) > 1}):
            yield f"{name}: retries {error} in two ways"
        for error in sorted({"States.ALL", "States.TaskFailed"} & set(matched)):
            yield f"{name}: retries {error}, which names no error"
        for retrier in state.get("Retry", []):
            if retrier.get("JitterStrategy") != "FULL":
                yield f"{name}: retries without jitter"
            if not retrier.get("MaxAttempts"):
                yield f"{name}: does not say how often it retries"
            if retrier.get("BackoffRate", 1) <= 1 or "MaxDelaySeconds" not in retrier:
                yield f"{name}: retries without a bounded backoff"


def error_names(machine: Machine, _: Surroundings) -> Iterator[str]:
    """Every error matched on can be raised, by AWS or by the package."""
    for name, state in states(machine):
        for key in ("Retry", "Catch"):
            rules = state.get(key, [])
            for error in (error for rule in rules for error in rule["ErrorEquals"]):
                if error not in AWS_ERRORS | LIFEBOAT_ERRORS:
                    yield f"{name}: {key} names {error}, which nothing raises"
            for position, rule in enumerate(rules):
                alone = len(rule["ErrorEquals"]) == 1 and position == len(rules) - 1
                if "States.ALL" in rule["ErrorEquals"] and not alone:
                    yield f"{name}: States.ALL must stand alone and last in {key}"


def uncaught(machine: Machine, _: Surroundings) -> Iterator[str]:
    """Whatever fails, the failure function gets error and cause, and after it the execution fails."""
    outermost = next(scopes(machine))
    failure_tasks = [name for name, state in outermost.states.items() if is_failure_task(state)]
    if len(failure_tasks) != 1:
        yield f"the machine: has {len(failure_tasks)} failure Tasks"
        return
    [failure_task] = failure_tasks
    for scope in scopes(machine):
        for name, state in scope.states.items():
            if state["Type"] not in ("Task", "Map", "Parallel") or is_failure_task(state):
                continue
            if not any(_catches_all(each, failure_task) for each in (state, *scope.owners)):
                yield f"{name}: its errors do not reach {failure_task}"
    states_after = outermost.reached_from(failure_task) - {failure_task}
    for name in states_after:
        state = outermost.states[name]
        if _ends(state) and state["Type"] != "Fail":
            yield f"{name}: a failed run ends here and looks successful"
    if not any(outermost.states[name]["Type"] == "Fail" for name in states_after):
        yield f"{failure_task}: no Fail state comes after it"
    if not any(
        rule["ErrorEquals"] == ["States.ALL"] for rule in outermost.states[failure_task].get("Catch", [])
    ):
        yield f"{failure_task}: its own errors are not caught"


def reasons(machine: Machine, _: Surroundings) -> Iterator[str]:
    """Every Fail state gives error and cause."""
    for name, state in states(machine):
        if state["Type"] == "Fail":
            for key in ("Error", "Cause"):
                if not {key, f"{key}Path"} & state.keys():
                    yield f"{name}: gives no {key}"


def concurrency(machine: Machine, around: Surroundings) -> Iterator[str]:
    """No Map is planned to run more iterations at a time than an inline Map does."""
    for name, state in states(machine):
        if state["Type"] != "Map":
            continue
        if state["ItemProcessor"].get("ProcessorConfig", {}).get("Mode") != "INLINE":
            yield f"{name}: is not an inline Map"
        planned = state.get("MaxConcurrency") or around.workers.get(name)
        if planned is None:
            yield f"{name}: has neither a MaxConcurrency nor a plan"
        elif planned > INLINE_CONCURRENCY:
            yield f"{name}: {planned} iterations at a time, an inline Map runs {INLINE_CONCURRENCY}"


def choices(machine: Machine, around: Surroundings) -> Iterator[str]:
    """A Choice looks at what the function before it answers, and at nothing else."""
    for scope in scopes(machine):
        for name, state in scope.states.items():
            if state["Type"] != "Choice":
                continue
            before = {each: scope.states[each] for each in scope.states if name in scope.after(each)}
            for rule in state["Choices"]:
                for each, task in before.items():
                    kind = _answered(task, rule.get("Variable", ""), around.answers)
                    if kind is None:
                        yield f"{name}: {rule.get('Variable')} is not in the answer of {each}"
                    elif kind is not bool or "BooleanEquals" not in rule:
                        yield f"{name}: {rule['Variable']} is not compared as what it is"


CHECKS: tuple[Check, ...] = (
    dangling,
    unreachable,
    dead_ends,
    comments,
    names,
    passes,
    placeholders,
    timeouts,
    retries,
    error_names,
    uncaught,
    reasons,
    concurrency,
    choices,
)


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise ValueError(f"twice in one object: {', '.join(twice)}")
    return dict(pairs)


def _scopes(name: str, part: Mapping[str, Any], owners: tuple[State, ...]) -> Iterator[Scope]:
    yield Scope(name, part["StartAt"], part["States"], owners)
    for inner, state in part["States"].items():
        for each in (*state.get("Branches", []), *[state[key] for key in ("ItemProcessor",) if key in state]):
            yield from _scopes(inner, each, (*owners, state))


def _ends(state: State) -> bool:
    return state["Type"] in ("Succeed", "Fail") or state.get("End") is True


def _strings(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, list):
        for each in node:
            yield from _strings(each)
    elif isinstance(node, dict):
        for key, each in node.items():
            yield key
            yield from _strings(each)


def _catches_all(state: State, failure_task: str) -> bool:
    """Whether every error of the state goes to the failure Task as it is, in place of the state's input."""
    return any(
        rule["ErrorEquals"] == ["States.ALL"]
        and rule["Next"] == failure_task
        and rule.get("ResultPath", "$") == "$"
        for rule in state.get("Catch", [])
    )


def _answered(task: State, path: str, answers: Mapping[str, Any]) -> Any:
    """The type of what a path finds in a Task's answer; None if the answer does not have it."""
    answer = answers.get(function_of(task))
    result_path = task.get("ResultPath", "$")
    if answer is None or result_path is None or not path.startswith(f"{result_path}."):
        return None
    return fields(answer).get(path.removeprefix(f"{result_path}."))
