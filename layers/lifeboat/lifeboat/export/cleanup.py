"""Cleaning up: what the pool no longer has is retired, but never on the word of one listing alone.

Whatever a listing missed is looked for once more, and only what both miss is retired. If more than
`MaxRetirePercent` of the users, groups or memberships are absent, nothing is retired at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from lifeboat.cognito.reader import PAGE, PoolReader
from lifeboat.errors import ResourceNotFound
from lifeboat.export.absences import Absences, MemberAbsences, UserAbsences
from lifeboat.export.counts import Counts, total
from lifeboat.export.tasks import CleanupPlan, CleanupTask, RetireTask
from lifeboat.listing import portions
from lifeboat.model import Kind
from lifeboat.pacing import Deadline
from lifeboat.store.keys import group_key, membership_key, user_key
from lifeboat.store.table import VersionWriter


def plan_cleanup(task: CleanupTask, max_retire_percent: int) -> CleanupPlan:
    """Add up the counts and decide whether anything may be retired."""
    run = task["Run"]
    groups = task["Groups"]
    counts: dict[str, Counts] = {
        Kind.USER: total(part["Counts"] for part in task["Users"]),
        Kind.GROUP: total([groups["Counts"]]),
        Kind.MEMBERSHIP: total(
            [groups["MembershipCounts"], *(part["Counts"] for part in task["Memberships"])]
        ),
    }
    guard = "" if run["AllowMassRetirement"] else _guard(counts, max_retire_percent)
    manifests = [name for part in (*task["Users"], groups, *task["Memberships"]) for name in part["Absences"]]
    dealt = [] if guard else portions(manifests, run["Workers"])
    return {
        "Run": run,
        "Counts": counts,
        "Guard": guard,
        "Retire": bool(dealt),
        "Portions": [{"Absences": part} for part in dealt],
    }


def _guard(counts: Mapping[str, Counts], max_retire_percent: int) -> str:
    """Why nothing may be retired; "" if everything may."""
    tripped = [
        f"{count['absent']} of {count['stored']} {kind} in the backup were not listed"
        for kind, count in counts.items()
        if count["absent"] * 100 > max_retire_percent * count["stored"]
    ]
    if not tripped:
        return ""
    return (
        f"{'; '.join(tripped)}; that is more than MaxRetirePercent ({max_retire_percent} %), so nothing was "
        'retired. If the pool is as it should be, start the ExportWorkflow with {"AllowMassRetirement": true}'
    )


@dataclass(frozen=True, slots=True)
class Retirement:
    """Confirms absences and retires what is confirmed."""

    reader: PoolReader
    absences: Absences
    writer: VersionWriter

    def retire(self, task: RetireTask, deadline: Deadline) -> RetireTask:
        """Go through manifest after manifest until all are done or time runs short."""
        waiting = list(task["Absences"])
        retired = {kind.value: 0 for kind in (Kind.USER, Kind.GROUP, Kind.MEMBERSHIP)}
        retired.update(task.get("Retired", {}))
        while waiting and not (deadline.near() and len(waiting) < len(task["Absences"])):
            name = waiting.pop(0)
            content = self.absences.get(name)
            if name == "groups":
                retired[Kind.GROUP] += self._retire_groups(content)
            elif name.startswith("users-"):
                retired[Kind.USER] += self._retire_users(content)
            else:
                retired[Kind.MEMBERSHIP] += self._retire_memberships(content)
        return {"Run": task["Run"], "Absences": waiting, "Retired": retired, "Finished": not waiting}

    def _retire_users(self, found: UserAbsences) -> int:
        return self.writer.retire(user_key(sub) for sub in self._confirmed_users(found))

    def _confirmed_users(self, found: UserAbsences) -> Iterable[str]:
        # Whichever takes fewer requests: one for each absent user, or the listing once more.
        if len(found["subs"]) <= max(1, found["listed"] // PAGE):
            return [sub for sub in found["subs"] if self.reader.user_where("sub", sub) is None]
        missing = set(found["subs"])
        for user in self.reader.users(found["prefix"]):
            missing.discard(user.sub)
        return sorted(missing)

    def _retire_groups(self, names: Iterable[str]) -> int:
        return self.writer.retire(group_key(name) for name in names if not self.reader.group_exists(name))

    def _retire_memberships(self, found: Iterable[MemberAbsences]) -> int:
        return sum(
            self.writer.retire(membership_key(sub, each["group"]) for sub in self._confirmed_members(each))
            for each in found
        )

    def _confirmed_members(self, found: MemberAbsences) -> Iterator[str]:
        missing = set(found["subs"])
        try:
            for user in self.reader.members(found["group"]):
                missing.discard(user.sub)
        except ResourceNotFound:
            # The whole group is gone, and so are all its memberships.
            missing = set(found["subs"])
        yield from sorted(missing)
