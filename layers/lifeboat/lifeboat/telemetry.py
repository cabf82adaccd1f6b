"""One logger and one metrics namespace for all functions.

Log messages are constant; what varies goes into keyword fields, and those hold subs, counts, keys
and error codes only. Metrics are CloudWatch embedded metric format, written to the log.
"""

from __future__ import annotations

from collections.abc import Mapping

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

logger = Logger()


def publish(
    stack_name: str,
    values: Mapping[str, float],
    unit: MetricUnit = MetricUnit.Count,
    *,
    units: Mapping[str, MetricUnit] | None = None,
    dimensions: Mapping[str, str] | None = None,
) -> None:
    """Write metrics under the dimension Stack, each named as in `values`.

    `units` names the metrics that have another unit than `unit`, `dimensions` are those besides Stack.
    """
    metrics = EphemeralMetrics()
    metrics.add_dimension(name="Stack", value=stack_name)
    for dimension, text in (dimensions or {}).items():
        metrics.add_dimension(name=dimension, value=text)
    for name, value in values.items():
        metrics.add_metric(name=name, unit=(units or {}).get(name, unit), value=value)
    metrics.flush_metrics()
