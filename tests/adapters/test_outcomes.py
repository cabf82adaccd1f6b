"""What became of each user: messages come twice and in any order, and it ends the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import permutations

import pytest

from lifeboat.store.keys import shard_of
from lifeboat.store.outcomes import Lane, Outcome, Outcomes, State
from lifeboat.store.table import BackupTable
from tests.unit.examples import USER

SUB = USER.sub
Step = Callable[[Outcomes], object]


def created(outcomes: Outcomes) -> None:
    outcomes.created(SUB, "new-sub", 2, "no verified address")


def created_by_csv(outcomes: Outcomes) -> None:
    outcomes.created_by_csv({SUB: 2})


def failed(outcomes: Outcomes) -> None:
    outcomes.failed(SUB, "refused")


def updated(number: int) -> Step:
    return lambda outcomes: outcomes.updated(SUB, number)


def update_failed(number: int) -> Step:
    return lambda outcomes: outcomes.update_failed(SUB, number, "no such group")


def reopened(outcomes: Outcomes) -> None:
    outcome = outcomes.get(SUB)
    assert outcome is not None
    outcomes.reopen(outcome)


def after(table: BackupTable, *steps: Step) -> Outcome:
    """The outcome in a new import in which this happened."""
    after.imports += 1  # type: ignore[attr-defined]
    outcomes = Outcomes(table, f"import-{after.imports}")  # type: ignore[attr-defined]
    for step in steps:
        step(outcomes)
    outcome = outcomes.get(SUB)
    assert outcome is not None
    return outcome


after.imports = 0  # type: ignore[attr-defined]

DONE = Outcome(
    SUB,
    State.CREATED,
    new_sub="new-sub",
    lane=Lane.API,
    lane_reason="no verified address",
    updates_expected=2,
    updates_done=frozenset({0, 1}),
)
BY_CSV = replace(DONE, new_sub="", lane=Lane.CSV, lane_reason="")


def test_a_user_is_settled_when_it_is_created_and_every_update_is_made(table: BackupTable) -> None:
    steps = [created, updated(0), updated(1)]
    seen = [after(table, *steps[:number]) for number in (1, 2, 3)]
    assert [outcome.settled for outcome in seen] == [False, False, True]
    assert seen[-1] == DONE
    assert DONE.complete


def test_a_user_of_an_import_job_is_settled_like_any_other(table: BackupTable) -> None:
    for order in permutations([updated(0), updated(1), updated(0)]):
        assert after(table, created_by_csv, *order) == BY_CSV
    # A failure before it, in a job of an earlier attempt, is forgotten
    assert after(table, failed, created_by_csv, updated(0), updated(1)) == BY_CSV
    assert after(table, created_by_csv, failed, updated(0), updated(1)) == BY_CSV


def test_users_of_an_import_job_are_written_and_read_by_the_batch(table: BackupTable) -> None:
    outcomes = Outcomes(table, "an-import")
    subs = [f"{number:03x}-sub" for number in range(130)]
    outcomes.created_by_csv({sub: number % 3 for number, sub in enumerate(subs)})
    found = outcomes.of_users([*subs, "never-there"])
    assert {sub: outcome.updates_expected for sub, outcome in found.items()} == {
        sub: number % 3 for number, sub in enumerate(subs)
    }
    assert {outcome.lane for outcome in found.values()} == {Lane.CSV}


def test_updates_count_once_in_any_order_and_however_often(table: BackupTable) -> None:
    for order in permutations([updated(0), updated(1), updated(0), updated(1)]):
        assert after(table, created, *order) == DONE


def test_creating_and_failing_end_as_created_in_any_order(table: BackupTable) -> None:
    only_created = replace(DONE, updates_done=frozenset())
    for order in {*permutations([created, failed, created, failed])}:
        assert after(table, *order) == only_created


def test_a_creation_delivered_again_sends_its_updates_again_and_ends_the_same(table: BackupTable) -> None:
    for early in range(3):
        updates = [updated(0), updated(1)]
        assert after(table, created, *updates[:early], created, *updates, *updates[:early]) == DONE


def test_a_user_that_only_failed_says_why(table: BackupTable) -> None:
    outcome = after(table, failed, failed)
    assert (outcome.state, outcome.failure, outcome.complete, outcome.settled) == (
        State.FAILED,
        "refused",
        False,
        True,
    )


def test_an_update_that_cannot_be_made_settles_the_user_as_not_complete(table: BackupTable) -> None:
    outcome = after(table, created, updated(0), update_failed(1))
    assert (outcome.failure, outcome.complete, outcome.settled) == ("no such group", False, True)


def test_an_update_that_is_made_after_all_mends_its_failure(table: BackupTable) -> None:
    # Given an update that was given up, and that an operator has moved back from the dead letters
    outcome = after(table, created, updated(0), update_failed(1), updated(1))
    # Then the user is complete
    assert outcome.complete


def test_another_update_that_is_made_does_not_hide_a_failure(table: BackupTable) -> None:
    outcome = after(table, created, update_failed(1), updated(0))
    assert (outcome.failure, outcome.complete) == ("no such group", False)


def test_a_failure_is_forgotten_when_the_user_is_tried_again(table: BackupTable) -> None:
    outcome = after(table, created, updated(0), update_failed(1), update_failed(11), reopened)
    assert (outcome.failure, outcome.settled) == ("", False)
    # And what was made before it failed need not be made again
    assert after(table, created, updated(0), update_failed(1), reopened, updated(1)) == DONE


def test_a_refused_user_is_unsettled_when_it_is_tried_again(table: BackupTable) -> None:
    assert not after(table, failed, reopened).settled


@pytest.mark.parametrize("sub", ["ab12", "no hexadecimal", "a#b@c%d", "李"])
def test_outcomes_lie_in_their_users_shard(table: BackupTable, sub: str) -> None:
    outcomes = Outcomes(table, "an-import")
    outcomes.failed(sub, "refused")
    assert [outcome.sub for outcome in outcomes.of_shard(shard_of(sub))] == [sub]
    assert outcomes.get(sub) == Outcome(sub, State.FAILED, "refused")


def test_all_outcomes_are_those_of_every_shard_and_of_this_import_only(table: BackupTable) -> None:
    subs = ["00-a", "ff-b", "no hexadecimal"]
    for sub in subs:
        Outcomes(table, "an-import").created(sub, "new", 0, "")
    Outcomes(table, "another").created("00-z", "new", 0, "")
    assert sorted(outcome.sub for outcome in Outcomes(table, "an-import").all()) == sorted(subs)


def test_a_user_that_the_import_has_not_come_to_has_none(table: BackupTable) -> None:
    assert Outcomes(table, "an-import").get(SUB) is None
