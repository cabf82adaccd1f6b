"""List prices in US dollars without free tiers, in us-east-1 on READ_ON: of what runs use, and by the month.

`cost` prices a measured run: PRICES only, so without what is paid by the month whatever runs (MONTHLY), and
without monthly active users (ACTIVE_USER).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

READ_ON: Final = "2026-11-21"
"""When the prices were looked up."""


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars for one unit, and where that is said."""

    dollars: float
    unit: str
    source: str


PRICES: Final[Mapping[str, Price]] = {
    "write_units": Price(
        0.625e-6, "write request unit, each replica's too", "aws.amazon.com/dynamodb/pricing"
    ),
    "read_units": Price(0.125e-6, "read request unit", "aws.amazon.com/dynamodb/pricing"),
    "state_transitions": Price(0.025e-3, "state transition", "aws.amazon.com/step-functions/pricing"),
    "lambda_gb_seconds": Price(0.0000133334, "GB-second on arm64", "aws.amazon.com/lambda/pricing"),
    "lambda_invocations": Price(0.20e-6, "invocation", "aws.amazon.com/lambda/pricing"),
    "sqs_requests": Price(0.40e-6, "request to a standard queue", "aws.amazon.com/sqs/pricing"),
    "s3_writes": Price(0.005e-3, "PUT, COPY, POST or LIST request", "aws.amazon.com/s3/pricing"),
    "s3_reads": Price(0.0004e-3, "GET request", "aws.amazon.com/s3/pricing"),
    "sns_requests": Price(0.50e-6, "request", "aws.amazon.com/sns/pricing"),
}
"""By the name of what a run's document counts."""

MONTHLY: Final[Mapping[str, Price]] = {
    "storage_gb": Price(
        0.25, "GB of the table and its indexes, in each Region, a month", "aws.amazon.com/dynamodb/pricing"
    ),
    "recovery_gb": Price(
        0.20, "GB under point-in-time recovery, in each Region, a month", "aws.amazon.com/dynamodb/pricing"
    ),
    "transfer_gb": Price(0.02, "GB sent to the other Region", "aws.amazon.com/ec2/pricing/on-demand"),
    "alarms": Price(0.10, "alarm, a month", "aws.amazon.com/cloudwatch/pricing"),
    "metrics": Price(
        0.30, "custom metric, a month in which it is never silent", "aws.amazon.com/cloudwatch/pricing"
    ),
    "dashboards": Price(3.00, "dashboard, a month", "aws.amazon.com/cloudwatch/pricing"),
    "log_gb": Price(0.50, "GB of logs", "aws.amazon.com/cloudwatch/pricing"),
}
"""What a stack costs by the month."""

ACTIVE_USER: Final[Mapping[str, Price]] = {
    "lite": Price(0.0055, "monthly active user, Lite plan", "aws.amazon.com/cognito/pricing"),
    "essentials": Price(0.015, "monthly active user, Essentials plan", "aws.amazon.com/cognito/pricing"),
    "plus": Price(0.020, "monthly active user, Plus plan", "aws.amazon.com/cognito/pricing"),
}
"""By the pool's plan, without the free 10,000 of Lite and Essentials and without Lite's discount for many."""

S3_READS: Final = frozenset({"GET", "HEAD"})

QUEUE_REQUESTS_PER_INVOCATION: Final = 2
"""A batch that a queue hands to a function is received by one request and deleted by another; these are made
by Lambda, not by the functions, so they are reckoned and not counted. So are the pollers' empty receives: not
at all."""


def usage(run: Mapping[str, object], from_queues: float = 0) -> dict[str, float]:
    """Return how many of each priced unit a run's document counts; `from_queues`: invocations by a queue."""
    s3 = _counts(run, "s3_requests")
    return {
        "write_units": _number(run, "write_units"),
        "read_units": _number(run, "read_units"),
        "state_transitions": _number(run, "state_transitions"),
        "lambda_gb_seconds": _number(run, "lambda_gb_seconds"),
        "lambda_invocations": _number(run, "lambda_invocations"),
        "sqs_requests": sum(_counts(run, "sqs_requests").values())
        + QUEUE_REQUESTS_PER_INVOCATION * from_queues,
        "s3_writes": sum(count for name, count in s3.items() if name not in S3_READS),
        "s3_reads": sum(count for name, count in s3.items() if name in S3_READS),
        "sns_requests": sum(_counts(run, "sns_requests").values()),
    }


def cost(used: Mapping[str, float]) -> dict[str, float]:
    """Return the dollars for each kind of unit used, by its name."""
    return {name: count * PRICES[name].dollars for name, count in used.items()}


def _number(run: Mapping[str, object], name: str) -> float:
    value = run[name]
    assert isinstance(value, int | float)
    return float(value)


def _counts(run: Mapping[str, object], name: str) -> Mapping[str, float]:
    value = run[name]
    assert isinstance(value, Mapping)
    return value
