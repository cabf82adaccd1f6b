"""The benchmark's results as JSON: `.local/bench.json`, and what docs/benchmarks.md is made of."""

import json
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from benchmarks.bench import Result
from benchmarks.measuring import Measured
from benchmarks.published import published
from cli.pricing.prices import cost, usage
from local.processes import REPOSITORY

FULL: Final = "export"
UNCHANGED: Final = "unchanged_export"
CHANGED: Final = "changed_export"
IMPORT: Final = "import"

RESULTS: Final = REPOSITORY / "docs/benchmarks.json"
"""The results of one run for each size of pool; `make bench` replaces the one of its size."""


def document(result: Result) -> dict[str, Any]:
    """Return the results of one size. All numbers are of the same run."""
    runs = {name: run.document() for name, run in result.runs.items()}
    for name, run in runs.items():
        used = usage(run, run["queue_invocations"])
        dollars = cost(used)
        run["usage"] = {unit: round(count, 2) for unit, count in used.items()}
        run["cost"] = {unit: round(amount, 6) for unit, amount in dollars.items()}
        run["dollars"] = round(sum(dollars.values()), 6)
        run["name"] = name
    found: dict[str, Any] = {
        "users": result.asked.users,
        "memberships": result.asked.users,
        "groups": len(result.size.group_sizes),
        "latency_ms": result.asked.latency_ms,
        "seed": result.asked.seed,
        "parameters": dict(result.asked.parameters),
        "export_over_floor": runs[FULL]["over_floor"],
        "unchanged_export_over_floor": runs[UNCHANGED]["over_floor"],
        "changed_export_over_floor": runs[CHANGED]["over_floor"],
        "unchanged_items_written": runs[UNCHANGED]["items_written"],
        "changed_write_share": round(_writes(result.runs[CHANGED]) / _writes(result.runs[FULL]), 4),
        "import_over_floor": runs[IMPORT]["over_floor"] if IMPORT in runs else None,
        "import_lost": result.lost if IMPORT in runs else None,
        "updates_slowest_minute": min(runs[IMPORT]["update_minutes"], default=None)
        if IMPORT in runs
        else None,
        "throttled_share": round(result.throttled_share, 5),
        "requests": sum(run.requests for run in result.runs.values()),
        "seconds": {name: run["seconds"] for name, run in runs.items()},
        "floor_seconds": {name: run["floor_seconds"] for name, run in runs.items()},
        "dollars": {name: run["dollars"] for name, run in runs.items()},
        "machine": f"{platform.system()}, Python {platform.python_version()}",
        "runs": runs,
    }
    row = published(result.asked.users)
    if row is not None:
        found["published_seconds"] = {
            FULL: round(row.export_minutes * 60, 1),
            IMPORT: round(row.import_minutes * 60, 1),
        }
    return found


def _writes(run: Measured) -> int:
    """Count the writes of a run; deletes are writes as well."""
    return run.items_written + run.items_deleted


def kept(path: Path = RESULTS) -> dict[str, Any]:
    """Return the kept results by number of users, as text; {} where there are none."""
    results: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return results


def keep(found: Mapping[str, Any], path: Path = RESULTS) -> dict[str, Any]:
    """Put the results of one size among those kept, and return all, the smallest size first."""
    results = {**kept(path), str(found["users"]): dict(found)}
    results = {size: results[size] for size in sorted(results, key=int)}
    path.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
    return results
