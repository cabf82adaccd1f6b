"""`make bench-live`: measure, print, and write `.local/bench-live.json` and docs/bench-live.*."""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from benchmarks.live import Asked, bench_live
from benchmarks.live_page import PAGE, RESULTS, TARGETS, page
from local.deployment import STATE_DIR
from local.ending import exit_status
from local.narration import Narrator

WORK_DIR: Final = STATE_DIR / "bench-live"
NUMBERS: Final = STATE_DIR / "bench-live.json"


def arguments(given: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="make bench-live", description=__doc__)
    parser.add_argument("--changes", type=int, default=500)
    parser.add_argument("--latency-ms", type=float, default=50.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="write the page, too")
    return parser.parse_args(given)


def main(given: Sequence[str], results: Path = RESULTS, where: Path = PAGE) -> int:
    """Run the benchmark and return the exit status: 1 if a change is lost."""
    asked = arguments(given)
    narrator = Narrator(Console())
    NUMBERS.unlink(missing_ok=True)

    def work() -> int:
        found = bench_live(WORK_DIR, narrator, Asked(asked.changes, asked.latency_ms, asked.seed)).document()
        NUMBERS.write_text(json.dumps(found, indent=2) + "\n")
        tell(narrator, found)
        if asked.keep and not found["lost"]:
            results.write_text(json.dumps(found, indent=1) + "\n")
            where.write_text(page(found))
            narrator.say(f"Page: {where}")
        narrator.say(f"Numbers: {NUMBERS}")
        return 1 if found["lost"] else 0

    return exit_status(narrator, work)


def tell(narrator: Narrator, found: Mapping[str, Any]) -> None:
    """Print what was found, against what is aimed at."""
    for title, name, most in TARGETS:
        value = found[name]
        sign = "[green]✓[/]" if value is not None and value <= most else "[yellow]·[/]"
        narrator.say(f"{sign} {title}: {'none' if value is None else f'{value:g}'} (aim: at most {most:g})")
    narrator.say(f"change → standby pool: median {found['standby_p50_s']} s, p99 {found['standby_p99_s']} s")
    narrator.say(f"a million changes: ${found['dollars_per_million_changes']:g}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
