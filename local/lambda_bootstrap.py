"""Run one Lambda function: what Lambda's own Python runtime does, in a child process of the embedded AWS.

A script for the base interpreter (`-I -S`): the standard library is all it may import, so that the function
sees nothing but its layers and its own zip. See `lambda_environments.py` for the other end, and
`lambda_nursery.py`, which does the same in a process that it forks.

argv[1] is the function's name (so that `ps` shows it), argv[2] the number of the pipe for answers.
Standard input carries JSON lines: first `{"handler", "task_root", "layers"}`, then one for each invocation,
`{"event", "request_id", "function_arn", "trace_id", "deadline"}` (deadline: seconds since the epoch).
Each is answered by one JSON line: `{"ok": <result>}` or `{"error": {"errorType", "errorMessage", …}}`.
Standard output and standard error are the function's log; the character 1E (hexadecimal) ends the log of
an invocation.
When standard input ends, the embedded AWS is gone: the process ends at once, whatever it is doing.
"""

import importlib
import json
import logging
import os
import queue
import site
import sys
import threading
import time
import traceback
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

END_OF_LOG = "\x1e"

Handler = Callable[[Any, "Context"], Any]


class Context:
    """The context object of the Python runtime (lambda/latest/dg/python-context.html)."""

    identity = None
    client_context = None

    def __init__(self, invocation: dict[str, Any]) -> None:
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.invoked_function_arn: str = invocation["function_arn"]
        self.aws_request_id: str = invocation["request_id"]
        self._deadline: float = invocation["deadline"]

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds left before the function's timeout."""
        return max(0, int((self._deadline - time.time()) * 1000))


class Encoder(json.JSONEncoder):
    """JSON as the Python runtime writes results: decimals become numbers, all else unknown is refused."""

    def default(self, o: Any) -> Any:
        """Convert what JSON does not know."""
        return float(o) if isinstance(o, Decimal) else super().default(o)


def failure(error: Exception, error_type: str | None = None, message: str | None = None) -> dict[str, Any]:
    """Describe an exception as the runtime reports it: the class's name is what Retry and Catch match."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename != __file__]
    return {
        "errorMessage": str(error) if message is None else message,
        "errorType": error_type or type(error).__name__,
        "stackTrace": traceback.format_list(own),
    }


def extend_path(layers: list[str], *before: str) -> None:
    """Put the function's zip (`before`) first on the path, then its layers, as /var/task and /opt at AWS."""
    sys.path[:0] = [*before, *(f"{layer}/python" for layer in layers)]
    for layer in layers:
        for directory in Path(layer).glob("python/lib/python*/site-packages"):
            site.addsitedir(str(directory))


def initialise(init: dict[str, Any]) -> tuple[Handler | None, dict[str, Any] | None]:
    """Return the handler, or the error that the runtime gives when there is none."""
    extend_path(init["layers"], init["task_root"])
    module, _, name = init["handler"].rpartition(".")
    try:
        loaded = importlib.import_module(module.replace("/", "."))
    except ImportError as error:
        text = f"Unable to import module '{module}': {error}"
        return None, failure(error, "Runtime.ImportModuleError", text)
    except SyntaxError as error:
        return None, failure(error, "Runtime.UserCodeSyntaxError")
    except Exception as error:
        return None, failure(error)
    try:
        return getattr(loaded, name), None
    except AttributeError as error:
        text = f"Handler '{name}' missing on module '{module}'"
        return None, failure(error, "Runtime.HandlerNotFound", text)


def run(handler: Handler, invocation: dict[str, Any]) -> dict[str, Any]:
    """Call the handler once. What is no Exception (SystemExit) ends the process, as on AWS."""
    if invocation["trace_id"]:
        os.environ["_X_AMZN_TRACE_ID"] = invocation["trace_id"]
    else:
        os.environ.pop("_X_AMZN_TRACE_ID", None)
    try:
        result = handler(invocation["event"], Context(invocation))
    except Exception as error:
        traceback.print_exc()
        return {"error": {**failure(error), "requestId": invocation["request_id"]}}
    try:
        return {"ok": json.loads(json.dumps(result, cls=Encoder))}
    except (TypeError, ValueError) as error:
        text = f"Unable to marshal response: {error}"
        return {"error": failure(error, "Runtime.MarshalError", text)}


def read_requests(requests: "queue.SimpleQueue[dict[str, Any]]") -> None:
    """Feed the main thread, and end the process the moment nobody is left to answer."""
    pending = b""
    while received := os.read(0, 65_536):  # not sys.stdin: its lock, held here, would hinder a clean exit
        *lines, pending = (pending + received).split(b"\n")
        for line in lines:
            requests.put(json.loads(line))
    os._exit(0)


def log_to_output() -> None:
    """Let the root logger write as the Python runtime does, before anything of the function's is imported."""
    logging.basicConfig(stream=sys.stdout, format="[%(levelname)s]\t%(name)s\t%(message)s")


def serve(answer_fd: int) -> None:
    """Initialise, then serve invocations one at a time until standard input ends."""
    os.set_inheritable(answer_fd, False)
    requests: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=read_requests, args=(requests,), daemon=True).start()
    log_to_output()

    with open(answer_fd, "w", encoding="utf-8", buffering=1) as answers:

        def answer(message: dict[str, Any]) -> None:
            sys.stderr.flush()
            print(END_OF_LOG, flush=True)
            answers.write(json.dumps(message) + "\n")
            answers.flush()

        handler, error = initialise(requests.get())
        if handler is None:
            answer({"error": error})
            sys.exit(1)
        answer({"ok": None})
        while True:
            answer(run(handler, requests.get()))


if __name__ == "__main__":
    serve(int(sys.argv[2]))
