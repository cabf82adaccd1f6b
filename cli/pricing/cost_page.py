"""The tables of docs/cost.md, which `lifeboat cost --write docs/cost.md` writes between two marks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from cli.pricing.cost import Estimate, Pool, estimate
from cli.pricing.prices import ACTIVE_USER, MONTHLY, PRICES, READ_ON, Price
from cli.problems import Problem
from cli.terminal.output import duration

BEGIN: Final = "<!-- written by `lifeboat cost --write docs/cost.md` -->"
END: Final = "<!-- end of what it writes -->"

SIZES: Final = (1_000, 10_000, 100_000, 500_000, 1_000_000, 10_000_000)
"""Users of the pools in the table."""


def tables() -> str:
    """The tables, as Markdown."""
    return "\n".join([*_sizes(), "", *_prices()])


def written(page: str) -> str:
    """A page with the tables between its marks. Raises Problem when it has no marks."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise Problem("the page has no marks between which to write", f"Add the lines {BEGIN} and {END}.")
    return f"{before}{BEGIN}\n\n{tables()}\n\n{END}{after}"


def write(path: Path) -> None:
    """Write the tables into a page."""
    path.write_text(written(path.read_text("utf-8")), "utf-8")


def _sizes() -> Iterable[str]:
    yield (
        "| users | a month | captured live, a month | first export, once | an export takes | one restore | "
        "of it active users | groups at sign-in | an import takes |"
    )
    yield "|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
    for users in SIZES:
        pool = Pool(users)
        daily = estimate(pool)
        live, later = estimate(replace(pool, live=True)), estimate(replace(pool, on_demand=True))
        cells = (
            f"{users:,}",
            dollars(daily.month),
            dollars(live.month),
            dollars(daily.first_export),
            duration(daily.export_seconds),
            dollars(daily.restored),
            dollars(daily.restore["active users"]),
            dollars(later.restored),
            duration(daily.import_seconds),
        )
        yield f"| {' | '.join(cells)} |"


def _prices() -> Iterable[str]:
    every: Mapping[str, Price] = {**PRICES, **MONTHLY, **ACTIVE_USER}
    yield f"Prices of {READ_ON}, us-east-1:"
    yield ""
    yield "| dollars | for | read at |"
    yield "|---:|---|---|"
    for price in every.values():
        million = price.dollars < 0.001
        amount = f"{price.dollars * (1e6 if million else 1):,.4f}".rstrip("0").rstrip(".")
        yield f"| {amount} | {'a million times: ' if million else ''}{price.unit} | {price.source} |"


def dollars(amount: float) -> str:
    """An amount in whole dollars, or in cents where it is small."""
    return f"${amount:,.0f}" if amount >= 100 else f"${amount:,.2f}"


def lines(asked: Pool, found: Estimate) -> list[tuple[str, str]]:
    """What `lifeboat cost` prints, as pairs of what and how much."""
    rows = [(f"  {name}", dollars(amount)) for name, amount in found.monthly.items()]
    rows = [("a month", dollars(found.month)), *rows]
    rows.append(("the first export, once", dollars(found.first_export)))
    rows.append(("one restore", dollars(found.restored)))
    rows += [(f"  {name}", dollars(amount)) for name, amount in found.restore.items()]
    rows.append(("an export takes about", duration(found.export_seconds)))
    rows.append(("an import takes about", duration(found.import_seconds)))
    if asked.on_demand:
        rows.append(("  users who sign in are back within", "seconds"))
    return rows
