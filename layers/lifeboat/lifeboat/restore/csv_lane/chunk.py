"""Draining NewUsersQueue into the chunk of users that the next import job is given.

Messages stay in the queue, hidden, until the job has started; what is drained but not imported by then comes
back by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from lifeboat.aws.queues import Queue, Received
from lifeboat.cognito.pool import PoolFacts
from lifeboat.pacing import Deadline
from lifeboat.restore.csv_lane.rows import RowFormat, Uncarried
from lifeboat.restore.messages import NewUser, Unusable, read_new_user, updates_for
from lifeboat.store.outcomes import Lane, Outcome, Outcomes, State
from lifeboat.telemetry import logger

RECEIVERS = 8
"""Threads that receive at a time: one request brings ten messages at most."""

LARGEST_FILE = 95_000_000
"""Bytes; an import job takes 100 MB."""

CSV_ONLY = "UserLane is csv, and an import job cannot create this user"


def hidden_for(size: int) -> int:
    """Seconds for which the messages of a chunk are hidden: enough to upload it and start its job.

    Never longer than a function runs: what a killed one had received is back before the import has stalled.
    """
    return min(900, 120 + size // 20)


@dataclass(slots=True)
class Chunk:
    """Users for one job, by sub, in the order of their rows; `handles` are those of their messages."""

    rows: dict[str, str] = field(default_factory=dict)
    messages: dict[str, NewUser] = field(default_factory=dict)
    handles: list[str] = field(default_factory=list)
    bytes: int = 0

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, slots=True)
class Drain:
    """Takes messages from NewUsersQueue until a chunk is full or the queue is empty.

    Users that no row can carry go to the API lane, or fail where `csv_only`. `abandoned` says of another
    import, by its id, that nobody waits for it any more.
    """

    import_id: str
    csv_only: bool
    facts: PoolFacts
    rows: RowFormat
    outcomes: Outcomes
    new_users: Queue
    dead_letters: Queue
    api_users: Queue
    updates: Queue
    abandoned: Callable[[str], bool] = lambda _: False

    def fill(self, size: int, deadline: Deadline) -> Chunk:
        """The next chunk. Messages that need no row are settled and deleted on the way."""
        chunk = Chunk()
        with ThreadPoolExecutor(RECEIVERS) as executor:
            while len(chunk) < size and chunk.bytes < LARGEST_FILE and not deadline.near():
                calls = min(RECEIVERS, -(-(size - len(chunk)) // 10))
                visible = [hidden_for(size)] * calls
                batches = list(executor.map(self.new_users.receive, visible))
                received = [message for batch in batches for message in batch]
                if not received:
                    break
                self._take(chunk, received)
        return chunk

    def _take(self, chunk: Chunk, received: list[Received]) -> None:
        usable = list(self._readable(received))
        outcomes = self.outcomes.of_users({message.sub for message, _ in usable})
        settled: list[str] = []
        diverted: list[tuple[NewUser, str]] = []
        for message, handle in usable:
            before = outcomes.get(message.sub)
            if message.sub in chunk.rows:
                chunk.handles.append(handle)  # delivered twice
            elif before is not None and before.state is State.CREATED:
                self._complete(message, before)
                settled.append(handle)
            else:
                try:
                    row = self.rows.row(message.user())
                except Uncarried as error:
                    diverted.append((message, str(error)))
                    settled.append(handle)
                else:
                    chunk.rows[message.sub] = row
                    chunk.messages[message.sub] = message
                    chunk.bytes += len(row.encode()) + 1
                    chunk.handles.append(handle)
        self.divert(diverted)
        self.new_users.delete(settled)

    def divert(self, users: Iterable[tuple[NewUser, str]]) -> None:
        """Hand users on to the API lane, each with its reason, or say that they failed."""
        if self.csv_only:
            for message, reason in users:
                self.outcomes.failed(message.sub, f"{CSV_ONLY}: {reason}")
        else:
            self.api_users.send(
                message.model_copy(update={"lane_reason": reason}).model_dump() for message, reason in users
            )

    def _readable(self, received: list[Received]) -> Iterator[tuple[NewUser, str]]:
        unusable: list[str] = []
        for message in received:
            try:
                found = read_new_user(message.body)
                if found.import_id != self.import_id and self.abandoned(found.import_id):
                    unusable.append(message.receipt_handle)
                    continue
                if found.import_id != self.import_id:
                    raise Unusable("a message of another import")
            except Unusable as error:
                self.dead_letters.send_raw(message.body, str(error))
                unusable.append(message.receipt_handle)
                logger.error("message given up", reason=str(error))
            else:
                yield found, message.receipt_handle
        self.new_users.delete(unusable)

    def _complete(self, message: NewUser, before: Outcome) -> None:
        """Delivered again after the user was created: its updates, if they were lost, are sent once more."""
        if not before.complete:
            self.outcomes.reopen(before)
            name = self.facts.sign_in_name(message.user()) or message.username
            self.updates.send(updates_for(message, name, before.lane is Lane.API))
