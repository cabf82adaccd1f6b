"""The least time that Cognito's default request-rate quotas leave for an export or an import.

A floor counts only the requests that the job cannot do without, each at the full rate of its category, and
those of different categories side by side. Latency, start-up, comparison and verification are not in it.
(cognito/latest/developerguide/quotas.html)
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from local.front.categories import CATEGORIES, CATEGORY_OF

PAGE: Final = 60
"""Users in the largest page of ListUsers and ListUsersInGroup."""

CSV_USERS_PER_SECOND: Final = 35.0
"""The pace of an import job as observed at AWS, and as the front keeps it; AWS documents none."""


@dataclass(frozen=True, slots=True)
class Size:
    """What a pool holds: users, how many of them are disabled, and the number of members of each group."""

    users: int
    disabled: int
    group_sizes: tuple[int, ...]

    @property
    def memberships(self) -> int:
        """Count the memberships of all groups."""
        return sum(self.group_sizes)


def export_floor(size: Size) -> float:
    """Return the seconds that listing a pool takes: its users, and at least one page of each group."""
    pages = size.users / PAGE + sum(max(1.0, members / PAGE) for members in size.group_sizes)
    return pages / CATEGORIES["UserList"].rate


def import_floor(size: Size) -> float:
    """Return the seconds that filling a pool takes.

    Users come by import job and, at the same time, by AdminCreateUser with AdminSetUserPassword; memberships
    and disabling share the category UserUpdate.
    """
    by_api = min(CATEGORIES["UserCreation"].rate, CATEGORIES["UserAccountRecovery"].rate)
    creating = size.users / (CSV_USERS_PER_SECOND + by_api)
    updating = (size.memberships + size.disabled) / CATEGORIES["UserUpdate"].rate
    return max(creating, updating)


def seconds_by_category(calls: Mapping[str, int]) -> dict[str, float]:
    """Return how long the calls of each operation take at their category's full rate, by category."""
    requests: dict[str, int] = {}
    for operation, count in calls.items():
        category = CATEGORY_OF.get(operation)
        if category is not None:
            requests[category] = requests.get(category, 0) + count
    return {name: count / CATEGORIES[name].rate for name, count in sorted(requests.items())}


def requested_floor(calls: Mapping[str, int]) -> float:
    """Return the seconds that the requests really made would take if nothing but quotas took time."""
    return max(seconds_by_category(calls).values(), default=0.0)


def pages_of(counts: Collection[int]) -> int:
    """Count the pages that listings of these lengths take, one at least for each."""
    return sum(max(1, -(-count // PAGE)) for count in counts)
