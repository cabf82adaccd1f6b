"""Puts a drill's parts together from the function's settings."""

from __future__ import annotations

from functools import cache

from lifeboat.aws import clients
from lifeboat.aws.executions import Executions
from lifeboat.aws.queues import Queue
from lifeboat.aws.topic import Topic
from lifeboat.cognito.scratch_pools import ScratchPools
from lifeboat.drill.begin import DrillBeginning
from lifeboat.drill.completion import DrillEnd
from lifeboat.drill.measure import Measurement
from lifeboat.drill.scratch import Scratch
from lifeboat.drill.watch import DrillWatch
from lifeboat.pacing import Budget
from lifeboat.settings import settings
from lifeboat.store.ledger import Ledger
from lifeboat.store.table import BackupTable


@cache
def _table() -> BackupTable:
    return BackupTable(clients.dynamodb(), settings().table_name)


def _executions() -> Executions:
    return Executions(clients.stepfunctions())


def _region() -> str:
    return clients.dynamodb().meta.client.meta.region_name


def scratch() -> Scratch:
    """For Delete Scratch Pool and Fail Drill."""
    given = settings()
    urls = (given.new_users_queue_url, given.api_users_queue_url, given.updates_queue_url)
    return Scratch(
        _table(),
        _executions(),
        ScratchPools(clients.cognito(), Budget(given.import_quota_share, 1)),
        tuple(Queue(clients.sqs(), url) for url in urls),
        given.stack_name,
        _region(),
        frozenset({given.user_pool_id, given.primary_user_pool_id, given.standby_user_pool_id}) - {""},
    )


def drill_beginning() -> DrillBeginning:
    """For Begin Drill."""
    return DrillBeginning(_table(), _executions(), settings().drill_sample_percent)


def drill_watch() -> DrillWatch:
    """For Watch Drill."""
    return DrillWatch(Ledger(_table(), "drill"), _executions())


def drill_end() -> DrillEnd:
    """For Complete Drill and Fail Drill."""
    given = settings()
    topic = Topic(clients.sns(), given.topic_arn, given.notify_on)
    return DrillEnd(given.stack_name, _table(), _executions(), topic)


def measurement() -> Measurement:
    """For Measure Backup."""
    given = settings()
    return Measurement(_table(), given.stack_name, _region(), given.export_quota_share)
