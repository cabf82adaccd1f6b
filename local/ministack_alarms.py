"""Patches of ministack's CloudWatch: alarms on queues and on state machines, as their services report them.

ministack keeps the alarms of a stack but has no metrics of SQS and of Step Functions, so that those alarms
would stay as they were made. Here they are evaluated from the queues and executions themselves whenever
alarms are described; nobody is notified
(AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html, "Alarm evaluation" and "missing data").
And boto3 speaks CBOR with CloudWatch, for which ministack needs a package that is not among the requirements.
"""

import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, cast

from ministack.services import cloudwatch, sqs, stepfunctions

from local import cbor
from local.patching import Patches

patches = Patches()

_ENDED = {
    "ExecutionsSucceeded": "SUCCEEDED",
    "ExecutionsFailed": "FAILED",
    "ExecutionsTimedOut": "TIMED_OUT",
    "ExecutionsAborted": "ABORTED",
}
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "GreaterThanOrEqualToThreshold": lambda value, threshold: value >= threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
    "LessThanOrEqualToThreshold": lambda value, threshold: value <= threshold,
}


def speak_cbor() -> None:
    """Let ministack find what it looks for under the name of cbor2."""
    sys.modules.setdefault("cbor2", cbor)


@patches.replace(cloudwatch, "_describe_alarms", "ab8f092ff9ae")
def describe_alarms(original: Callable[..., Any], *arguments: Any, **more: Any) -> Any:
    """Evaluate the alarms of the Region on queues and state machines first."""
    for alarm in cloudwatch._alarms.values():
        evaluate(alarm, time.time())
    return original(*arguments, **more)


def evaluate(alarm: dict[str, Any], moment: float) -> None:
    """Set an alarm's state by what SQS and Step Functions would report; leave other alarms alone."""
    dimensions = {each["Name"]: each["Value"] for each in alarm.get("Dimensions") or ()}
    period, periods = int(alarm["Period"]), int(alarm["EvaluationPeriods"])
    if alarm["Namespace"] == "AWS/States" and alarm["MetricName"] in _ENDED:
        values = list(executions(dimensions, _ENDED[alarm["MetricName"]], moment, period, periods))
    elif alarm["Namespace"] == "AWS/SQS":
        values = [queued(alarm["MetricName"], dimensions.get("QueueName", ""), moment)] * periods
    else:
        return
    compare, threshold = _COMPARE[alarm["ComparisonOperator"]], float(alarm["Threshold"])
    missing = alarm.get("TreatMissingData", "missing")
    if missing in ("missing", "ignore") and all(value is None for value in values):
        return
    breaching = [missing == "breaching" if value is None else compare(value, threshold) for value in values]
    needed = int(alarm.get("DatapointsToAlarm") or periods)
    state = "ALARM" if sum(breaching) >= needed else "OK"
    if state != alarm["StateValue"]:
        alarm["StateValue"] = state
        alarm["StateReason"] = f"evaluated over {periods} periods of {period} seconds"
        alarm["StateUpdatedTimestamp"] = alarm["StateTransitionedTimestamp"] = int(moment)


def executions(
    dimensions: dict[str, str], status: str, moment: float, period: int, periods: int
) -> Iterator[float | None]:
    """Count a state machine's executions that ended so, in each period up to now; None where none ended."""
    machine = dimensions.get("StateMachineArn")
    ended = [
        cast(int, stepfunctions._iso_to_epoch_ms(execution["stopDate"])) / 1000
        for execution in list(stepfunctions._executions.values())
        if execution["stateMachineArn"] == machine
        and execution["status"] == status
        and execution.get("stopDate")
    ]
    for number in range(periods):
        end = moment - number * period
        count = sum(end - period < each <= end for each in ended)
        yield float(count) or None


def queued(metric: str, name: str, moment: float) -> float | None:
    """Return what SQS would report of a queue; None for a metric that is not known here."""
    messages = [
        message
        for queue in list(sqs._queues.values())
        if queue["name"] == name
        for message in queue["messages"]
    ]
    if metric == "ApproximateNumberOfMessagesVisible":
        return float(sum(message["visible_at"] <= moment for message in messages))
    if metric == "ApproximateAgeOfOldestMessage":
        return max((moment - message["sent_at"] for message in messages), default=0.0)
    return None
