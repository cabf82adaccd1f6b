"""docs/benchmarks.png: each run's seconds over its floor, and the requests to Cognito by operation."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
from matplotlib.figure import Figure

from benchmarks.page import HEADLINE_USERS, NAMES
from local.processes import REPOSITORY

PLOT: Final = REPOSITORY / "docs/benchmarks.png"
OVER: Final = {"export": 1.5, "import": 1.15}
"""The ratio that is aimed at."""

MOST_OPERATIONS: Final = 8


def plot(results: Mapping[str, Any], path: Path = PLOT) -> None:
    """Draw the results of the size that the page is about."""
    mpl.rcParams["svg.hashsalt"] = "lifeboat"
    size = HEADLINE_USERS if HEADLINE_USERS in results else list(results)[-1]
    runs = results[size]["runs"]
    figure = Figure(figsize=(11, 4.2), layout="constrained")
    ratios, requests = figure.subplots(1, 2)
    names = list(runs)[::-1]
    ratios.barh(
        [NAMES[name] for name in names], [runs[name]["over_floor"] for name in names], color="#4477aa"
    )
    for place, name in enumerate(names):
        run = runs[name]
        told = f" {run['over_floor']:.2f} × {run['floor_seconds']:.1f} s"
        ratios.text(run["over_floor"], place, told, va="center")
        if name in OVER:
            ratios.plot([OVER[name]] * 2, [place - 0.4, place + 0.4], color="#cc3311")
    ratios.axvline(1, color="black", linewidth=0.8)
    ratios.set_xlim(0, 1.35 * max(run["over_floor"] for run in runs.values()))
    ratios.set_xlabel("seconds, as a multiple of the quota floor (red: aim)")
    ratios.set_title(f"{int(size):,} users, one group each")
    totals: dict[str, int] = {}
    for run in runs.values():
        for operation, count in run["requests"].items():
            totals[operation] = totals.get(operation, 0) + count
    shown = sorted(totals, key=lambda name: totals[name], reverse=True)[:MOST_OPERATIONS][::-1]
    left = [0] * len(shown)
    for (name, run), colour in zip(runs.items(), ("#4477aa", "#66ccee", "#228833", "#ccbb44"), strict=False):
        counts = [run["requests"].get(operation, 0) for operation in shown]
        requests.barh(shown, counts, left=left, label=NAMES[name], color=colour)
        left = [before + count for before, count in zip(left, counts, strict=True)]
    requests.set_xlabel("requests to Cognito")
    requests.legend(loc="lower right", fontsize="small")
    # No version and no date in the file: the same results give the same picture.
    figure.savefig(path, dpi=110, metadata={"Software": None})
