"""docs/bench-live.md, written from docs/bench-live.json and nothing else; a test compares the two."""

from collections.abc import Mapping
from typing import Any, Final

from benchmarks.live import CHANGES_A_SECOND, EVERY_SIGN_UP, LOOK_SECONDS
from benchmarks.page import table
from local.processes import REPOSITORY

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
come without CloudTrail's delay, for which AWS names no figure, and its Regions are not an ocean apart. What the times show is how much the product
itself adds.
"""

METHOD: Final = """## How it is measured

- {changes} changes at {pace:g} a second, each call to Cognito answered after {latency:g} ms: one in {sign_ups} is a sign-up, which the PostConfirmation trigger
  captures; the others are attribute changes by an administrator, which come as events.
- A time is that from the end of the call that made the change to the look that found it, in the replica by its key, in the standby pool by
  its user; looks come every {look:g} s, and their distance is in the times.
- For the sign-ins the Region is lost. {sign_ins} users come back, one after the other, in an empty pool with the UserMigration trigger; the first of them starts the
  function. A time is that of {calls}, as an application makes them.
- Dollars are list prices without free tiers (`cli/pricing/prices.py`) of what the run used for each change, the changes of the standby pool included.
  Not in it: the trail, requests to the queues, and monthly active users, which changes make in the standby pool as in the pool.
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
        calls=", ".join(found["first_sign_in_calls"]),
    )
    parts = [
        INTRODUCTION,
        table(["", "measured", "aim"], aims),
        table(["seconds", "median", "99th percentile"], rows),
        table(["for a million changes", "dollars"], dollars),
        method.rstrip(),
    ]
    return "\n".join(parts) + "\n"
