"""How the two lanes supply the updates, so that these never run dry: how many users, when, by which lane.

Memberships are what an import takes longest for: 25 a second, for which users come by import jobs at about
35 a second. But the users of a job count only when it has ended, and between two jobs nothing comes:

    a job of n users:  CYCLE_SECONDS + n / JOB_USERS_PER_SECOND until their updates are queued
    their updates:     n × memberships per user / updates per second until the queue is empty

So each job must be small enough to end before the updates of the one before are made, and large enough that
its own last longer than it took. Until the first one ends, a head start of users by the API lane, of which
each is updated a moment after it was created, keeps the updates going. Only users with memberships are taken
for it: a membership makes a monthly active user anyway, so that creating them by the API costs nothing more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

CYCLE_SECONDS = 18.0
"""Seconds that each job takes besides its users: about ten until it begins, the rest for noticing its end,
settling it, and handing in the next file."""

JOB_USERS_PER_SECOND = 35.0
"""What import jobs were seen to do."""

MARGIN = 1.25
"""The head start lasts longer than the first job is thought to take by this factor."""

WORTHWHILE_SECONDS = 60.0
"""An import whose memberships take less than this has no head start: it would end little sooner."""

SMALLEST_FIRST = 500
LARGEST_FIRST = 5_000
"""Users of the first job, at least and at most."""

GROWTH = 2
"""By this factor jobs grow where they, and not the updates, set the pace."""

JOBS = 600
"""Jobs that an import means to get by with: a pool allows 1,000 in all, and some end early."""

RAMP = 50
"""Jobs that may be as small as they like; from then on they are large enough that JOBS suffice."""

FEW = 250
"""Users that are not worth a job of their own."""

LARGEST = 100_000
"""Users of a job at most, whatever is asked for: SQS hides 120,000 messages of a queue at a time."""


class LanePlan(NamedTuple):
    """`head_start` is a number of memberships whose users go by the API lane before all others.

    `first_job` is the users of the first job; jobs that are `growing` are each larger than the one before,
    the others as large as the work in hand allows.
    """

    head_start: int
    first_job: int
    growing: bool


def lane_plan(users: int, memberships: int, updates_per_second: float) -> LanePlan:
    """Plan for a backup of so many users and memberships, by the rate at which updates may be made."""
    density = memberships / max(1, users)
    # Seconds of updates that a user of a job brings, less the seconds the user took.
    gain = density / updates_per_second - 1 / JOB_USERS_PER_SECOND
    if gain <= 0:
        return LanePlan(0, SMALLEST_FIRST, growing=True)
    sustained = CYCLE_SECONDS / gain
    first_job = int(min(max(sustained, SMALLEST_FIRST), LARGEST_FIRST))
    if memberships / updates_per_second < WORTHWHILE_SECONDS:
        return LanePlan(0, first_job, growing=False)
    until_first_job = CYCLE_SECONDS + first_job / JOB_USERS_PER_SECOND
    # Where one job can bring all the others, it has until the end of the head start.
    job_rate = density * JOB_USERS_PER_SECOND
    at_once = (MARGIN * CYCLE_SECONDS + memberships / job_rate) / (1 / updates_per_second + 1 / job_rate)
    return LanePlan(
        int(min(MARGIN * updates_per_second * until_first_job, at_once)), first_job, growing=False
    )


@dataclass(frozen=True, slots=True)
class JobSize:
    """How many users the next job takes.

    `largest` is CsvChunkUsers; `first` and `growing` are the plan's. A larger job than `largest` is run only
    where JOBS would not suffice otherwise.
    """

    first: int
    growing: bool
    largest: int

    def of(self, number: int, seconds_in_hand: float, left: int) -> int:
        """The `number`th job's size (from 0).

        `seconds_in_hand` is for how long the updates have work without it, `left` how many users it and all
        later jobs are to create.
        """
        size = max(float(self.first), JOB_USERS_PER_SECOND * (seconds_in_hand - CYCLE_SECONDS))
        if self.growing:
            size = max(size, float(self.first) * GROWTH ** min(number, RAMP))
        size = min(size, self.largest)
        if number >= RAMP:
            size = max(size, left / max(1, JOBS - number))
        if left <= min(size + FEW, self.largest):
            size = left  # no last job of a few users
        return int(max(1, min(size, LARGEST)))
