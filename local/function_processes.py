"""The processes in which Lambda functions run: how they are started, and which there are.

Where the system lets orphans be adopted (Linux), they are forked by a nursery (`lambda_nursery.py`), one for
each set of layers and of the variables that matter to these. Elsewhere each is started by itself, which takes
longer and is the same in all else.
"""

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import IO, Final

from local.lambda_nursery import LOOKED_AT

BOOTSTRAP: Final = Path(__file__).with_name("lambda_bootstrap.py")
NURSERY: Final = Path(__file__).with_name("lambda_nursery.py")
PROCESSES: Final = "processes"
"""The directory, in the embedded AWS's temporary one, with a file for each environment's process."""

INHERITED: Final = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "SYSTEMROOT")
ALIKE: Final = {"TZ": ":UTC", "AWS_XRAY_SDK_ENABLED": "false"}
"""Variables that every environment has: there is no X-Ray daemon here, so its SDK is off."""
NO_CONFIGURATION: Final = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
"""What a nursery has besides, so that the SDK looks at no file of the caller's."""

FORKS: Final = sys.platform.startswith("linux")
PR_SET_CHILD_SUBREAPER: Final = 36  # linux/prctl.h
LOOK_SECONDS: Final = 0.005


@dataclass(frozen=True, slots=True)
class Start:
    """A process to start. `layers` are directories, `answers` is the descriptor that it answers by."""

    name: str
    layers: tuple[str, ...]
    directory: Path
    variables: Mapping[str, str]
    answers: int


def base_interpreter() -> str:
    """Return the interpreter behind the virtual environment, which has none of its packages."""
    return str(getattr(sys, "_base_executable", None) or sys.executable)


def start(wanted: Start) -> "subprocess.Popen[bytes] | Forked":
    """Start a process that serves a function's invocations."""
    if FORKS and adopts_orphans():
        return nursery(wanted.layers, wanted.variables).fork(wanted)
    return subprocess.Popen(
        [base_interpreter(), "-I", "-S", str(BOOTSTRAP), wanted.name, str(wanted.answers)],
        cwd=wanted.directory,
        env=dict(wanted.variables),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        pass_fds=[wanted.answers],
    )


@dataclass
class Forked:
    """A forked process, which this one has adopted: what ministack asks of a Popen."""

    pid: int
    stdin: IO[bytes]
    stdout: IO[bytes]
    returncode: int | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def poll(self) -> int | None:
        """Return how the process ended, None while it runs."""
        with self._lock:
            if self.returncode is None:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
                if pid:
                    self.returncode = os.waitstatus_to_exitcode(status)
            return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end. Raises subprocess.TimeoutExpired."""
        end = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if end is not None and time.monotonic() > end:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0.0)
            time.sleep(LOOK_SECONDS)
        return code

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it has not ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


class Nursery:
    """A process that has imported the modules of some layers, and forks."""

    def __init__(self, layers: Sequence[str], looked_at: Mapping[str, str]) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._lock = threading.Lock()
        variables = {name: os.environ[name] for name in INHERITED if name in os.environ}
        variables |= {**ALIKE, **NO_CONFIGURATION, **looked_at}
        with theirs:
            self._process = subprocess.Popen(
                [base_interpreter(), "-I", "-S", str(NURSERY), str(theirs.fileno()), *layers],
                env=variables,
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )

    def fork(self, wanted: Start) -> Forked:
        """Fork a process. Raises OSError if the nursery is gone."""
        packet = {
            "name": wanted.name,
            "directory": str(wanted.directory),
            "variables": dict(wanted.variables),
        }
        their_stdin, stdin = os.pipe()
        stdout, their_stdout = os.pipe()
        ours = os.fdopen(stdin, "wb"), os.fdopen(stdout, "rb")
        try:
            with self._lock:
                descriptors = [their_stdin, their_stdout, wanted.answers]
                socket.send_fds(self._control, [json.dumps(packet).encode()], descriptors)
                pid = self._control.recv(32)
            if not pid:
                raise OSError(f"{NURSERY.name} has ended with exit status {self._process.wait()}")
        except OSError:
            for pipe in ours:
                pipe.close()
            raise
        finally:
            os.close(their_stdin)
            os.close(their_stdout)
        return Forked(int(pid), *ours)


_making = threading.Lock()


@cache
def _nursery(layers: tuple[str, ...], looked_at: tuple[tuple[str, str], ...]) -> Nursery:
    return Nursery(layers, dict(looked_at))


def nursery(layers: tuple[str, ...], variables: Mapping[str, str]) -> Nursery:
    """Return the nursery of these layers for functions with these variables, started at the first call."""
    looked_at = sorted(each for each in variables.items() if each[0].startswith(LOOKED_AT))
    with _making:
        return _nursery(layers, tuple(looked_at))


@cache
def adopts_orphans() -> bool:
    """Become the parent of processes below this one whose own parent has ended (man 2 prctl)."""
    return bool(ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0)


# -- which there are ----------------------------------------------------------------------------


def note(pid: int, function: str, region: str) -> Path:
    """Note a process where `function_processes` looks; return the note, to be removed at its end."""
    directory = Path(tempfile.gettempdir()) / PROCESSES
    directory.mkdir(exist_ok=True)
    written = directory / str(pid)
    written.write_text(json.dumps({"function": function, "region": region}))
    return written


def function_processes(state_dir: Path, region: str, function: str = "") -> Iterator[int]:
    """Go through the processes of functions of a Region, or of one function, of an embedded AWS.

    state_dir is that of the EmbeddedAws. One that has ended may be among them.
    """
    for written in state_dir.glob(f"run-*/{PROCESSES}/*"):
        try:
            noted = json.loads(written.read_text())
        except (OSError, ValueError):  # it is being written or has just been removed
            continue
        if noted["region"] == region and function in ("", noted["function"]):
            yield int(written.name)
