"""An import of weeks fits into what an execution may have: events, and time.

(docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html)
"""

from __future__ import annotations

from typing import Any

from lifeboat.pacing import QUOTAS, Budget, Category
from lifeboat.restore.lanes import JOBS
from lifeboat.restore.portions import LISTING_WORKERS, MOST_BUCKETS, SCAN_WORKERS, USERS_PER_BUCKET
from tests.statemachines.definitions import machine_of, surroundings
from tests.statemachines.graph import states

MOST_EVENTS = 25_000
USERS = 40_000_000
"""The most a user pool can have."""

EVENTS = {"Task": 5, "Choice": 2, "Pass": 2, "Succeed": 2}
"""Events of a state that is entered and left; a Lambda task is scheduled, started and succeeds besides."""

MAP_ITERATION = 2

WORKING, WATCHING = 300, 60
"""Seconds that a call of Run Import Jobs keeps back for a step of a job, and for a look."""


def state(name: str) -> dict[str, Any]:
    return dict(states(machine_of("import")))[name]


def events(*names: str) -> int:
    return sum(EVENTS[state(name)["Type"]] for name in names)


def import_events(seconds: float, jobs: int) -> float:
    """The events of the loop: each call works and watches until less than the reserve is left.

    A call ends early where a job is due and little time is left: at most once a job.
    """
    timeout = surroundings().timeouts["RunImportJobFunctionArn"]
    watched, early = timeout - WATCHING, WORKING - WATCHING
    calls = (seconds + jobs * early / 2) / watched
    return calls * events("Run Import Jobs", "Import Drained?")


def test_an_import_of_forty_million_users_fits_into_an_executions_history() -> None:
    share = 90
    seconds = USERS / Budget(share, 1).rate(Category.USER_UPDATE)
    loop = import_events(seconds, JOBS)
    scan = SCAN_WORKERS * (MAP_ITERATION + 16 * events("Enqueue Users", "Scan Finished?"))
    listing_calls = 2 * USERS / 60 / QUOTAS[Category.USER_LIST] / 600
    listing = LISTING_WORKERS * MAP_ITERATION + listing_calls * events("List Restored", "Listing Finished?")
    verification = min(USERS / USERS_PER_BUCKET, MOST_BUCKETS) * (MAP_ITERATION + events("Verify Users"))
    assert loop + scan + listing + verification < 0.95 * MOST_EVENTS
    assert seconds < machine_of("import")["TimeoutSeconds"]


def test_the_history_lasts_as_long_as_an_import_may() -> None:
    # Given an import of as many jobs as there may be that goes on to the end of its time
    assert import_events(machine_of("import")["TimeoutSeconds"], JOBS) < 0.9 * MOST_EVENTS
