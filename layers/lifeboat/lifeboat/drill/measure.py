"""How old the backup and the last successful drill are, as metrics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

from aws_lambda_powertools.metrics import MetricUnit

from lifeboat.drill.completion import SUCCEEDED
from lifeboat.drill.floors import export_floor
from lifeboat.model import now, seconds_between
from lifeboat.store.ledger import Ledger
from lifeboat.store.table import BackupTable
from lifeboat.telemetry import publish

HOUR, DAY = 3_600, 86_400


class MeasureTask(TypedDict):
    """Input of Measure Backup: nothing."""


class Measured(TypedDict):
    """Output of Measure Backup: what was published, by metric."""

    Metrics: dict[str, float]


@dataclass(frozen=True, slots=True)
class Measurement:
    """Measures from the table's replica in a Region, so it goes on when the other Region is lost.

    `export_share` is percent of the quotas.
    """

    table: BackupTable
    stack_name: str
    region: str
    export_share: float

    def measure(self) -> Measured:
        """Publish what there is to say.

        The age of the last successful drill is one of this Region; before the first one it is that of the
        backup itself, which nobody has tried yet.
        """
        moment = now()
        values: dict[str, float] = {}
        exports = Ledger(self.table, "export")
        latest = exports.latest()
        if latest is not None:
            values["BackupAgeHours"] = seconds_between(str(latest["started_at"]), moment) / HOUR
            listed = {kind: int(count["listed"]) for kind, count in latest["counts"].items()}
            values["BackupUsers"] = float(listed["users"])
            values["ExportSeconds"] = float(latest["duration_seconds"])
            values["ExportFloorSeconds"] = export_floor(
                listed["users"], listed["groups"], listed["memberships"], self.export_share
            )
        drilled = self._last_drill()
        if drilled is not None:
            ended_at, values["DrillRtoSeconds"], values["DrillFloorSeconds"] = drilled
            values["DrillAgeDays"] = seconds_between(ended_at, moment) / DAY
        elif latest is not None:
            first = next((each for each in exports.all(("started_at",)) if "started_at" in each), latest)
            values["DrillAgeDays"] = seconds_between(str(first["started_at"]), moment) / DAY
        if values:
            units = {name: MetricUnit.Seconds for name in values if name.endswith("Seconds")}
            publish(self.stack_name, values, MetricUnit.NoUnit, units=units)
        return {"Metrics": values}

    def _last_drill(self) -> tuple[str, float, float] | None:
        """When the last successful drill of this Region ended, how long its restore took, and the floor."""
        attributes = ("status", "region", "ended_at", "rto_seconds", "floor_seconds")
        passed = [
            (str(entry["ended_at"]), float(entry["rto_seconds"]), float(entry["floor_seconds"]))
            for entry in Ledger(self.table, "drill").all(attributes)
            if entry.get("status") == SUCCEEDED and entry.get("region") == self.region
        ]
        return max(passed, default=None)
