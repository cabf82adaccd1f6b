"""Prices, and the page of the kept results: docs/benchmarks.md says what docs/benchmarks.json says."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.document import RESULTS, keep, kept
from benchmarks.page import PAGE, TARGETS, page, table
from benchmarks.plot import PLOT, plot
from benchmarks.published import PUBLISHED, published
from cli.pricing.prices import PRICES, cost, usage


def run(name: str, seconds: float = 12.0, **changes: Any) -> dict[str, Any]:
    made = {
        "name": name,
        "seconds": seconds,
        "floor_seconds": 10.0,
        "over_floor": seconds / 10,
        "requested_floor_seconds": 10.5,
        "requests": {"ListUsers": 300},
        "throttled": {},
        "items_written": 20,
        "items_deleted": 1,
        "write_units": 80.0,
        "read_units": 4.0,
        "state_transitions": 25,
        "lambda_invocations": 9,
        "lambda_gb_seconds": 3.0,
        "s3_requests": {"PUT": 3, "GET": 2, "HEAD": 1},
        "sqs_requests": {"SendMessageBatch": 7},
        "sns_requests": {"POST": 1},
        **changes,
    }
    used = usage(made)
    return {**made, "usage": used, "cost": cost(used), "dollars": sum(cost(used).values())}


def results(users: int = 10_000) -> dict[str, Any]:
    runs = {name: run(name) for name in ("export", "unchanged_export", "changed_export", "import")}
    return {
        "users": users,
        "latency_ms": 150.0,
        "seed": 1,
        "export_over_floor": 1.2,
        "unchanged_items_written": 5,
        "changed_write_share": 0.02,
        "import_over_floor": 1.1,
        "updates_slowest_minute": 0.97,
        "throttled_share": 0.0,
        "seconds": {name: each["seconds"] for name, each in runs.items()},
        "published_seconds": {"export": 285.6, "import": 1754.4},
        "runs": runs,
    }


def test_a_cost_is_what_each_unit_costs() -> None:
    used = usage(run("import"), from_queues=10)
    assert used["sqs_requests"] == 7 + 2 * 10
    assert (used["s3_writes"], used["s3_reads"]) == (3, 3)
    assert cost({"write_units": 1e6, "state_transitions": 1000.0}) == {
        "write_units": pytest.approx(0.625),
        "state_transitions": pytest.approx(0.025),
    }
    assert used.keys() == PRICES.keys()


def test_every_price_has_a_source_at_aws() -> None:
    assert all(price.dollars > 0 and price.source.startswith("aws.amazon.com/") for price in PRICES.values())


def test_published_figures_are_found_by_size() -> None:
    found = published(10_000)
    assert found is not None
    assert (found.export_minutes, found.import_minutes) == (4.76, 29.24)
    assert published(2_000) is None
    assert len({(row.users, row.grouped) for row in PUBLISHED}) == len(PUBLISHED)


def test_a_table_of_markdown() -> None:
    assert table(["a", "b"], [["x", "1"]]) == "| a | b |\n|---|---:|\n| x | 1 |\n"


def test_the_page_tells_the_aims_and_the_published_figures() -> None:
    text = page({"10000": results()})
    assert "## 10,000 users" in text
    assert "| first export, times its floor | 1.2 | ≤ 1.5 |" in text
    assert "| first export | 0.20 | 4.76 | 23.8 |" in text


def test_results_of_another_size_are_kept_beside_the_others(tmp_path: Path) -> None:
    path = tmp_path / "benchmarks.json"
    keep(results(10_000), path)
    keep(results(2_000), path)
    changed = {**results(2_000), "seed": 7}
    assert list(keep(changed, path)) == ["2000", "10000"]
    assert json.loads(path.read_text())["2000"]["seed"] == 7
    assert kept(tmp_path / "nothing.json") == {}


def test_a_plot_is_the_same_for_the_same_results(tmp_path: Path) -> None:
    one, other = tmp_path / "one.png", tmp_path / "other.png"
    plot({"10000": results()}, one)
    plot({"10000": results()}, other)
    assert one.read_bytes().startswith(b"\x89PNG")
    assert one.read_bytes() == other.read_bytes()


def test_the_page_is_made_of_the_kept_results() -> None:
    found = kept()
    assert found, f"{RESULTS} is missing"
    assert PAGE.read_text() == page(found)
    assert PLOT.read_bytes().startswith(b"\x89PNG")


def test_kept_results_agree_with_themselves() -> None:
    for size, found in kept().items():
        assert found["users"] == int(size)
        assert {name for _, name, _ in TARGETS} <= found.keys()
        for each in found["runs"].values():
            assert each["over_floor"] == pytest.approx(each["seconds"] / each["floor_seconds"], rel=0.01)
            assert each["dollars"] == pytest.approx(sum(cost(each["usage"]).values()), rel=0.01, abs=1e-6)
            assert found["seconds"][each["name"]] == each["seconds"]
