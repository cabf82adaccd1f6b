"""Lambda execution environments of the embedded AWS: each a process that sees only the layers and the zip.

Takes the place of ministack's own worker (`ministack.core.lambda_runtime.Worker`), whose interface it keeps:
ministack leases, counts, reaps and kills these. What Lambda does and that worker does not:

* the exception's class is the `errorType`, with the stack trace; a process that ends is `Runtime.ExitError`;
* an environment outlives an exception of its handler;
* nothing installed next to ministack can be imported, and its environment variables are not inherited;
* the layers and the zip are unpacked once, not once for each environment.

The child's side is `lambda_bootstrap.py`; `function_processes.py` starts it.
"""

import hashlib
import io
import json
import logging
import os
import shutil
import subprocess
import tempfile
import threading
import time
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from local.function_processes import ALIKE, INHERITED, Forked, Start, note, start
from local.lambda_bootstrap import END_OF_LOG
from local.meter import METER

INIT_SECONDS = 120.0  # AWS allows 10 for a start; many at once on a small machine take longer
MAX_RESPONSE_BYTES = 6_291_556  # Lambda's limit of a synchronous response
FROM_EMBEDDED = ("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER",)

functions_log = logging.getLogger("local.functions")

_unpacking = threading.Lock()


class ExitedError(Exception):
    """The environment's process ended while it worked; the message says how."""


@dataclass
class FunctionLog:
    """What a child writes to standard output and error, cut into invocations by END_OF_LOG."""

    source: IO[str]
    lines: list[str] = field(default_factory=list)
    complete: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        """Read for as long as the child lives."""
        threading.Thread(target=self._read, daemon=True, name="function-log").start()

    def _read(self) -> None:
        with self.source:
            for line in self.source:
                text, end, _ = line.rstrip("\n").partition(END_OF_LOG)
                if text or not end:
                    self.lines.append(text)
                if end:
                    self.complete.set()
        self.complete.set()

    def take(self) -> str:
        """Return what was written since the last call, once the invocation's end was seen."""
        self.complete.wait(timeout=1.0)
        self.complete.clear()
        taken, self.lines = self.lines, []
        return "\n".join(taken)


def unpacked(archive: bytes) -> Path:
    """Unpack a zip once, however many environments use it, and return the directory."""
    target = Path(tempfile.gettempdir()) / "unpacked" / hashlib.sha256(archive).hexdigest()[:24]
    with _unpacking:
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            partial = Path(tempfile.mkdtemp(dir=target.parent))
            with zipfile.ZipFile(io.BytesIO(archive)) as zipped:
                zipped.extractall(partial)
            partial.rename(target)
    return target


def process_environment(config: dict[str, Any], task_root: Path, tmp: Path) -> dict[str, str]:
    """Return the variables an environment has: the runtime's, the function's, the embedded AWS's endpoints.

    See lambda/latest/dg/configuration-envvars.html.
    """
    log_group = (config.get("LoggingConfig") or {}).get("LogGroup")
    region = config["FunctionArn"].split(":")[3]
    variables = {name: os.environ[name] for name in INHERITED if name in os.environ}
    variables |= {"TMPDIR": str(tmp), **ALIKE}
    variables |= {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}",
        **{name: os.environ[name] for name in FROM_EMBEDDED if name in os.environ},
    }
    variables |= config.get("Environment", {}).get("Variables", {})
    variables |= {
        "_HANDLER": config["Handler"],
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{config['Runtime']}",
        "AWS_LAMBDA_FUNCTION_NAME": config["FunctionName"],
        "AWS_LAMBDA_FUNCTION_VERSION": config.get("Version", "$LATEST"),
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(config.get("MemorySize", 128)),
        "AWS_LAMBDA_LOG_GROUP_NAME": log_group or f"/aws/lambda/{config['FunctionName']}",
        "AWS_LAMBDA_LOG_STREAM_NAME": f"{time.strftime('%Y/%m/%d')}/[$LATEST]{os.urandom(16).hex()}",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "LAMBDA_TASK_ROOT": str(task_root),
        **lambda_runtime.execution_credentials(config),
    }
    return {name: str(value) for name, value in variables.items()}


class Environment:
    """One execution environment, started at its first invocation and again after its process has ended."""

    def __init__(self, func_name: str, config: dict[str, Any], code_zip: bytes) -> None:
        self.func_name = func_name
        self.config = config
        self.code_zip = code_zip
        self.in_use = False  # ministack's lease, like the next one
        self.last_used = time.time()
        self._proc: subprocess.Popen[bytes] | Forked | None = None
        self._tmpdir: Path | None = None
        self._note: Path | None = None
        self._answers: IO[str] | None = None
        self._log: FunctionLog | None = None

    def invoke(
        self, event: object, request_id: str, *, trace_id: str | None = None, function_arn: str = ""
    ) -> dict[str, Any]:
        """Run one invocation; return ministack's result: `body` and `log`, and `error` if it failed."""
        timeout = float(self.config.get("Timeout", 3))
        try:
            if self._proc is None or self._proc.poll() is not None:
                answer = self._start()
                if "error" in answer:
                    return self._result(answer, request_id)
            answer = self._ask(
                {
                    "event": event,
                    "request_id": request_id,
                    "function_arn": function_arn,
                    "trace_id": trace_id,
                    "deadline": time.time() + timeout,
                },
                timeout,
            )
        except TimeoutError:
            text = f"RequestId: {request_id} Error: Task timed out after {timeout:.2f} seconds"
            answer = {"error": {"errorType": "Sandbox.Timedout", "errorMessage": text}}
        except ExitedError as error:
            text = f"RequestId: {request_id} Error: Runtime exited with error: {error}"
            answer = {"error": {"errorType": "Runtime.ExitError", "errorMessage": text}}
        return self._result(answer, request_id)

    def _result(self, answer: dict[str, Any], request_id: str) -> dict[str, Any]:
        log = self._log.take() if self._log else ""
        failed = answer.get("error")
        functions_log.info("%s %s %s\n%s", self.func_name, request_id, "FAILED" if failed else "ok", log)
        if failed:
            if failed["errorType"].startswith(("Runtime.Exit", "Sandbox.")):
                log = f"{log}\n{failed['errorMessage']}"
            return {"body": failed, "error": True, "log": log}
        return {"body": answer["ok"], "log": log}

    def _start(self) -> dict[str, Any]:
        """Start the process; return its first answer, which says whether the handler could be imported."""
        self._discard_tmpdir()
        self._tmpdir = Path(tempfile.mkdtemp(prefix="environment-"))
        task_root = unpacked(self.code_zip)
        references = self.config.get("Layers") or []
        archives = [lambda_svc._resolve_layer_zip(reference) for reference in references]
        layers = [str(unpacked(archive)) for archive in reversed(archives) if archive]
        region = self.config["FunctionArn"].split(":")[3]
        variables = process_environment(self.config, task_root, self._tmpdir)
        answers, child_answers = os.pipe()
        try:
            self._proc = start(Start(self.func_name, tuple(layers), task_root, variables, child_answers))
        finally:
            os.close(child_answers)
        assert self._proc.stdout is not None
        self._note = note(self._proc.pid, self.func_name, region)
        self._answers = os.fdopen(answers, encoding="utf-8")
        self._log = FunctionLog(io.TextIOWrapper(self._proc.stdout, "utf-8", errors="replace"))
        self._log.start()
        init = {"handler": self.config["Handler"], "task_root": str(task_root), "layers": layers}
        METER.add("functions", region, self.func_name, "starts")
        answer = self._ask(init, INIT_SECONDS)
        if "error" not in answer:
            self._log.complete.wait(timeout=1.0)
            self._log.complete.clear()
        return answer

    def _ask(self, message: dict[str, Any], timeout: float) -> dict[str, Any]:
        """Send a request and wait for its answer. Raises TimeoutError or ExitedError; the process is gone."""
        process, answers = self._proc, self._answers
        assert process is not None
        assert process.stdin is not None
        assert answers is not None
        expired = threading.Event()

        def expire() -> None:
            expired.set()
            process.kill()

        timer = threading.Timer(timeout, expire)
        timer.start()
        try:
            process.stdin.write(json.dumps(message).encode() + b"\n")
            process.stdin.flush()
            line = answers.readline()
        except OSError:
            line = ""
        finally:
            timer.cancel()
        if line:
            return limited(json.loads(line), len(line))
        code = process.wait()
        self._close()
        if expired.is_set():
            raise TimeoutError
        raise ExitedError(f"signal: {signal_name(-code)}" if code < 0 else f"exit status {code}")

    def _close(self) -> None:
        for pipe in (self._answers, self._proc.stdin if self._proc else None):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:  # what the ended process did not read is flushed in vain
                    continue
        self._answers = self._proc = None
        self._unnote()

    def _unnote(self) -> None:
        """Forget the process, whose number another may soon have."""
        if self._note is not None:
            self._note.unlink(missing_ok=True)
            self._note = None

    def _discard_tmpdir(self) -> None:
        """Remove the environment's own /tmp (ministack calls this after it has killed the process)."""
        self._unnote()
        if self._tmpdir is not None:
            shutil.rmtree(self._tmpdir, ignore_errors=True)
            self._tmpdir = None


def signal_name(number: int) -> str:
    """Name a signal the way Lambda's logs do ("signal: killed")."""
    return {9: "killed", 15: "terminated", 11: "segmentation fault"}.get(number, str(number))


def limited(answer: dict[str, Any], size: int) -> dict[str, Any]:
    """Refuse an answer over Lambda's response limit."""
    if size <= MAX_RESPONSE_BYTES:
        return answer
    text = f"Response payload size exceeded maximum allowed payload size ({MAX_RESPONSE_BYTES} bytes)."
    return {"error": {"errorType": "Function.ResponseSizeTooLarge", "errorMessage": text}}


def execute(func: dict[str, Any], event: object, request_id: str) -> dict[str, Any]:
    """Run one invocation in a leased environment: stands in for `lambda_svc._execute_function_warm`."""
    config = func.get("config") or func
    lambda_svc._ensure_reaper_thread()
    environment, _ = lambda_runtime.acquire_worker(
        config["FunctionName"], config, func["code_zip"], qualifier=config.get("Version", "$LATEST")
    )
    started = time.monotonic()
    try:
        result: dict[str, Any] = environment.invoke(
            event,
            request_id,
            trace_id=lambda_svc._xray_trace_id_for_invocation(config),
            function_arn=config["FunctionArn"],
        )
    finally:
        meter_invocation(config, time.monotonic() - started)
        lambda_runtime.release_worker(environment)
    return result


def meter_invocation(config: dict[str, Any], seconds: float) -> None:
    """Count what Lambda bills of an invocation: its time, a cold start's too, times the memory."""
    path = ("functions", config["FunctionArn"].split(":")[3], config["FunctionName"])
    memory = int(config.get("MemorySize", 128))
    METER.add(*path, "invocations")
    METER.add(*path, "seconds", amount=seconds)
    METER.add(*path, "gb_seconds", amount=seconds * memory / 1024)
    METER.largest(*path, "memory_mb", amount=memory)
