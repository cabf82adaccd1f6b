"""What an import would do, reckoned before it begins: who comes by which lane, how long, who is billed.

Every user is put to the same questions that the import's scan asks. Of a large backup only some shards are
read, and the rest is reckoned from them: subs are random, so that every shard is much like the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, Final

from lifeboat.cognito.pool import PoolFacts, wanted
from lifeboat.listing import USERS_PER_PAGE
from lifeboat.model import Membership, User
from lifeboat.pacing import Category
from lifeboat.request_plan import ImportPlan
from lifeboat.restore.csv_lane.rows import MFA_ENABLED, USERNAME, RowFormat, Uncarried
from lifeboat.restore.lanes import CYCLE_SECONDS, JOB_USERS_PER_SECOND
from lifeboat.restore.memberships import groups_now
from lifeboat.restore.messages import new_user, updates_for
from lifeboat.restore.pool.new_pool import NewPool
from lifeboat.restore.pool.plan import Captured, plan_pool
from lifeboat.restore.scan import BY_CHOICE
from lifeboat.restore.tasks import Run
from lifeboat.store.backup import Backup
from lifeboat.store.keys import SHARDS

ENOUGH: Final = 20_000
"""Users that are looked at; of a smaller backup all are."""

READERS: Final = 8


@dataclass
class Seen:
    """What was seen of the users of some shards.

    `updates` are requests of the category UserUpdate: memberships, disabling, links. `billed` are the users
    whom the import makes monthly active users: all that the API creates or changes.
    """

    users: int = 0
    federated: int = 0
    by_csv: int = 0
    by_api: int = 0
    refused: int = 0
    memberships: int = 0
    updates: int = 0
    billed: int = 0
    why_api: Counter[str] = field(default_factory=Counter)

    def add(self, other: Seen) -> None:
        """Add what was seen elsewhere."""
        for name in ("users", "federated", "by_csv", "by_api", "refused", "memberships", "updates", "billed"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.why_api += other.why_api


@dataclass(frozen=True, slots=True)
class Outlook:
    """What was seen, brought up to the whole backup. `exact` says that everybody was looked at."""

    seen: Seen
    exact: bool
    groups: int
    seconds: float
    pace: str

    def document(self) -> dict[str, Any]:
        """The outlook as JSON has it."""
        return {
            "exact": self.exact,
            "users": self.seen.users,
            "by_csv": self.seen.by_csv,
            "by_api": self.seen.by_api,
            "refused": self.seen.refused,
            "federated": self.seen.federated,
            "groups": self.groups,
            "memberships": self.seen.memberships,
            "why_api": dict(self.seen.why_api.most_common()),
            "updates": self.seen.updates,
            "billed_active_users": self.seen.billed,
            "seconds": round(self.seconds),
            "pace": self.pace,
        }


def outlook(
    backup: Backup, rows: RowFormat, run: Run, export: Mapping[str, Any], plan: ImportPlan
) -> Outlook:
    """Reckon what the import `run` would do with a backup."""
    counts = export["counts"]
    held = int(counts["users"]["listed"])
    shards = list(SHARDS)
    if held > ENOUGH:
        shards = shards[:: held // ENOUGH]
    seen = Seen()
    with ThreadPoolExecutor(READERS) as executor:
        for part in executor.map(lambda shard: look(backup.users_with_groups(shard), rows, run), shards):
            seen.add(part)
    exact = len(shards) == len(SHARDS)
    if not exact:
        seen = scaled(seen, len(SHARDS) / len(shards))
    seconds, pace = duration(seen, plan)
    return Outlook(seen, exact, sum(1 for _ in backup.groups()), seconds, pace)


def look(users: Iterable[tuple[User | None, list[Membership]]], rows: RowFormat, run: Run) -> Seen:
    """Look at some users with their memberships, as the import's scan does."""
    seen = Seen()
    for user, memberships in users:
        if user is None:
            continue
        seen.users += 1
        if user.federated:
            seen.federated += 1
            continue
        new = wanted(user, rows.facts, run["SourceSubAttribute"])
        groups = groups_now(run, new, (each.group_name for each in memberships))
        reason = _why_api(new, rows, run)
        if run["UserLane"] == "csv" and reason:
            seen.refused += 1
            continue
        updates = updates_for(new_user("-", "-", new, groups, reason), new.username, by_api=bool(reason))
        requests = sum(len(each["groups"]) + len(each["links"]) + each["disable"] for each in updates)
        seen.memberships += len(groups)
        seen.updates += requests
        if reason:
            seen.by_api += 1
            seen.why_api[reason] += 1
        else:
            seen.by_csv += 1
        seen.billed += bool(reason or requests)
    return seen


def _why_api(user: User, rows: RowFormat, run: Run) -> str:
    if run["UserLane"] == "api":
        return BY_CHOICE
    try:
        rows.row(user)
    except Uncarried as error:
        return str(error)
    return ""


def scaled(seen: Seen, factor: float) -> Seen:
    """What was seen of a part, for the whole."""
    return Seen(
        users=round(seen.users * factor),
        federated=round(seen.federated * factor),
        by_csv=round(seen.by_csv * factor),
        by_api=round(seen.by_api * factor),
        refused=round(seen.refused * factor),
        memberships=round(seen.memberships * factor),
        updates=round(seen.updates * factor),
        billed=round(seen.billed * factor),
        why_api=Counter({why: round(count * factor) for why, count in seen.why_api.items()}),
    )


def duration(seen: Seen, plan: ImportPlan) -> tuple[float, str]:
    """The seconds that Cognito's quotas leave for it at least, and what sets the pace.

    Jobs, creating and updating go on at the same time; the comparison at the end lists the pool once more.
    """
    rate = plan.alone.rate
    creating = min(rate(Category.USER_CREATION), rate(Category.USER_ACCOUNT_RECOVERY))
    jobs = CYCLE_SECONDS + seen.by_csv / JOB_USERS_PER_SECOND if seen.by_csv else 0.0
    paces = {
        f"users by import jobs, {JOB_USERS_PER_SECOND:.0f} a second": jobs,
        f"users by the API, {creating:g} a second": seen.by_api / creating,
        f"groups, links and disabling of users, {rate(Category.USER_UPDATE):g} requests a second": (
            seen.updates / rate(Category.USER_UPDATE)
        ),
    }
    pace = max(paces, key=lambda name: paces[name])
    listing = (seen.users + seen.memberships) / USERS_PER_PAGE / rate(Category.USER_LIST)
    return paces[pace] + listing, pace


def rows_of_new_pool(captured: Captured, new: NewPool) -> tuple[RowFormat, list[str]]:
    """The rows that import jobs of a pool made from the backup would take, and what that pool would lack.

    GetCSVHeader's columns are the schema's attributes and two of its own
    (https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-using-import-tool-csv-header.html).
    """
    plan = plan_pool(captured, new)
    facts = replace(
        PoolFacts.of(captured.pool),
        auto_verified=tuple(sorted(plan.pool.get("AutoVerifiedAttributes", []))),
        mfa=(plan.mfa or {}).get("MfaConfiguration", "OFF"),
    )
    names = [name for name in facts.schema if name != "sub"]
    if new.source_sub and new.source_sub not in names:
        names.append(new.source_sub)
    return RowFormat(facts, [*names, MFA_ENABLED, USERNAME]), list(plan.left_out)
