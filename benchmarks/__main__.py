"""`make bench` and `make bench-growth`: measure, print, write `.local/bench.json` and docs/benchmarks.*."""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from benchmarks.bench import Asked, bench
from benchmarks.document import document, keep
from benchmarks.page import LEAST_UPDATES, NAMES, PAGE, TARGETS, UPDATES_TITLE, page
from benchmarks.plot import plot
from local.deployment import STATE_DIR
from local.ending import exit_status
from local.narration import Narrator

WORK_DIR: Final = STATE_DIR / "bench"
NUMBERS: Final = STATE_DIR / "bench.json"
WIDTH: Final = 140
"""Columns where there is no terminal."""


def arguments(given: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--users", type=int, nargs="+", default=[2000], help="one size, or several in turn")
    parser.add_argument("--latency-ms", type=float, default=150.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--parameters", nargs="*", default=[], help="NAME=VALUE of the stacks")
    parser.add_argument("--no-import", action="store_true", help="exports only")
    return parser.parse_args(given)


def tell(narrator: Narrator, found: Mapping[str, Any]) -> None:
    """Print the results of one size."""
    shown = Table(title=f"{found['users']:,} users, {found['memberships']:,} memberships")
    shown.add_column("run")
    for title in ("seconds", "floor", "ratio", "requests", "throttled", "items", "write", "read", "states"):
        shown.add_column(title, justify="right")
    for title in ("GB-s", "dollars"):
        shown.add_column(title, justify="right")
    for run in found["runs"].values():
        shown.add_row(
            NAMES[run["name"]],
            f"{run['seconds']:.1f}",
            f"{run['floor_seconds']:.1f}",
            f"{run['over_floor']:.2f}",
            str(sum(run["requests"].values())),
            str(sum(run["throttled"].values())),
            str(run["items_written"]),
            f"{run['write_units']:.0f}",
            f"{run['read_units']:.0f}",
            str(run["state_transitions"]),
            f"{run['lambda_gb_seconds']:.1f}",
            f"{run['dollars']:.4f}",
        )
    narrator.console.print(shown)
    for title, name, most in TARGETS:
        value = found[name]
        if value is not None:
            sign = "[green]✓[/]" if value <= most else "[yellow]·[/]"
            narrator.say(f"{sign} {title}: {value:g} (aim: at most {most:g})")
    slowest = found["updates_slowest_minute"]
    if slowest is not None:
        sign = "[green]✓[/]" if slowest >= LEAST_UPDATES else "[yellow]·[/]"
        narrator.say(f"{sign} {UPDATES_TITLE}: {slowest:g} (aim: at least {LEAST_UPDATES:g})")


def main(given: Sequence[str]) -> int:
    """Run the benchmark and return the exit status."""
    asked = arguments(given)
    console = Console()
    narrator = Narrator(console if console.is_terminal else Console(width=WIDTH))
    NUMBERS.unlink(missing_ok=True)
    return exit_status(narrator, lambda: measure(narrator, asked))


def measure(narrator: Narrator, asked: argparse.Namespace) -> int:
    """Measure one size after the other; return the exit status: 1 if anything is lost.

    Raises EmbeddedAwsError and WorkflowFailedError.
    """
    for users in asked.users:
        parameters = dict(parameter.split("=", 1) for parameter in asked.parameters)
        result = bench(
            WORK_DIR,
            narrator,
            Asked(users, asked.latency_ms, asked.seed, parameters, not asked.no_import),
        )
        found = document(result)
        NUMBERS.write_text(json.dumps(found, indent=2) + "\n")
        tell(narrator, found)
        if not asked.no_import:  # the page is of whole runs only
            results = keep(found)
            PAGE.write_text(page(results))
            plot(results)
        if result.lost:
            narrator.complain(f"the new pool lacks {result.lost} users and memberships")
            return 1
    narrator.say(f"Numbers: {NUMBERS}; page: {PAGE}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
