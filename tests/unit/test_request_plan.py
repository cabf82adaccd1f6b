"""The plan of a run: what all workers may ask for together is the share, and the ledger says so."""

from collections import defaultdict
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeboat.pacing import QUOTAS, Budget, Category, Quotas
from lifeboat.request_plan import (
    Allotment,
    ExportPlan,
    ImportPlan,
    PlannedRequests,
)

DEFAULTS = Quotas()
SHARES = st.integers(1, 100)

AT_THE_SAME_TIME = [
    {"Export Users", "Export Memberships", "Export Groups", "Capture Configuration"},
    {"Create Users", "Update Users", "Run Import Job"},
    {"Enqueue Users", "Create Users", "Update Users"},
    {"List Restored"},
]
"""The states of a workflow that may ask Cognito for something beside each other."""


def import_plan(
    share: int = 90, quotas: Quotas = DEFAULTS, creators: int = 8, updaters: int = 4
) -> ImportPlan:
    return ImportPlan(share, quotas, creators, updaters, scanners=8, listers=4)


def line(lines: list[PlannedRequests], category: Category, state: str) -> PlannedRequests:
    (found,) = (each for each in lines if each["category"] == category and state in each["states"])
    return found


def test_an_export_tells_what_it_will_ask_for() -> None:
    lines = ExportPlan(50, DEFAULTS, workers=6).lines()
    assert line(lines, Category.USER_LIST, "Export Users") == {
        "category": "UserList",
        "states": ["Export Users", "Export Memberships", "Retire Items"],
        "quota": "30",
        "share": "50",
        "workers": 6,
        "rate": "2.5",
    }
    assert not [each for each in lines if each["category"] == Category.USER_READ]


def test_an_export_that_captures_second_factors_reads_users_at_the_raised_quota() -> None:
    plan = ExportPlan(50, Quotas(user_read=600), 6, captures_mfa=True)
    told = line(plan.lines(), Category.USER_READ, "Export Users")
    assert (told["quota"], told["workers"], told["rate"]) == ("600", 6, "50")
    assert plan.listing.rate(Category.USER_READ) == 50


def test_an_import_tells_what_it_will_ask_for() -> None:
    lines = import_plan(quotas=Quotas(user_creation=500)).lines()
    created = line(lines, Category.USER_CREATION, "Create Users")
    assert (created["quota"], created["share"], created["workers"]) == ("500", "90", 8)
    assert created["rate"] == "56.25"
    updated = line(lines, Category.USER_UPDATE, "Update Users")
    assert (updated["quota"], updated["workers"], updated["rate"]) == ("25", 4, "5.625")
    assert line(lines, Category.USER_LIST, "Update Users")["share"] == "45"


def test_the_lines_of_a_category_stand_together() -> None:
    categories = [each["category"] for each in import_plan().lines()]
    assert categories == sorted(categories)


@given(SHARES, st.integers(2, 20), st.integers(2, 10), st.integers(1, 16), st.booleans())
def test_states_that_run_together_keep_to_the_share_together(
    share: int, creators: int, updaters: int, listers: int, captures_mfa: bool
) -> None:
    lines = [
        *import_plan(share, creators=creators, updaters=updaters).lines(),
        *ExportPlan(share, DEFAULTS, listers, captures_mfa).lines(),
    ]
    for states in AT_THE_SAME_TIME:
        shares: defaultdict[str, Fraction] = defaultdict(Fraction)
        for each in lines:
            # Its quotas are per operation, and these states ask for different ones.
            if each["category"] != Category.USER_POOL_RESOURCE_READ and states.intersection(each["states"]):
                shares[each["category"]] += Fraction(each["share"])
        assert shares
        assert max(shares.values()) <= share


def test_a_line_is_what_its_budget_gives() -> None:
    budget = Budget(33, 7, Quotas(user_creation=77))
    for told in Allotment(("Create Users",), tuple(Category), budget).lines():
        assert float(told["rate"]) == pytest.approx(budget.rate(Category(told["category"])), rel=1e-3)
        assert float(told["quota"]) == budget.quotas.of(Category(told["category"]))


def test_only_what_aws_raises_differs_from_account_to_account() -> None:
    raised = Quotas(user_creation=1, user_read=2)
    assert {category for category in Category if raised.of(category) != QUOTAS[category]} == {
        Category.USER_CREATION,
        Category.USER_READ,
    }
    assert all(Quotas().of(category) == QUOTAS[category] for category in Category)
