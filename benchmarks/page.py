"""docs/benchmarks.md, written from docs/benchmarks.json and nothing else; a test compares the two."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from benchmarks.document import CHANGED, FULL, IMPORT, UNCHANGED
from cli.pricing.prices import PRICES
from local.processes import REPOSITORY

PAGE: Final = REPOSITORY / "docs/benchmarks.md"
HEADLINE_USERS: Final = "10000"

NAMES: Final = {
    FULL: "first export",
    UNCHANGED: "unchanged export",
    CHANGED: "export with 1 % changed",
    IMPORT: "import, the Region lost",
}

TARGETS: Final = (
    ("first export, times its floor", "export_over_floor", 1.5),
    ("unchanged export, items written in all", "unchanged_items_written", 5),
    ("1 % changed export, items written, share of a full one's", "changed_write_share", 0.025),
    ("import with memberships, times its floor", "import_over_floor", 1.15),
    ("throttled requests, share of all", "throttled_share", 0.01),
)
"""What is aimed at with 10,000 users and memberships, default quotas and a share of 100 %: at most."""

UPDATES_TITLE: Final = "memberships and other updates in the import's slowest minute, share of the quota"
LEAST_UPDATES: Final = 0.95
"""What is aimed at from the first minute to the last."""

Results = Mapping[str, Any]


def page(results: Results) -> str:
    """Write the page. `results` is what `document.kept` returns and must not be empty."""
    size = HEADLINE_USERS if HEADLINE_USERS in results else list(results)[-1]
    headline = results[size]
    parts = [
        INTRODUCTION,
        f"## {int(size):,} users, one group each\n",
        _targets(headline),
        "![Seconds over the quota floor, and requests by operation](benchmarks.png)\n",
        _runs(headline),
        _published(headline),
        "### Requests to Cognito\n",
        _requests(headline),
        "### Cost\n",
        _cost(headline),
        COST_NOTES,
        "## Growth\n",
        _growth(results),
        METHOD.format(latency=_plain(headline["latency_ms"]), seed=headline["seed"]),
    ]
    return "\n".join(parts)


INTRODUCTION: Final = """# Benchmarks

Written by `make bench` from [benchmarks.json](benchmarks.json), which the same run wrote. The times are of the embedded AWS with
Cognito's default quotas enforced in real time; what they say is how close to those quotas the workflows come, not how fast AWS is.
"""

COST_NOTES: Final = """List prices of us-east-1 without free tiers (`cli/pricing/prices.py`). Functions' seconds are those of this machine, waits for
quotas included. Not in it: storage and point-in-time recovery of the table, alarms and custom metrics, logs, transfer between Regions, and the
monthly active users that memberships make in a new pool.
"""

METHOD: Final = """## How it is measured

- Every call to Cognito takes {latency} ms before it is answered. Both shares are 100 %. People and groups are made up from seed {seed}: users of
  every status, 3 % disabled, each in exactly one group; there is a group for 500 users, ten at least, and they differ in size by
  up to five times. The members of one group are listed page after page, so that one group of all users would take longer.
- Seconds are those of the execution, from its start to its end. All functions have been started before (an export of the same pool into a
  table that is emptied again, an import of a few users): a cold start takes seconds on a small machine on which they all start at once.
- The floor of an export is (N/60 + Σ max(1, m/60)) / 30 s for N users and groups of m members: nothing lists them in fewer requests. That of an
  import is the larger of (memberships + disabled users) / 25 s and users / (35 + 30) s, the pace of an import job and of the API
  side by side. Latency, start-up and the comparison at the end are not in it.
- The slowest minute is that of all between the first and the last request of the category UserUpdate (memberships, disabling) in which the
  fewest succeeded, counted by the Cognito front.
- "Requests ÷ quota" is the same with the requests that were really made, counted by the Cognito front in the same run.
- Items written are puts and updates, those of lock and ledger too, and an item that is written twice counts twice; deletes are counted beside
  them, and with them in the share of a full export's writes. Write and read units are counted in the embedded DynamoDB by DynamoDB's rules,
  the replica's with them; state transitions as states entered and retried, and one for the end.
- Absolute times on a small machine are noisy. Quote the ratios.
"""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table of Markdown; all columns but the first hold numbers."""
    lines = ["| " + " | ".join(head) + " |", "|---" + "|---:" * (len(head) - 1) + "|"]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _targets(found: Results) -> str:
    def row(title: str, name: str, most: float) -> list[str]:
        value = found[name]
        return [title, "–" if value is None else _plain(value), f"≤ {_plain(most)}"]

    rows = [row(*target) for target in TARGETS]
    slowest = found["updates_slowest_minute"]
    if slowest is not None:
        rows.insert(4, [UPDATES_TITLE, _plain(slowest), f"≥ {_plain(LEAST_UPDATES)}"])
    return table(["", "measured", "aim"], rows)


def _runs(found: Results) -> str:
    head = [
        "",
        "seconds",
        "floor",
        "ratio",
        "requests",
        "requests ÷ quota",
        "throttled",
        "items written",
        "deleted",
    ]
    head += ["write units", "read units", "state transitions", "GB-seconds", "dollars"]

    def row(run: Results) -> list[str]:
        return [
            NAMES[run["name"]],
            f"{run['seconds']:.1f}",
            f"{run['floor_seconds']:.1f}",
            f"{run['over_floor']:.2f}",
            f"{sum(run['requests'].values()):,}",
            f"{run['requested_floor_seconds']:.1f} s",
            f"{sum(run['throttled'].values()):,}",
            f"{run['items_written']:,}",
            f"{run['items_deleted']:,}",
            f"{run['write_units']:,.0f}",
            f"{run['read_units']:,.0f}",
            f"{run['state_transitions']:,}",
            f"{run['lambda_gb_seconds']:,.1f}",
            f"{run['dollars']:.4f}",
        ]

    return table(head, [row(run) for run in found["runs"].values()])


def _published(found: Results) -> str:
    theirs = found.get("published_seconds")
    if not theirs:
        return ""
    rows = [
        [
            NAMES[name],
            f"{found['seconds'][name] / 60:.2f}",
            f"{theirs[name] / 60:.2f}",
            f"{theirs[name] / found['seconds'][name]:.1f}",
        ]
        for name in (FULL, IMPORT)
        if name in found["seconds"]
    ]
    said = "Beside what AWS publishes of its reference architecture for the same size, in minutes:\n\n"
    return said + table(["", "here", "published", "times as fast"], rows)


def _requests(found: Results) -> str:
    operations = sorted({name for run in found["runs"].values() for name in run["requests"]})
    rows = [
        [f"`{name}`", *(f"{run['requests'].get(name, 0):,}" for run in found["runs"].values())]
        for name in operations
    ]
    return table(["", *(NAMES[name] for name in found["runs"])], rows)


def _cost(found: Results) -> str:
    rows = [
        [
            PRICES[unit].unit,
            f"{PRICES[unit].dollars * 1e6:g}",
            *(f"{run['usage'][unit]:,.0f}" for run in found["runs"].values()),
        ]
        for unit in PRICES
    ]
    rows.append(["**dollars**", "", *(f"**{run['dollars']:.4f}**" for run in found["runs"].values())])
    return table(["", "$ a million", *(NAMES[name] for name in found["runs"])], rows)


def _growth(results: Results) -> str:
    head = ["users", "run", "ratio to the floor", "ms a user", "requests a user", "write units a user"]
    rows = [
        [
            f"{int(size):,}",
            NAMES[run["name"]],
            f"{run['over_floor']:.2f}",
            f"{1000 * run['seconds'] / int(size):.2f}",
            f"{sum(run['requests'].values()) / int(size):.4f}",
            f"{run['write_units'] / int(size):.3f}",
        ]
        for size, found in results.items()
        for run in found["runs"].values()
    ]
    return table(head, rows)


def _plain(value: float) -> str:
    return f"{value:.4g}"
