"""The least time that an export or a restore can take at Cognito's quotas, whatever the code does.

The numbers are those of docs/benchmarks.md: pages of 60, import jobs of about 35 users a second, 25 updates a
second (https://docs.aws.amazon.com/cognito/latest/developerguide/quotas.html).
"""

from __future__ import annotations

from lifeboat.listing import USERS_PER_PAGE
from lifeboat.pacing import Budget, Category

JOB_USERS_PER_SECOND = 35.0
"""What import jobs were seen to do."""


def export_floor(users: int, groups: int, memberships: int, share: float) -> float:
    """Seconds for listing so many at this share (percent) of the quota; every group takes a page at least."""
    pages = users / USERS_PER_PAGE + max(groups, memberships / USERS_PER_PAGE)
    return pages / Budget(share, 1).rate(Category.USER_LIST)


def restore_floor(users: int, memberships: int) -> float:
    """Seconds for restoring so many by import jobs and updates, which go on side by side."""
    return max(users / JOB_USERS_PER_SECOND, memberships / Budget(100, 1).rate(Category.USER_UPDATE))
