"""What one run of a workflow took: time, requests to Cognito, and everything that AWS would bill."""

import json
import time
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.floors import requested_floor, seconds_by_category
from benchmarks.pace import minutes
from local.embedded import EmbeddedAws
from local.front_control import FrontControl
from local.meter import PATH, Reading, difference
from local.workflows import WorkflowFailedError

FED_BY_QUEUES: Final = ("CreateUsersFunction", "UpdateUsersFunction")
"""Parts of the names of the functions that an SQS event source invokes."""

LOOK_SECONDS: Final = 0.2
"""Between two looks at a running execution. The ledger is not read meanwhile: reads are counted."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One run: its seconds and its floor, Cognito's calls by operation, and the meter's counts.

    `calls` is {operation: {"calls", "throttled", "failed"}}; `meter` as in `local.meter`; `output` is what
    the execution returned; `timeline` is {operation: calls answered well in each second}.
    """

    name: str
    seconds: float
    floor: float
    calls: Mapping[str, Mapping[str, int]]
    meter: Reading
    output: Mapping[str, Any]
    timeline: Mapping[str, Sequence[int]]

    @property
    def over_floor(self) -> float:
        """The run's seconds as a multiple of its floor."""
        return self.seconds / self.floor if self.floor else 0.0

    @property
    def requests(self) -> int:
        """Count all calls to Cognito."""
        return sum(count["calls"] for count in self.calls.values())

    @property
    def throttled(self) -> int:
        """Count the calls that Cognito refused for being too many."""
        return sum(count["throttled"] for count in self.calls.values())

    @property
    def items_written(self) -> int:
        """Count the items put and updated in the backup table, bookkeeping too, each time it is done."""
        return int(self._of_table("items_written"))

    @property
    def items_deleted(self) -> int:
        """Count the items deleted from the backup table; the lock is one."""
        return int(self._of_table("items_deleted"))

    @property
    def write_units(self) -> float:
        """Write units of the table and of its replica."""
        return self._of_table("write_units") + self._of_table("replicated_write_units")

    @property
    def read_units(self) -> float:
        """Read units of the table."""
        return self._of_table("read_units")

    @property
    def transitions(self) -> int:
        """State transitions."""
        return int(sum(region.get("transitions", 0) for region in self.meter.get("states", {}).values()))

    @property
    def functions(self) -> list[Mapping[str, float]]:
        """What was counted of each Lambda function."""
        regions = self.meter.get("functions", {}).values()
        return [function for region in regions for function in region.values()]

    @property
    def gb_seconds(self) -> float:
        """Lambda GB-seconds."""
        return sum(function.get("gb_seconds", 0.0) for function in self.functions)

    @property
    def invocations(self) -> int:
        """Lambda invocations."""
        return int(sum(function.get("invocations", 0) for function in self.functions))

    @property
    def queue_invocations(self) -> int:
        """Count the invocations of functions that a queue feeds."""
        return int(
            sum(
                function.get("invocations", 0)
                for region in self.meter.get("functions", {}).values()
                for name, function in region.items()
                if any(fed in name for fed in FED_BY_QUEUES)
            )
        )

    def service_requests(self, service: str) -> dict[str, int]:
        """Count the requests that were made to another service, by operation."""
        counts: dict[str, int] = {}
        for region in self.meter.get("requests", {}).values():
            for operation, count in region.get(service, {}).items():
                counts[operation] = counts.get(operation, 0) + count
        return counts

    def _of_table(self, name: str) -> float:
        regions = self.meter.get("dynamodb", {}).values()
        return sum(float(region.get(name, 0)) for region in regions)

    def _by_kind(self, name: str) -> dict[str, int]:
        counts: dict[str, int] = {}
        for region in self.meter.get("dynamodb", {}).values():
            for kind, count in region.get(name, {}).items():
                counts[kind] = counts.get(kind, 0) + count
        return counts

    def document(self) -> dict[str, Any]:
        """Return the run as JSON."""
        calls = {operation: count["calls"] for operation, count in self.calls.items()}
        return {
            "name": self.name,
            "seconds": round(self.seconds, 2),
            "floor_seconds": round(self.floor, 2),
            "over_floor": round(self.over_floor, 3),
            "requested_floor_seconds": round(requested_floor(calls), 2),
            "requests": calls,
            "throttled": {name: it["throttled"] for name, it in self.calls.items() if it["throttled"]},
            "failed": {name: it["failed"] for name, it in self.calls.items() if it["failed"]},
            "quota_seconds": {name: round(it, 2) for name, it in seconds_by_category(calls).items()},
            "update_minutes": [round(share, 3) for share in minutes(self.timeline, "UserUpdate")],
            "items_written": self.items_written,
            "items_deleted": self.items_deleted,
            "written_by_kind": self._by_kind("written"),
            "deleted_by_kind": self._by_kind("deleted"),
            "write_units": round(self.write_units, 1),
            "read_units": round(self.read_units, 1),
            "state_transitions": self.transitions,
            "lambda_invocations": self.invocations,
            "queue_invocations": self.queue_invocations,
            "lambda_gb_seconds": round(self.gb_seconds, 2),
            "dynamodb_requests": self.service_requests("dynamodb"),
            "s3_requests": self.service_requests("s3"),
            "sqs_requests": self.service_requests("sqs"),
            "sns_requests": self.service_requests("sns"),
        }


@dataclass(frozen=True, slots=True)
class Stopwatch:
    """Runs workflows on an embedded AWS and measures them."""

    embedded: EmbeddedAws

    @property
    def front(self) -> FrontControl:
        """The control API of the Cognito front."""
        return FrontControl(self.embedded.cognito_endpoint_url)

    def run(
        self,
        name: str,
        region: str,
        state_machine_arn: str,
        given: Mapping[str, Any],
        floor: float,
        accept: str = "SUCCEEDED",
    ) -> Measured:
        """Run one execution and measure it. Raises WorkflowFailedError unless it ends as `accept`."""
        states = self.embedded.client("stepfunctions", region)
        self.front.ask("DELETE", "calls")
        before = self.meter()
        arn = states.start_execution(stateMachineArn=state_machine_arn, input=json.dumps(given))[
            "executionArn"
        ]
        while (execution := states.describe_execution(executionArn=arn))["status"] == "RUNNING":
            self.embedded.check()
            time.sleep(LOOK_SECONDS)
        counted = difference(self.meter(), before)
        calls = self.front.ask("GET", "calls").get(region, {})
        timeline = self.front.ask("GET", "timeline").get(region, {})
        if execution["status"] != accept:
            cause = f"{execution.get('error', '')}: {execution.get('cause', '')}"
            raise WorkflowFailedError(f"{name} ended as {execution['status']}: {cause}")
        seconds = (execution["stopDate"] - execution["startDate"]).total_seconds()
        output = json.loads(execution.get("output") or "{}")
        return Measured(name, seconds, floor, calls, counted, output, timeline)

    def meter(self) -> Reading:
        """Read the meter of the embedded AWS."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(self.embedded.endpoint_url + PATH, timeout=30) as answer:
            reading: Reading = json.load(answer)
        return reading
