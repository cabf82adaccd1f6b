"""List prices in US dollars, in us-east-1, of what a workflow uses, and the cost of a measured run.

Without free tiers. Not in it: what is paid by the month whatever runs (the table's storage and its
point-in-time recovery, alarms, custom metrics, a KMS key of one's own), logs, transfer between Regions, and
monthly active users.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


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
