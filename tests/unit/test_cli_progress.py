"""How far a run is, from its ledger entry."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from cli.runs.executions import Look
from cli.runs.progress import Pace, Phase, Stage, phases

AT = "2026-11-21T10:00:00.000Z"
LATER = "2026-11-21T10:00:20.000Z"
BEFORE = {"counts": {"users": {"listed": 900}, "memberships": {"listed": 400}}}


def look(entry: dict[str, Any], at: str = AT, state: str = "") -> Look:
    return Look(at, "RUNNING", entry, state)


def stages(found: list[Phase]) -> dict[str, Stage]:
    return {phase.name: phase.stage for phase in found}


def test_an_export_lists_users_at_a_rate_that_tells_its_end() -> None:
    pace = Pace()
    phases("export", look({"users_estimated": 1_000, "tally_users": Decimal(100)}), pace, BEFORE)

    users, memberships, cleanup = phases(
        "export", look({"users_estimated": 1_000, "tally_users": Decimal(400)}, LATER), pace, BEFORE
    )

    assert (users.done, users.total, users.per_second) == (400, 1_000, 15.0)
    assert users.expected_end == "2026-11-21T10:01:00.000Z"
    assert (memberships.stage, memberships.total) == (Stage.WAITING, 400)
    assert cleanup.stage is Stage.WAITING


def test_an_export_that_lists_more_than_was_estimated_has_no_end_in_the_past() -> None:
    pace = Pace()
    phases("export", look({"users_estimated": 10, "tally_users": 20}), pace, {})

    users, *_ = phases("export", look({"users_estimated": 10, "tally_users": 40}, LATER), pace, {})

    assert (users.done, users.total, users.expected_end) == (40, 40, LATER)


def test_the_phases_of_an_export_follow_its_states() -> None:
    entry = {"users_estimated": 1_000, "tally_users": 1_000}
    listing = phases("export", look(entry, state="Export Memberships"), Pace(), {})
    cleaning = phases("export", look(entry | {"tally_memberships": 7}, state="Retire Items"), Pace(), {})
    over = phases("export", look(entry | {"counts": {}}), Pace(), {})

    assert stages(listing) == {"users": Stage.DONE, "memberships": Stage.RUNNING, "cleanup": Stage.WAITING}
    assert listing[1].total is None
    assert stages(cleaning) == {"users": Stage.DONE, "memberships": Stage.DONE, "cleanup": Stage.RUNNING}
    assert set(stages(over).values()) == {Stage.DONE}


def test_an_import_shows_what_its_ledger_entry_says() -> None:
    entry = {
        "users": 1_000,
        "groups": 3,
        "memberships": 500,
        "progress": {
            "phase": "USERS",
            "expected": 990,
            "settled": 300,
            "failed": 2,
            "users_per_second": Decimal("31.5"),
            "updates_per_second": Decimal("24.9"),
            "expected_end": "2026-11-21T10:05:00.000Z",
        },
    }

    groups, users, listing, comparison = phases("import", look(entry), Pace(), {})

    assert (groups.stage, groups.total) == (Stage.DONE, 3)
    assert (users.done, users.total, users.per_second) == (300, 990, 31.5)
    assert users.note == "2 failed so far, 24.9 updates a second"
    assert users.expected_end == "2026-11-21T10:05:00.000Z"
    assert (listing.stage, listing.total) == (Stage.WAITING, 1_500)
    assert (comparison.stage, comparison.total) == (Stage.WAITING, 990)


def test_an_import_that_makes_its_pool_begins_with_it() -> None:
    entry = {"users": 10, "groups": 3, "pool_name": "people", "progress": {}}

    making = phases("import", look(entry, state="Create User Pool"), Pace(), {})
    made = phases("import", look(entry, state="Create Groups"), Pace(), {})

    assert stages(making)["new pool"] is Stage.RUNNING
    assert stages(making)["groups"] is Stage.WAITING
    assert stages(made)["new pool"] is Stage.DONE
    assert stages(made)["groups"] is Stage.RUNNING


def test_a_later_step_has_its_own_counts_and_an_ended_import_is_done() -> None:
    entry = {
        "users": 10,
        "groups": 0,
        "memberships": 5,
        "progress": {"phase": "LISTING", "settled": 10, "expected": 10, "done": 6, "per_second": Decimal(3)},
    }

    listing = phases("import", look(entry), Pace(), {})[2]
    over = phases("import", look(entry | {"totals": {}}), Pace(), {})

    assert (listing.stage, listing.done, listing.total, listing.per_second) == (Stage.RUNNING, 6, 15, 3.0)
    assert set(stages(over).values()) == {Stage.DONE}


def test_a_drill_shows_its_import() -> None:
    entry = {"import_id": "x", "import": {"users": 4, "progress": {"phase": "USERS", "settled": 1}}}

    users = phases("drill", look(entry), Pace(), {})[1]

    assert (users.name, users.done, users.total) == ("users", 1, 4)
