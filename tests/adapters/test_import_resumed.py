"""An import that did not bring everybody back is resumed."""

from __future__ import annotations

import json

import pytest

from lifeboat.aws import clients
from lifeboat.restore import assembly
from tests.adapters.people import (
    LANES,
    RESUMED,
    failure_of,
    into,
    is_restored,
    refusal,
    resend,
)
from tests.adapters.pools import Pool, failing
from tests.adapters.stack import Import, Stack, bodies, dead_letters, taken


@pytest.fixture
def incomplete(backup: Stack, fresh: Pool) -> Import:
    """An import by the API of which one user could not be created."""
    run = Import(backup, into(fresh, UserLane="api"))
    run.enqueue()
    refused = refusal("InvalidParameterException", "AdminCreateUser", "no such attribute")
    waiting = bodies(backup.api_users)
    resend(backup.api_users, [body for body in waiting if json.loads(body)["username"] != "ann"])
    with failing(clients.cognito(), "AdminCreateUser", refused):
        for body in waiting:
            if json.loads(body)["username"] == "ann":
                taken(assembly.new_user_consumer(), body, 1)
    run.deliver()
    assert run.end()["Error"] == "ImportIncomplete"
    return run


def test_resuming_redoes_only_what_is_missing(incomplete: Import, fresh: Pool) -> None:
    # Given an import that ended incomplete, and a cause that has been mended
    backup = incomplete.stack
    run = Import(backup, {"Resume": incomplete.of["ImportId"]}, RESUMED)
    run.enqueue()
    # Then only the missing user is sent again, by the lane that was chosen at first
    waiting = bodies(backup.api_users)
    assert [json.loads(body)["username"] for body in waiting] == ["ann"]
    assert bodies(backup.new_users) == []
    resend(backup.api_users, waiting)
    run.deliver()
    assert (run.of["UserPoolId"], run.of["UserLane"]) == (fresh.pool_id, "api")
    is_restored(run.end(), backup.source, fresh)


def test_resuming_in_another_lane_sends_what_is_missing_by_it(incomplete: Import, fresh: Pool) -> None:
    backup = incomplete.stack
    run = Import(backup, {"Resume": incomplete.of["ImportId"], "UserLane": "auto"}, RESUMED)
    run.enqueue()
    waiting = bodies(backup.new_users)
    assert [json.loads(body)["username"] for body in waiting] == ["ann"]
    resend(backup.new_users, waiting)
    run.deliver()
    is_restored(run.end(), backup.source, fresh)
    assert fresh.users()["ann"].status == "RESET_REQUIRED"


@pytest.mark.parametrize("lane", LANES)
def test_resuming_brings_back_a_user_deleted_after_it_was_restored(
    backup: Stack, fresh: Pool, lane: str
) -> None:
    # Given a user that somebody deletes from the new pool before the import has ended
    run = Import(backup, into(fresh, UserLane=lane))
    run.enqueue()
    run.deliver()
    fresh.remove("ann")
    assert not run.end()["Complete"]
    (named,) = run.report()["failed"]
    assert "deleted in the new pool" in named["reason"]
    # When the import is resumed, the user comes back
    is_restored(Import(backup, {"Resume": run.of["ImportId"]}, RESUMED).run(), backup.source, fresh)


def test_resuming_waits_for_users_that_failed_before(incomplete: Import) -> None:
    run = Import(incomplete.stack, {"Resume": incomplete.of["ImportId"]}, RESUMED)
    run.enqueue()
    # Given that the user is in the queue once more, its old failure is not taken for its end
    assert not run.progress()["Drained"]
    run.deliver()
    assert run.progress()["Drained"]


def test_resuming_redoes_an_update_that_failed(backup: Stack, fresh: Pool) -> None:
    # Given a group that somebody deleted from the new pool, so that ann could not join it
    run = Import(backup, into(fresh))
    run.enqueue()
    fresh.remove_group("staff")
    run.deliver()
    assert not run.end()["Complete"]
    assert "given up after 5 deliveries" in failure_of(run, "ann")
    dead_letters(backup.updates_dead)
    # When the import is resumed, which creates the group again
    again = Import(backup, {"Resume": run.of["ImportId"]}, RESUMED)
    ended = again.run()
    # Then ann has joined it
    is_restored(ended, backup.source, fresh)


def test_a_resumed_import_may_be_resumed_with_its_pool(incomplete: Import, fresh: Pool) -> None:
    run = Import(incomplete.stack, into(fresh, Resume=incomplete.of["ImportId"]), RESUMED)
    is_restored(run.run(), incomplete.stack.source, fresh)


def test_resuming_with_another_listing_plan_believes_nothing_that_was_found_before(
    incomplete: Import, fresh: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given an export in between that made the listing one by prefixes, and a user lost from the new pool
    monkeypatch.setattr("lifeboat.restore.portions.listing_prefixes", lambda *_: list("0123456789abcdef"))
    lost = incomplete.stack.source.users()["bare"].sub
    fresh.remove("bare")
    # When the import is resumed
    run = Import(incomplete.stack, {"Resume": incomplete.of["ImportId"]}, RESUMED)
    run.run()
    # Then it is seen to be missing
    assert [entry["sub"] for entry in run.report()["failed"]] == [lost]
