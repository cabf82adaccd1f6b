"""Puts the parts of captures together from the function's settings."""

from __future__ import annotations

from functools import cache

from lifeboat.aws import clients
from lifeboat.aws.queues import Queue
from lifeboat.cognito.reader import PoolReader
from lifeboat.pacing import Budget, Category
from lifeboat.settings import settings
from lifeboat.store.markers import Markers
from lifeboat.store.table import BackupTable
from lifeboat.sync.capture.confirmation import ConfirmedCapture
from lifeboat.sync.capture.consumer import CaptureConsumer
from lifeboat.sync.capture.groups import GroupCapture
from lifeboat.sync.capture.settle import CaptureSettling
from lifeboat.sync.capture.users import UserCapture

REPLICA = "REPLICA"
"""The stack's ExportFrom, where an export reads the pool's replica."""

CONSUMERS = 2
"""Functions that consume a capture queue at a time: the least MaximumConcurrency there is."""

LISTING_SECONDS = 40
"""Of the 60 of Capture Changes, less what it keeps in reserve: for so long the groups are listed at most."""


@cache
def _table() -> BackupTable:
    return BackupTable(clients.dynamodb(), settings().table_name)


@cache
def _prompt_table() -> BackupTable:
    return BackupTable(clients.prompt_dynamodb(), settings().table_name)


# A function keeps its token buckets from one invocation to the next, so these are made once.
@cache
def _reader(budget: Budget) -> PoolReader:
    return PoolReader(clients.cognito(), settings().user_pool_id, budget)


@cache
def _prompt_reader() -> PoolReader:
    return PoolReader(clients.prompt_cognito(), settings().user_pool_id, _budget(1))


def _budget(workers: int) -> Budget:
    return Budget(settings().capture_quota_share, workers, settings().quotas)


@cache
def _pool_has_mfa() -> bool:
    """Whether the pool has second factors at all; asked once a process."""
    return str(_reader(_budget(CONSUMERS)).describe().get("MfaConfiguration", "OFF")) != "OFF"


def _captures_mfa() -> bool:
    return settings().capture_mfa_preferences == "true" and _pool_has_mfa()


def _users(table: BackupTable, reader: PoolReader) -> UserCapture:
    return UserCapture(table, Markers(table), reader, settings().history_days, _captures_mfa)


def _groups(table: BackupTable, reader: PoolReader, pages: int = 0) -> GroupCapture:
    return GroupCapture(table, Markers(table), reader, settings().history_days, pages)


def group_pages(budget: Budget) -> int:
    """How many pages of groups an invocation of Capture Changes can list, and have time to write."""
    return max(1, int(budget.rate(Category.USER_POOL_RESOURCE_READ) * LISTING_SECONDS))


def user_capture() -> UserCapture:
    """For whoever has changed a user and wants the backup to have it at once."""
    return _users(_table(), _reader(_budget(CONSUMERS)))


def capture_consumer() -> CaptureConsumer:
    """For Capture Changes."""
    given = settings()
    queues = [Queue(clients.sqs(), url) for url in (given.capture_queue_url, given.capture_retry_queue_url)]
    reader = _reader(_budget(CONSUMERS))
    return CaptureConsumer(
        given.stack_name,
        given.user_pool_id,
        {queue.name: queue for queue in queues},
        _users(_table(), reader),
        _groups(_table(), reader, group_pages(_budget(CONSUMERS))),
    )


def confirmed_capture() -> ConfirmedCapture:
    """For Post Confirmation: everything answers promptly or has failed."""

    def capture(sub: str) -> str:
        return _users(_prompt_table(), _prompt_reader()).capture(sub).status

    def send(sub: str) -> None:
        Queue(clients.prompt_sqs(), settings().capture_retry_queue_url).send([{"sub": sub}])

    return ConfirmedCapture(settings, capture, send)


def capture_settling() -> CaptureSettling:
    """For Settle Captures, which has the export's share of the quotas to itself."""
    given = settings()
    reader = _reader(Budget(given.export_quota_share, 1, given.quotas))
    return CaptureSettling(
        Markers(_table()),
        _users(_table(), reader),
        _groups(_table(), reader),
        given.export_from == REPLICA,
    )
