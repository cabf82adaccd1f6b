"""Runs of the state machines under moto's interpreter, with an answer given for every function.

moto's Lambda only echoes, so `LambdaSimpleBackend.invoke` is replaced: an answer is a callable that
takes the payload, and an exception that it raises is reported as the Lambda runtime reports one, by its
class name. The definitions run as they are; only the clock is replaced, so that retries and waits take
no time and can be looked at. One hole of moto is mended: behind an index in the middle of a path, such as
`$.Listed[1].Groups`, it finds a list of one where AWS finds the value. What it would do anew in every run it
does once: read a definition's text, and make a client of Lambda.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import boto3
from moto import mock_aws
from moto.awslambda_simple.models import LambdaSimpleBackend
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor
from moto.stepfunctions.parser.asl.utils import json_path
from moto.stepfunctions.parser.asl.utils.boto_client import boto_client_for
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from lifeboat.model import instant
from tests.statemachines.definitions import function_named, machine_of, text_of
from tests.statemachines.graph import PLACEHOLDER
from tests.statemachines.payloads import given_by, misfits, taken_by

REGION = "us-east-1"
ACCOUNT = "123456789012"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/workflow"

GOOD_INPUT = {"export": "{}", "import": '{"NewUserPoolId": "eu-west-1_AbCdEf123"}', "drill": "{}"}
"""What an operator types, or the schedule gives."""

PATIENCE = 30
"""Seconds after which a run that has not come to its end is a failure of the test."""

INTERPRETER = "moto.stepfunctions.parser.asl.component"

INDEFINITE = re.compile(r"\.\.|[*?:,]")
"""What makes a JSONPath find any number of values; one without it finds a single value."""

Answer = Callable[[Any], Any]
Functions = Mapping[str, Answer]


class RuntimeFault(Exception):
    """A failure that the Lambda service names, not the function."""

    def __init__(self, error_type: str, message: str) -> None:
        super().__init__(message)
        self.error_type = error_type


@dataclass
class Run:
    """One execution, looked at after its end."""

    arn: str = ""
    started_at: str = ""
    status: str = ""
    output: Any = None
    error: str = ""
    cause: str = ""
    path: list[str] = field(default_factory=list)
    """The states of the outermost scope in the order in which they were entered."""
    calls: list[tuple[str, Any]] = field(default_factory=list)
    """Each invocation's function and payload."""
    pauses: list[float] = field(default_factory=list)
    """Seconds before each retry."""
    waits: list[int] = field(default_factory=list)
    """Seconds of each Wait state."""
    misfits: list[str] = field(default_factory=list)
    """Where a payload or an answer is not what the handler's types say."""

    def payloads(self, function: str) -> list[Any]:
        """What a function was invoked with, call by call."""
        return [payload for name, payload in self.calls if name == function]

    def count(self, function: str) -> int:
        """How often a function was invoked."""
        return len(self.payloads(function))


class Engine:
    """An interpreter, in which each workflow can be run any number of times."""

    def __init__(self) -> None:
        self._client = boto3.client("stepfunctions", region_name=REGION)
        self._machines: dict[str, str] = {}
        self._number = 0

    def run(self, workflow: str, functions: Functions, given: str | None = None) -> Run:
        """Run a workflow to its end. `given` is the execution's input as JSON text, by default a good one."""
        self._number += 1
        run = Run()
        machine_arn = self._machine(workflow)
        with _replaced(run, functions):
            before = set(threading.enumerate())
            started = self._client.start_execution(
                stateMachineArn=machine_arn,
                name=f"run-{self._number}",
                input=GOOD_INPUT[workflow] if given is None else given,
            )
            _join_all_but(before)
        self._describe(run, started["executionArn"], machine_of(workflow)["States"])
        assert not run.misfits, "; ".join(run.misfits)
        return run

    def _machine(self, workflow: str) -> str:
        if workflow not in self._machines:
            created = self._client.create_state_machine(
                name=workflow, definition=_substituted(text_of(workflow)), roleArn=ROLE_ARN
            )
            self._machines[workflow] = created["stateMachineArn"]
        return self._machines[workflow]

    def _describe(self, run: Run, arn: str, outermost: Container[str]) -> None:
        found = self._client.describe_execution(executionArn=arn)
        run.arn, run.started_at, run.status = arn, instant(found["startDate"]), found["status"]
        run.output = json.loads(found["output"]) if "output" in found else None
        run.error, run.cause = found.get("error", ""), found.get("cause", "")
        # Not by GetExecutionHistory: moto cannot write down what it was about to do when it was stopped.
        execution: Any = stepfunctions_parser_backends[ACCOUNT][REGION].describe_execution(arn)
        for event in execution.to_history_output()["events"]:
            # States of a branch that is stopped may be entered even behind the Parallel's end.
            entered = event.get("stateEnteredEventDetails", {}).get("name", "")
            if entered in outermost:
                run.path.append(entered)


@contextmanager
def started_engine() -> Iterator[Engine]:
    """An interpreter for as long as the context lasts."""
    parse = AmazonStateLanguageParser.parse

    @cache
    def tree_of(definition: str) -> Any:
        return parse(definition)[1]

    def parse_once(definition: str) -> tuple[Any, Any]:
        # What is run is made anew: it has a state of its own. The text's tree has none.
        tree = tree_of(definition)
        return Preprocessor().visit(tree), tree

    @cache
    def client_once(region: str, service: str) -> Any:
        return boto_client_for(region, service)

    def lambda_client(region: str, service: str, state_credentials: Any = None) -> Any:
        return client_once(region, service)

    config: Any = {"stepfunctions": {"execute_state_machine": True}, "lambda": {"use_docker": False}}
    with (
        mock_aws(config=config),
        patch.object(AmazonStateLanguageParser, "parse", staticmethod(parse_once)),
        patch(f"{INTERPRETER}.state.exec.state_task.lambda_eval_utils.boto_client_for", lambda_client),
    ):
        yield Engine()


class SinglePath:
    """A parsed path that finds a single value, without the context that moto takes for a list's."""

    def __init__(self, parsed: Any) -> None:
        self._parsed = parsed

    def find(self, data: Any) -> list[SimpleNamespace]:
        """What the path finds, as jsonpath_ng gives it."""
        return [
            SimpleNamespace(value=match.value, path=None, context=None) for match in self._parsed.find(data)
        ]


def in_turn(*answers: Answer) -> Answer:
    """One answer after the other; the last one from then on."""
    waiting = deque(answers[:-1])

    def answer(payload: Any) -> Any:
        try:
            each = waiting.popleft()
        except IndexError:
            each = answers[-1]
        return each(payload)

    return answer


def fails(error: Exception) -> Answer:
    """An answer that is this error."""

    def answer(_: Any) -> Any:
        raise error

    return answer


def _substituted(definition: str) -> str:
    return PLACEHOLDER.sub(
        lambda match: f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function_named(match[0])}", definition
    )


@contextmanager
def _replaced(run: Run, functions: Functions) -> Iterator[None]:
    """Lambda and the clock replaced by what answers at once and writes down what happened."""

    def invoke(
        _: LambdaSimpleBackend,
        function_name: str,
        qualifier: str | None,
        body: Any,
        headers: Any,
        response_headers: Any,
    ) -> bytes:
        function, payload = function_name.rpartition(":")[2], json.loads(body)
        run.calls.append((function, payload))
        run.misfits += misfits(payload, taken_by(function), f"{function} takes $")
        try:
            answer = functions[function](payload)
        except TimeoutError:  # what the interpreter itself raises when TimeoutSeconds have passed
            raise
        except Exception as error:
            response_headers["x-amz-function-error"] = "Unhandled"
            return json.dumps(_as_the_runtime_reports(error)).encode()
        run.misfits += misfits(answer, given_by(function), f"{function} gives $")
        return json.dumps(answer).encode()

    def wait(_: object, env: object, wait_seconds: int) -> None:
        run.waits.append(wait_seconds)

    parse = vars(json_path)["parse"]

    def parse_path(path: str) -> Any:
        return parse(path) if INDEFINITE.search(path) else SinglePath(parse(path))

    class Clock:
        """Stands in for the module `time`."""

        @staticmethod
        def sleep(seconds: float) -> None:
            run.pauses.append(seconds)

    with (
        patch.object(LambdaSimpleBackend, "invoke", invoke),
        patch.object(json_path, "parse", parse_path),
        patch(f"{INTERPRETER}.common.retry.retrier_decl.time", Clock),
        patch(f"{INTERPRETER}.state.wait.wait_function.wait_function.WaitFunction._wait_interval", wait),
    ):
        yield


def _as_the_runtime_reports(error: Exception) -> dict[str, Any]:
    return {
        "errorMessage": str(error),
        "errorType": getattr(error, "error_type", type(error).__name__),
        "requestId": "6bc28136-xmpl-4365-b021-0ce6b2e64ab0",
        "stackTrace": ['  File "/var/task/app.py", line 20, in handler\n'],
    }


def _join_all_but(before: set[threading.Thread]) -> None:
    """Wait for the threads of an execution: it is over when none is left."""
    while begun := set(threading.enumerate()) - before:
        for thread in begun:
            if thread.ident is None:  # another thread is just starting it: join would refuse
                time.sleep(0.001)
                continue
            thread.join(PATIENCE)
            assert not thread.is_alive(), "the execution does not come to its end"
