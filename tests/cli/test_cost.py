"""What a backup costs: the model, the command, and docs/cost.md, which the command writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.document import CHANGED, FULL, IMPORT, UNCHANGED, kept
from benchmarks.live_page import RESULTS as LIVE
from cli.app import main
from cli.pricing import cost
from cli.pricing.cost import Pool, estimate
from cli.pricing.cost_page import BEGIN, END, written
from cli.pricing.prices import ACTIVE_USER, MONTHLY, PRICES
from tests.cli.documented import ROOT
from tests.template.reading import source

PAGE = ROOT / "docs/cost.md"
CLOSE = pytest.approx


def largest() -> dict[str, Any]:
    results = kept()
    return dict(results[max(results, key=int)])


def test_the_page_says_what_the_command_writes() -> None:
    text = PAGE.read_text("utf-8")
    assert written(text) == text
    assert text.count(BEGIN) == text.count(END) == 1


def test_the_command_writes_a_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "cost.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    assert main(["cost", "--write", str(page)]) == 0
    assert "old" not in page.read_text()
    assert page.read_text().startswith("before\n")
    assert page.read_text().endswith("after\n")
    page.write_text("no marks")
    assert main(["cost", "--write", str(page)]) == 1
    assert main(["cost", "--write", str(tmp_path / "missing" / "cost.md")]) == 1
    assert "marks" in capsys.readouterr().err


def test_every_price_has_a_source_at_aws() -> None:
    for price in (*PRICES.values(), *MONTHLY.values(), *ACTIVE_USER.values()):
        assert price.dollars > 0
        assert price.source.startswith("aws.amazon.com/")


def test_usage_is_that_of_the_last_benchmark() -> None:
    """Within a fifth: the figures are rounded, and a run differs a little from the one before."""
    result = largest()
    users = result["users"]
    used = {name: run["usage"] for name, run in result["runs"].items()}
    unchanged, changed = used[UNCHANGED], used[CHANGED]
    for name in ("write_units", "read_units", "state_transitions"):
        reckoned = cost.PER_EXPORT[name] + cost.PER_USER_LISTED.get(name, 0.0) * users
        assert reckoned == CLOSE(unchanged[name], rel=0.2), name
    # Half of the quota takes twice the seconds.
    seconds = cost.PER_EXPORT["lambda_gb_seconds"] + cost.PER_USER_LISTED["lambda_gb_seconds"] * users
    assert seconds == CLOSE(2 * unchanged["lambda_gb_seconds"], rel=0.2)
    changes = users / 100
    for name, each in cost.PER_CHANGE.items():
        assert each * changes == CLOSE(changed[name] - unchanged[name], rel=0.2), name
    first = cost.PER_NEW_USER * users + cost.PER_NEW_MEMBERSHIP * result["memberships"]
    assert first == CLOSE(used[FULL]["write_units"], rel=0.2)
    restored = users + result["memberships"]
    for name, each in cost.PER_USER_RESTORED.items():
        assert each * restored == CLOSE(used[IMPORT][name], rel=0.2), name
    assert result["export_over_floor"] == CLOSE(cost.OVER_FLOOR_EXPORT, rel=0.2)
    assert result["import_over_floor"] == CLOSE(cost.OVER_FLOOR_IMPORT, rel=0.2)


def test_a_captured_change_is_that_of_the_last_live_benchmark() -> None:
    measured = json.loads(LIVE.read_text())["dollars_per_million_changes_by_unit"]
    for name, dollars in measured.items():
        assert cost.PER_CAPTURE[name] * 1e6 * PRICES[name].dollars == CLOSE(dollars, rel=0.2), name


def test_alarms_are_about_as_many_as_the_template_has() -> None:
    resources = source()["Resources"].values()
    alarms = [each for each in resources if each["Type"] == "AWS::CloudWatch::Alarm"]
    once = [each for each in alarms if "Condition" in each and each["Condition"] != "KeepsStandby"]
    both = [each for each in alarms if "Condition" not in each]
    assert abs(len(once) + 2 * len(both) - cost.ALARMS) <= 5


def test_who_has_no_group_is_restored_without_being_billed() -> None:
    assert estimate(Pool(1_000, groups_per_user=0)).active_users == 0
    assert estimate(Pool(1_000, groups_per_user=0.5)).active_users == 500
    assert estimate(Pool(1_000, groups_per_user=3)).active_users == 1_000
    assert estimate(Pool(1_000, groups_per_user=3, on_demand=True)).active_users == 0


def test_more_of_anything_costs_more() -> None:
    base = estimate(Pool(10_000))
    assert estimate(Pool(20_000)).month > base.month
    assert estimate(Pool(10_000, change_percent=5)).month > base.month
    assert estimate(Pool(10_000, exports_per_day=24)).month > base.month
    assert estimate(Pool(10_000, live=True)).month > base.month
    assert estimate(Pool(10_000, history_days=365)).month > base.month
    assert estimate(Pool(10_000, plan="plus")).restored > base.restored
    assert estimate(Pool(10_000, groups_per_user=2)).import_seconds > base.import_seconds


def test_a_program_gets_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cost", "--users", "10000", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["restore_active_users"] == 10_000
    assert document["monthly_dollars_total"] == CLOSE(sum(document["monthly_dollars"].values()), abs=0.05)


def test_a_plan_that_does_not_exist_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cost", "--plan", "gold"]) == 2
    assert "lite, essentials, plus" in capsys.readouterr().err
