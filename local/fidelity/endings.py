"""Ending a run of the import as roughly as can be: its execution is stopped, its functions are killed."""

import os
import signal
import time
from typing import Any, Final

from local.embedded import EmbeddedAws
from local.front_control import FrontControl
from local.function_processes import function_processes

LOOK_SECONDS: Final = 0.02
INVOCATION: Final = b"Function-"
"""What stands in each line of functions.log that tells of an invocation."""


class Progress:
    """How far an import is: calls that Cognito has received in its Region, and invocations that ended."""

    def __init__(self, embedded: EmbeddedAws, region: str) -> None:
        self._front = FrontControl(embedded.cognito_endpoint_url)
        self._region = region
        self._log = embedded.state_dir / "functions.log"
        self._start = 0
        self._start = self.count()

    def count(self) -> int:
        """Count calls and invocations since this was made."""
        tallies = self._front.ask("GET", "calls").get(self._region, {})
        calls = sum(int(tally["calls"]) for tally in tallies.values())
        return calls + self._log.read_bytes().count(INVOCATION) - self._start


def stop_at(states: Any, execution_arn: str, progress: Progress, count: int) -> int:
    """Stop an execution once it has come so far; return how far it was.

    It may have ended by then: the count is of another run, and no two runs make the same calls.
    """
    while progress.count() < count and _runs(states, execution_arn):
        time.sleep(LOOK_SECONDS)
    if _runs(states, execution_arn):
        states.stop_execution(executionArn=execution_arn)
    return progress.count()


def _runs(states: Any, execution_arn: str) -> bool:
    return bool(states.describe_execution(executionArn=execution_arn)["status"] == "RUNNING")


def kill_functions(embedded: EmbeddedAws, region: str) -> int:
    """Kill every process of a Lambda function in a Region of this embedded AWS; return how many."""
    killed = 0
    for process in function_processes(embedded.state_dir, region):
        try:
            os.kill(process, signal.SIGKILL)
        except ProcessLookupError:
            continue
        killed += 1
    return killed
