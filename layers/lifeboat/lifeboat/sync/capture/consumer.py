"""Handling a batch of the capture queues: whoever is named in it is captured once, however often that is."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes import SQSEvent
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from lifeboat.aws.queues import Queue
from lifeboat.errors import LifeboatError
from lifeboat.model import instant, now, seconds_between
from lifeboat.pacing import Deadline
from lifeboat.sync.capture.causes import Cause, NoCause, Unusable, cause_of
from lifeboat.sync.capture.groups import GroupCapture, TooManyGroups
from lifeboat.sync.capture.users import UserCapture
from lifeboat.telemetry import logger, publish

SIDE_BY_SIDE = 8
"""Users that are captured at a time: what takes long is waiting for Cognito."""

LOOKS = 3
"""How often a user is looked for who should be there, and is neither in the pool nor in the backup."""

RESERVE_SECONDS = 15.0
"""What must be left of the invocation to begin with a user: a few slow calls, one after the other."""


class NotThereYet(LifeboatError):
    """A user who should be in the pool is not listed; listings are eventually consistent."""


@dataclass(slots=True)
class _Batch:
    """The records of a batch by what they are about ("" for the groups), and what became of them."""

    records: defaultdict[str, list[tuple[SQSRecord, Cause]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    failed: list[SQSRecord] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    lag: float = 0.0


@dataclass(frozen=True, slots=True)
class CaptureConsumer:
    """Consumes both capture queues. `queues` are these, by their names."""

    stack_name: str
    pool_id: str
    queues: Mapping[str, Queue]
    users: UserCapture
    groups: GroupCapture

    def consume(self, event: SQSEvent, deadline: Deadline) -> PartialItemFailureResponse:
        """Capture what the messages are about; the answer names those to be delivered again."""
        batch = self._sort(event)
        with ThreadPoolExecutor(SIDE_BY_SIDE) as threads:
            # The groups first: they take the longest.
            list(threads.map(lambda sub: self._take(sub, batch, deadline), sorted(batch.records)))
        self._report(batch)
        return {"batchItemFailures": [{"itemIdentifier": record.message_id} for record in batch.failed]}

    def _sort(self, event: SQSEvent) -> _Batch:
        batch = _Batch()
        for record in event.records:
            try:
                cause = cause_of(record.body, self.pool_id)
            except Unusable as error:
                # Delivered until the queue gives it up to its dead-letter queue.
                logger.error("capture message unusable", reason=str(error))
                batch.failed.append(record)
                continue
            if isinstance(cause, NoCause):
                batch.counts[cause.reason] += 1
            else:
                batch.records[cause.sub].append((record, cause))
        return batch

    def _take(self, sub: str, batch: _Batch, deadline: Deadline) -> None:
        """Capture a user or, for "", the groups. Raises nothing that a repetition may mend."""
        records = batch.records[sub]
        received = max(int(record.attributes.approximate_receive_count) for record, _ in records)
        if deadline.near():
            batch.failed.extend(record for record, _ in records)
            return
        try:
            causes = [cause for _, cause in records]
            written = self._user(sub, causes, received, batch) if sub else self.groups.capture(deadline)
        except TooManyGroups:
            batch.counts["groups_left"] += 1
            logger.warning("groups left to the next export: too many to be listed in time")
            return
        except LifeboatError as error:
            batch.failed.extend(record for record, _ in records)
            for record, _ in records:
                queue = self.queues.get(record.event_source_arn.rpartition(":")[2])
                if queue is not None:
                    queue.put_off(record.receipt_handle, received)
            code = getattr(error, "code", type(error).__name__)
            logger.warning("capture put off", sub=sub, received=received, error=code)
            return
        batch.counts["captured"] += 1
        batch.counts["written"] += written
        lags = [seconds_between(instant(cause.at), now()) for _, cause in records if cause.at]
        batch.lag = max([batch.lag, *lags])

    def _user(self, sub: str, causes: list[Cause], received: int, batch: _Batch) -> int:
        captured = self.users.capture(sub)
        batch.counts["deleted"] += captured.known and not captured.status
        expected = any(cause.sure and not cause.deletes for cause in causes)
        if expected and not captured.status and not captured.known and received < LOOKS:
            raise NotThereYet("the user is neither in the pool nor in the backup")
        return captured.written

    def _report(self, batch: _Batch) -> None:
        values: dict[str, float] = {
            "CapturedUsers": batch.counts["captured"],
            "CaptureItemsWritten": batch.counts["written"],
            "CapturesPutOff": len(batch.failed),
            "CapturedDeletions": batch.counts["deleted"],
            "CaptureEventsWithoutSub": batch.counts["no_sub"],
            "GroupCapturesLeft": batch.counts["groups_left"],
        }
        units = {}
        if batch.lag:
            values["CaptureLag"] = batch.lag
            units["CaptureLag"] = MetricUnit.Seconds
        publish(self.stack_name, values, units=units)
