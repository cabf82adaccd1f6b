"""One logger and one metrics namespace for all functions.

Log messages are constant; what varies goes into keyword fields, and those hold subs, counts, keys
and error codes only. Metrics are CloudWatch embedded metric format, written to the log.
"""

from __future__ import annotations

from collections.abc import Mapping

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

logger = Logger()


def publish(stack_name: str, values: Mapping[str, float], unit: MetricUnit = MetricUnit.Count) -> None:
    """Write metrics under the dimension Stack, each named as in `values`."""
    metrics = EphemeralMetrics()
    metrics.add_dimension(name="Stack", value=stack_name)
    for name, value in values.items():
        metrics.add_metric(name=name, unit=unit, value=value)
    metrics.flush_metrics()
