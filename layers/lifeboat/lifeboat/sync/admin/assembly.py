"""Puts the admin API's parts together from the function's settings."""

from __future__ import annotations

from lifeboat.aws import clients
from lifeboat.aws.queues import Queue
from lifeboat.cognito.editor import UserEditor
from lifeboat.cognito.reader import PoolReader
from lifeboat.pacing import Budget
from lifeboat.settings import settings
from lifeboat.store.keys import user_key
from lifeboat.store.table import BackupTable
from lifeboat.sync.admin.changes import Administration
from lifeboat.sync.admin.history import UserHistory
from lifeboat.sync.capture.assembly import user_capture

SHARE = 100
"""Nobody waits for a share here: the gateway's throttle keeps to one, and refuses at once what is over it."""


def administration() -> Administration:
    """For Put User and Delete User."""
    budget = Budget(SHARE, 1, settings().quotas)
    client = clients.answering_cognito()
    table = BackupTable(clients.dynamodb(), settings().table_name)
    return Administration(
        settings().stack_name,
        settings().admin_group,
        PoolReader(client, settings().user_pool_id, budget),
        UserEditor(client, settings().user_pool_id, budget),
        Queue(clients.sqs(), settings().capture_retry_queue_url),
        user_capture().capture,
        lambda sub: table.user_with_groups(user_key(sub), consistent=True),
    )


def user_history() -> UserHistory:
    """For Get User History."""
    return UserHistory(settings().admin_group, BackupTable(clients.dynamodb(), settings().table_name))
