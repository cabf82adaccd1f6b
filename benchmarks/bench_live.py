"""`make bench-live`: measure, print, and write `.local/bench-live.json` and docs/bench-live.*."""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from benchmarks.live import CHANGES_A_SECOND, EVERY_SIGN_UP, LOOK_SECONDS, Asked, bench_live
from benchmarks.page import table
from local.deployment import STATE_DIR
from local.narration import Narrator
from local.processes import REPOSITORY, EmbeddedAwsError
from local.workflows import WorkflowFailedError

WORK_DIR: Final = STATE_DIR / "bench-live"
NUMBERS: Final = STATE_DIR / "bench-live.json"
RESULTS: Final = REPOSITORY / "docs/bench-live.json"
PAGE: Final = REPOSITORY / "docs/bench-live.md"

TARGETS: Final = (
    ("a change is in the backup Region's table, 99 of 100 within seconds", "replica_p99_s", 5.0),
    ("first sign-in of a user who is not yet restored, 99 of 100 within seconds", "first_sign_in_p99_s", 2.0),
    ("changes lost", "lost", 0.0),
)
"""What is aimed at: at most."""

INTRODUCTION: Final = """# Live: how soon a change is safe

Written by `make bench-live` from [bench-live.json](bench-live.json), which the same run wrote. The times are of the embedded AWS: its events
come without the delay of CloudTrail, which AWS gives as minutes on average for a trail and as seconds for the event bus, and its Regions
are not an ocean apart. What they show is how much the product itself adds.
"""

METHOD: Final = """## How it is measured

- {changes} changes at {pace:g} a second, each call to Cognito answered after {latency:g} ms: one in {sign_ups} is a sign-up, which the PostConfirmation trigger
  captures; the others are attribute changes by an administrator, which come as events.
- A time is that from the end of the call that made the change to the look that found it, in the replica by its key, in the standby pool by
  its user; looks come every {look:g} s, and their distance is in the times.
- For the sign-ins the Region is lost. {sign_ins} users ask for a new password in an empty pool with the UserMigration trigger; the first of them starts the
  function.
- Dollars are list prices without free tiers (`benchmarks/prices.py`) of what the run used for each change, the changes of the standby pool included.
"""


def page(found: Mapping[str, Any]) -> str:
    """Write the page from the results of one run."""
    aims = [[title, f"{found[name]:g}", f"≤ {most:g}"] for title, name, most in TARGETS]
    rows = [
        ["change → replica of the table", f"{found['replica_p50_s']:g}", f"{found['replica_p99_s']:g}"],
        ["change → standby pool", f"{found['standby_p50_s']:g}", f"{found['standby_p99_s']:g}"],
        [
            "first sign-in of a user not yet restored",
            f"{found['first_sign_in_p50_s']:g}",
            f"{found['first_sign_in_p99_s']:g}",
        ],
    ]
    units = found["dollars_per_million_changes_by_unit"]
    dollars = [[unit.replace("_", " "), f"{amount:g}"] for unit, amount in units.items()]
    dollars.append(["**all**", f"**{found['dollars_per_million_changes']:g}**"])
    method = METHOD.format(
        changes=found["changes"],
        pace=CHANGES_A_SECOND,
        latency=found["latency_ms"],
        sign_ups=EVERY_SIGN_UP,
        look=LOOK_SECONDS,
        sign_ins=found["first_sign_ins"],
    )
    parts = [
        INTRODUCTION,
        table(["", "measured", "aim"], aims),
        table(["seconds", "median", "99th percentile"], rows),
        table(["for a million changes", "dollars"], dollars),
        method.rstrip(),
    ]
    return "\n".join(parts) + "\n"


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
    try:
        found = bench_live(WORK_DIR, narrator, Asked(asked.changes, asked.latency_ms, asked.seed)).document()
    except (EmbeddedAwsError, WorkflowFailedError) as error:
        narrator.complain(str(error))
        return 1
    except KeyboardInterrupt:
        return 130
    NUMBERS.write_text(json.dumps(found, indent=2) + "\n")
    for title, name, most in TARGETS:
        value = found[name]
        sign = "[green]✓[/]" if value is not None and value <= most else "[yellow]·[/]"
        narrator.say(f"{sign} {title}: {'none' if value is None else f'{value:g}'} (aim: at most {most:g})")
    narrator.say(f"change → standby pool: median {found['standby_p50_s']} s, p99 {found['standby_p99_s']} s")
    narrator.say(f"a million changes: ${found['dollars_per_million_changes']:g}")
    if asked.keep and not found["lost"]:
        results.write_text(json.dumps(found, indent=1) + "\n")
        where.write_text(page(found))
        narrator.say(f"Page: {where}")
    narrator.say(f"Numbers: {NUMBERS}")
    return 1 if found["lost"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
