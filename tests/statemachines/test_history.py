"""An import of weeks fits into what an execution may have: events, and time.

(docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html)
"""

from __future__ import annotations

from typing import Any

from lifeboat.pacing import QUOTAS, Budget, Category, Deadline
from lifeboat.restore.begin import LISTING_WORKERS, SCAN_WORKERS, USERS_PER_BUCKET
from lifeboat.restore.lanes import CYCLE_SECONDS, JOB_USERS_PER_SECOND, JOBS
from tests.statemachines.definitions import machine_of, surroundings
from tests.statemachines.graph import states

MOST_EVENTS = 25_000
USERS = 40_000_000
"""The most a user pool can have."""

EVENTS = {"Task": 5, "Choice": 2, "Pass": 2, "Succeed": 2}
"""Events of a state that is entered and left; a Lambda task is scheduled, started and succeeds besides."""

MAP_ITERATION = 2


def state(name: str) -> dict[str, Any]:
    return dict(states(machine_of("import")))[name]


def events(*names: str) -> int:
    return sum(EVENTS[state(name)["Type"]] for name in names)


def watch_seconds() -> float:
    """For how long one call of Check Progress watches: until less than the reserve is left."""
    timeout = surroundings().timeouts["CheckProgressFunctionArn"]
    reserve = Deadline(lambda: 0)._reserve
    return timeout - reserve


def import_events(seconds: float, jobs: int, seconds_a_job: float) -> float:
    """The events of the loop: a call of Run Import Job for each job, and of Check Progress for all its time."""
    look = events("Check Progress", "What Is Next?")
    run = events("Run Import Job")
    # Each job is looked at when it is about to end, and perhaps once more; none of its watches lasts longer.
    watches = jobs * (2 + seconds_a_job // watch_seconds())
    without_job = max(0.0, seconds - jobs * seconds_a_job) / watch_seconds()
    return 2 * jobs * run + (watches + without_job) * look


def test_an_import_of_forty_million_users_fits_into_an_executions_history() -> None:
    share = 90
    seconds = USERS / Budget(share, 1).rate(Category.USER_UPDATE)
    seconds_a_job = CYCLE_SECONDS + USERS / JOBS / JOB_USERS_PER_SECOND
    loop = import_events(seconds, JOBS, seconds_a_job)
    scan = SCAN_WORKERS * (MAP_ITERATION + 16 * events("Enqueue Users", "Scan Finished?"))
    listing_calls = 2 * USERS / 60 / QUOTAS[Category.USER_LIST] / 600
    listing = LISTING_WORKERS * MAP_ITERATION + listing_calls * events("List Restored", "Listing Finished?")
    verification = USERS / USERS_PER_BUCKET * (MAP_ITERATION + events("Verify Users"))
    assert loop + scan + listing + verification < 0.95 * MOST_EVENTS
    assert seconds < machine_of("import")["TimeoutSeconds"]


def test_the_history_lasts_as_long_as_an_import_may() -> None:
    # Given an import of as many jobs as there may be that goes on to the end of its time
    seconds_a_job = CYCLE_SECONDS + USERS / JOBS / JOB_USERS_PER_SECOND
    assert import_events(machine_of("import")["TimeoutSeconds"], JOBS, seconds_a_job) < MOST_EVENTS
