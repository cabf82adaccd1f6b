"""Watching an import until its queues are drained: how far it is, and whether it has stalled."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from lifeboat.aws.queues import Queue
from lifeboat.errors import ImportStalled, LifeboatError
from lifeboat.model import instant, now, seconds_between
from lifeboat.pacing import Deadline
from lifeboat.restore.course import take_sample, with_phase
from lifeboat.restore.scanned import Scanned
from lifeboat.restore.tasks import JobProgress, Progress, Run
from lifeboat.store.ledger import Ledger
from lifeboat.store.outcomes import Outcomes
from lifeboat.store.tally import FAILED, SETTLED, UPDATES
from lifeboat.telemetry import logger, publish

SHORTEST_LOOK, LONGEST_LOOK = 2, 15
"""Seconds between two looks: the fewer users are left, the sooner the next."""

IDLE_LOOK = 60
"""Seconds between two looks for messages to import jobs where no job is active."""

EMPTY_GRACE = 90
"""Seconds for which the queues must seem empty before users without an outcome are given up: the
counts of SQS are approximate for about a minute."""

STALL = 1_800
"""Seconds without any change after which an import has stalled: five visibility timeouts."""

USERS_PER_SECOND = 20
"""About how many users are settled in a second, to choose the time of the next look."""

SAMPLE_SECONDS = 10
"""Rates are taken over at least so many seconds: consumers count a batch at a time."""

COUNT_EVERY = 60
"""Seconds between two exact counts of the outcomes while the queues seem empty."""


USERS = "USERS"
"""The phase of an import whose users come into the pool; `steps` has those before and after."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one look has seen. `counted` are users settled by the running sums, which may be short."""

    at: str
    scan_finished: bool
    expected: int
    counted: int
    depths: Mapping[str, int]

    @property
    def waiting(self) -> int:
        """About how many messages all queues hold."""
        return sum(self.depths.values())


@dataclass(frozen=True, slots=True)
class ProgressDisplay:
    """Shows how far an import is, how fast it goes and when it should end: in the ledger and as metrics."""

    run: Run
    ledger: Ledger
    queues: tuple[Queue, ...]
    stack_name: str

    def look(self) -> Look:
        """Look at scan, sums and queues, and show them.

        Raises ImportStalled when this execution is not the one that runs the import: a function goes on when
        its execution was stopped or has failed, and would be in the way of whoever resumes the import.
        """
        entry = self.ledger.get(self.run["ImportId"]) or {}
        own = self.run["ExecutionArn"]
        if entry.get("status", "RUNNING") != "RUNNING" or entry.get("execution_arn", own) != own:
            raise ImportStalled("the import was ended, or another execution has taken it over")
        moment, scanned = now(), Scanned.of(entry)
        depths = {queue.name: queue.depth() for queue in self.queues}
        look = Look(
            moment,
            scanned.finished,
            scanned.expected + scanned.to_come,
            scanned.complete + int(entry.get(SETTLED, 0)),
            depths,
        )
        self._show(entry, look, scanned)
        return look

    @contextmanager
    def kept_up(self, seconds: float = LONGEST_LOOK) -> Iterator[None]:
        """Look every so many seconds while something else is done that takes its time."""
        with repeated(self.look, seconds):
            yield

    def _show(self, entry: Mapping[str, Any], look: Look, scanned: Scanned) -> None:
        settled = min(look.counted, look.expected)
        updates, failed = int(entry.get(UPDATES, 0)), int(entry.get(FAILED, 0))
        before: Mapping[str, Any] = entry.get("progress") or {}
        since = str(before.get("since") or look.at)
        known = int(before.get("since_settled", settled))
        sample: Mapping[str, Any] = before.get("sample") or {}
        users_rate = float(before.get("users_per_second", 0))
        updates_rate = float(before.get("updates_per_second", 0))
        seconds = seconds_between(str(sample["at"]), look.at) if sample else 0.0
        if seconds >= SAMPLE_SECONDS:
            users_rate = rate_of(settled - int(sample["settled"]), seconds)
            updates_rate = rate_of(updates - int(sample["updates"]), seconds)
        if not sample or seconds >= SAMPLE_SECONDS:
            sample = {"at": look.at, "settled": settled, "updates": updates}
        left = seconds_left(look.expected - settled, settled - known, seconds_between(since, look.at))
        self.ledger.update(
            self.run["ImportId"],
            {
                "progress": {
                    "phase": USERS,
                    "expected": look.expected,
                    "settled": settled,
                    "failed": failed,
                    "updates": updates,
                    "waiting": look.waiting,
                    "scanning": not scanned.finished,
                    "users_per_second": Decimal(str(users_rate)),
                    "updates_per_second": Decimal(str(updates_rate)),
                    "expected_end": "" if left is None else moment_in(look.at, left),
                    "at": look.at,
                    "since": since,
                    "since_settled": known,
                    "sample": dict(sample),
                },
                **with_phase(entry, USERS, look.at),
            },
        )
        take_sample(
            self.ledger,
            self.run["ImportId"],
            entry,
            {"at": look.at, "phase": USERS, "done": settled, "updates": updates},
        )
        metrics: dict[str, float] = {
            "ImportUsersExpected": look.expected,
            "ImportUsersSettled": settled,
            "ImportUsersFailed": failed,
            "ImportUsersPerSecond": users_rate,
            "ImportUpdatesPerSecond": updates_rate,
            "ImportMessagesWaiting": look.waiting,
        }
        if left is not None:
            metrics["ImportSecondsLeft"] = round(left)
        publish(self.stack_name, metrics)


@dataclass(frozen=True, slots=True)
class ProgressCheck:
    """Compares the queues with the outcomes."""

    outcomes: Outcomes
    display: ProgressDisplay
    new_users: Queue
    sleep: Callable[[float], None] = time.sleep

    def watch(self, job: JobProgress, before: Progress | None, deadline: Deadline) -> Progress:
        """Look again and again until all is done, the import job is to be looked at, or time runs short.

        Waiting here and not in the workflow keeps an import of weeks within the events that an execution may
        have, and its progress up to date. Raises ImportStalled, naming the queue that does not move.
        """
        begun = now()
        while True:
            before = self.check(job, before)
            # Without a job there may be messages that a crash had hidden and that have come back.
            look_after = job["LookAfter"] if job["Active"] else IDLE_LOOK
            due_in = look_after - seconds_between(begun, now())
            if before["Drained"] or deadline.near() or due_in <= 0:
                return before
            left = max(0, before["Expected"] - before["Settled"]) / USERS_PER_SECOND
            self.sleep(min(due_in, max(left / 4, SHORTEST_LOOK), LONGEST_LOOK))

    def check(self, job: JobProgress, before: Progress | None) -> Progress:
        """Say whether everything expected is settled.

        Raises ImportStalled, naming the queue that does not move.
        """
        look = self.display.look()
        seen = (look.counted, look.expected, look.waiting, job["Done"])
        moved = before is None or seen != (
            before["Settled"],
            before["Expected"],
            before["Waiting"],
            before["Imported"],
        )
        changed_at = look.at if moved or before is None else before["ChangedAt"]
        quiet = look.scan_finished and not job["Active"]
        empty_since = ""
        if look.waiting == 0 and quiet:
            empty_since = (before["EmptySince"] if before is not None else "") or look.at
        if seconds_between(changed_at, look.at) > STALL:
            raise _stalled(look)
        progress: Progress = {
            "Drained": False,
            "Expected": look.expected,
            "Settled": look.counted,
            "Waiting": look.waiting,
            "Imported": job["Done"],
            "ChangedAt": changed_at,
            "EmptySince": empty_since,
            "CountedAt": before["CountedAt"] if before is not None else "",
        }
        given_up = bool(empty_since) and seconds_between(empty_since, look.at) >= EMPTY_GRACE
        # What is left in NewUsersQueue after a crash is of users that are there: to be cleared away.
        may_be_over = quiet and not look.depths[self.new_users.name]
        seems_over = look.counted >= look.expected or bool(empty_since)
        if may_be_over and seems_over and self._count_due(progress, given_up):
            progress["CountedAt"] = look.at
            progress["Drained"] = given_up or self.outcomes.settled() >= look.expected
        return progress

    def _count_due(self, progress: Progress, given_up: bool) -> bool:
        """Whether to count the outcomes, which takes a moment, in large pools a minute."""
        if given_up or progress["Settled"] >= progress["Expected"] or not progress["CountedAt"]:
            return True
        return seconds_between(progress["CountedAt"], now()) >= COUNT_EVERY


@contextmanager
def repeated(show: Callable[[], object], seconds: float) -> Iterator[None]:
    """Show something every so many seconds in the background; what fails is logged, and tried again."""
    over = threading.Event()

    def keep() -> None:
        while not over.wait(seconds):
            try:
                show()
            except LifeboatError as error:
                logger.warning("progress not shown", error=type(error).__name__)

    thread = threading.Thread(target=keep, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _stalled(look: Look) -> ImportStalled:
    stuck = ", ".join(f"{name} holds about {depth}" for name, depth in look.depths.items())
    return ImportStalled(
        f"nothing has moved for {STALL // 60} minutes with {max(0, look.expected - look.counted)} of "
        f"{look.expected} users unsettled; {stuck} messages. Look at the consumers' errors, then resume the "
        "import"
    )


def rate_of(done: int, seconds: float) -> float:
    """How many a second, to a tenth."""
    return round(max(0, done) / seconds, 1) if seconds > 0 else 0.0


def seconds_left(left: int, done: int, seconds: float) -> float | None:
    """In how many seconds the rest is done if it goes on as it did; None while that cannot be said."""
    if left <= 0:
        return 0.0
    return None if done <= 0 or seconds <= 0 else left * seconds / done


def moment_in(moment: str, seconds: float) -> str:
    """The instant that so many seconds come after another."""
    return instant(datetime.fromisoformat(moment) + timedelta(seconds=seconds))
