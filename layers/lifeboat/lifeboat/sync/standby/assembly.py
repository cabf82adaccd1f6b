"""Puts together what keeps a standby pool up to date, from the function's settings."""

from __future__ import annotations

import threading
from functools import cache

from lifeboat.aws import clients
from lifeboat.aws.queues import Queue
from lifeboat.aws.topic import Topic
from lifeboat.cognito.changes import PoolChanger
from lifeboat.cognito.pool import PoolFacts
from lifeboat.cognito.reader import PoolReader
from lifeboat.cognito.states import PoolStates
from lifeboat.pacing import Budget
from lifeboat.settings import settings
from lifeboat.store.deletions import Deletions
from lifeboat.store.standby import StandbyPlaces
from lifeboat.store.table import BackupTable
from lifeboat.sync.standby.check import StandbyCheck
from lifeboat.sync.standby.groups import StandbyGroups
from lifeboat.sync.standby.records import StandbyChanges
from lifeboat.sync.standby.users import StandbyUsers

WORKERS = 4
"""Functions that apply changes at a time, each from one shard of the stream; a table on demand begins with
four. Where there are more, Cognito's throttling is what tells them."""

_making = threading.Lock()


@cache
def _made(workers: int) -> StandbyChanges:
    given = settings()
    pool_id = given.standby_user_pool_id
    budget = Budget(given.import_quota_share, workers, given.quotas)
    client = clients.cognito()
    table = BackupTable(clients.dynamodb(), given.table_name)
    places = StandbyPlaces(table, pool_id)
    states = PoolStates(client, pool_id, budget)
    changer = PoolChanger(client, pool_id, budget)
    deletions = Deletions(table, pool_id, given.max_retire_percent)
    groups = StandbyGroups(table, places, states, changer, deletions)
    facts = PoolFacts.of(PoolReader(client, pool_id, budget).describe())
    users = StandbyUsers(table, places, facts, states, changer, groups, deletions, given.source_sub_attribute)
    dead_letters = Queue(clients.sqs(), given.standby_dlq_url)
    topic = Topic(clients.sns(), given.topic_arn, given.notify_on)
    return StandbyChanges(users, groups, dead_letters, topic, given.stack_name)


def standby_changes(workers: int = WORKERS) -> StandbyChanges:
    """For Apply Changes. A worker keeps its token buckets, so it is made once."""
    with _making:
        return _made(workers)


def released_deletions() -> StandbyChanges:
    """For Release Deletions, which has the whole share: it is invoked once, by an operator."""
    return standby_changes(workers=1)


def standby_check() -> StandbyCheck:
    """For Check Standby, which has the whole share for the same reason."""
    return StandbyCheck(standby_changes(workers=1))
