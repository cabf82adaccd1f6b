"""Child processes on the loopback interface: started apart, watched while they start, ended as a group."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

LOOPBACK = "127.0.0.1"
REPOSITORY = Path(__file__).resolve().parent.parent
START_SECONDS = 90.0
STOP_SECONDS = 5.0
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE")


class EmbeddedAwsError(Exception):
    """The embedded AWS did not start, or a deployment failed; the message ends with the end of the log."""


def log_tail(log: Path, lines: int = 25) -> str:
    """Return the end of a log file, for an error message."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else "(no log)"


def clean_environment(**variables: str) -> dict[str, str]:
    """Return a process environment with nothing of the caller's but how to find programs and encode text."""
    return {name: os.environ[name] for name in INHERITED if name in os.environ} | variables


def listen(port: int) -> socket.socket:
    """Take a port of the loopback interface; 0 takes a free one."""
    taken = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((LOOPBACK, port))
    except OSError as error:
        taken.close()
        raise EmbeddedAwsError(f"Port {port} of {LOOPBACK} cannot be used: {error.strerror}") from error
    return taken


_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # no proxy on the way to loopback


class Child:
    """A module of this repository in a process group of its own, tethered to this process."""

    def __init__(
        self,
        name: str,
        command: list[str],
        environment: dict[str, str],
        log: Path,
        listening: socket.socket | None = None,
    ) -> None:
        self.name = name
        self.log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "local.tether", *command],
                cwd=REPOSITORY,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=[listening.fileno()] if listening else [],
            )

    def finish(self) -> None:
        """Wait for its end. Raises EmbeddedAwsError if it fails; it is stopped if the wait is interrupted."""
        try:
            status = self.process.wait()
        except BaseException:
            self.stop()
            raise
        self._close()
        if status != 0:
            raise self.failure(f"failed with exit status {status}")

    def stop(self, grace: float = STOP_SECONDS) -> None:
        """Ask it to terminate, end what is left of its process group, and collect it."""
        self._signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(grace)
        self._signal(signal.SIGKILL)
        self.process.wait()
        self._close()

    def _close(self) -> None:
        if self.process.stdin is not None:
            self.process.stdin.close()

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, number)

    def failure(self, what: str) -> EmbeddedAwsError:
        """Describe a failure with the end of the log."""
        return EmbeddedAwsError(f"{self.name} {what}. The end of {self.log}:\n{log_tail(self.log)}")


def wait_until_healthy(child: Child, url: str, seconds: float = START_SECONDS) -> None:
    """Ask until the answer is 200. Raises EmbeddedAwsError when the child ends or the time is up."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while time.monotonic() < deadline:
        if child.process.poll() is not None:
            raise child.failure(f"ended with exit status {child.process.returncode}")
        with (
            contextlib.suppress(OSError),
            _opener.open(url, timeout=2),
        ):  # URLError and HTTPError are OSErrors
            return
        pause.wait(0.05)
    raise child.failure(f"did not answer {url} within {seconds:.0f} seconds")
