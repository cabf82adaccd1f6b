"""Cleaning up: what the pool no longer has is retired, but never on the word of one listing alone.

Whatever a listing missed is looked for once more, and only what both miss is retired; of users whom two
listings miss, some are looked for by their sub besides. If more than `MaxRetirePercent` of the users, groups
or memberships are absent, nothing is retired at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypedDict

from lifeboat.cognito.reader import PAGE, Listed, PoolReader
from lifeboat.errors import ResourceNotFound
from lifeboat.export.absences import Absences
from lifeboat.export.counts import Counts, total
from lifeboat.export.places import Places, pages_from
from lifeboat.export.tasks import CleanupPlan, CleanupTask, RetireTask
from lifeboat.listing import portions
from lifeboat.model import Kind, User
from lifeboat.pacing import Deadline
from lifeboat.store.keys import Key, group_key, membership_key, user_key
from lifeboat.store.versions import VersionWriter
from lifeboat.telemetry import logger


def plan_cleanup(task: CleanupTask, max_retire_percent: int) -> CleanupPlan:
    """Add up the counts and decide whether anything may be retired."""
    run = task["Run"]
    groups = task["Groups"]
    counts: dict[str, Counts] = {
        Kind.USER: total(part["Counts"] for part in task["Users"]),
        Kind.GROUP: total([groups["Counts"]]),
        Kind.MEMBERSHIP: total(part["Counts"] for part in task["Memberships"]),
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


RETIRED_AT_ONCE = 500
"""Items that are retired between two looks at the time: about a second's."""


SPOT_CHECKS = 10
"""So many of the users whom both listings of a shard miss are looked for by their sub."""


class Place(TypedDict):
    """Where an entry of a manifest was left.

    `missing` is what is still missing of it. Until that is `confirmed`, the first `looked` of it have been
    looked for one by one, or a second listing has come to `token`, begun again `again` times.
    """

    missing: list[str]
    confirmed: bool
    looked: int
    token: str
    again: int


@dataclass(frozen=True, slots=True)
class _Entry:
    """Absences of one listing: how to look for one of them, or to list once more, and where they lie.

    Whichever of the two takes fewer requests is given; a listing gives subs. With a listing, `look` is for
    spot checks.
    """

    kind: Kind
    missing: list[str]
    key: Callable[[str], Key]
    look: Callable[[str], bool] | None = None
    pages: Callable[[str], Iterator[Listed[User]]] | None = None


@dataclass(frozen=True, slots=True)
class Retirement:
    """Confirms absences and retires what is confirmed."""

    reader: PoolReader
    absences: Absences
    places: Places
    writer: VersionWriter

    def retire(self, task: RetireTask, deadline: Deadline) -> RetireTask:
        """Go through manifest after manifest until all are done or time runs short, within one if need be."""
        waiting = list(task["Absences"])
        retired = {kind.value: 0 for kind in (Kind.USER, Kind.GROUP, Kind.MEMBERSHIP)}
        retired.update(task.get("Retired", {}))
        number, left = task.get("Entry", 0), task.get("Left", 0)
        hurry = False
        while waiting and not hurry:
            entries = self._entries(waiting[0])
            while number < len(entries) and not hurry:
                gone, left = self._settle(entries[number], f"retire-{waiting[0]}-{number}", left, deadline)
                retired[entries[number].kind] += gone
                number += not left
                hurry = bool(left) or deadline.near()
            if number >= len(entries):
                waiting.pop(0)
                number = 0
        return {
            "Run": task["Run"],
            "Absences": waiting,
            "Entry": number,
            "Left": left,
            "Retired": retired,
            "Finished": not waiting,
        }

    def _entries(self, manifest: str) -> list[_Entry]:
        content: Any = self.absences.get(manifest)
        if manifest == "groups":
            return [_Entry(Kind.GROUP, content, group_key, look=self.reader.group_exists)]
        if manifest.startswith("users-"):
            return [self._users(each["prefix"], each["listed"], each["subs"]) for each in content]
        return [self._members(each["group"], each["subs"]) for each in content]

    def _users(self, prefix: str, listed: int, subs: list[str]) -> _Entry:
        def there(sub: str) -> bool:
            return self.reader.user_where("sub", sub) is not None

        if len(subs) <= max(1, listed // PAGE):
            return _Entry(Kind.USER, subs, user_key, there)
        return _Entry(Kind.USER, subs, user_key, there, lambda token: self.reader.user_pages(prefix, token))

    def _members(self, group: str, subs: list[str]) -> _Entry:
        return _Entry(
            Kind.MEMBERSHIP,
            subs,
            lambda sub: membership_key(sub, group),
            pages=lambda token: self.reader.member_pages(group, token),
        )

    def _settle(self, entry: _Entry, name: str, left: int, deadline: Deadline) -> tuple[int, int]:
        """Confirm and retire an entry; returns how many are gone, and how often it was left (0: finished)."""
        start: Place = {"missing": entry.missing, "confirmed": False, "looked": 0, "token": "", "again": 0}
        place: Place = self.places.get(name, left) if left else start
        if not place["confirmed"]:
            if entry.pages is not None:
                self._list_again(entry, entry.pages, place, name, deadline)
            elif entry.look is not None:
                self._look_for(entry.look, place, deadline)
        gone = 0
        while place["confirmed"] and place["missing"]:
            batch, place["missing"] = (
                place["missing"][:RETIRED_AT_ONCE],
                place["missing"][RETIRED_AT_ONCE:],
            )
            gone += self.writer.retire(entry.key(each) for each in batch)
            if deadline.near():
                break
        if place["confirmed"] and not place["missing"]:
            return gone, 0
        self.places.put(name, left + 1, place)
        return gone, left + 1

    @staticmethod
    def _look_for(look: Callable[[str], bool], place: Place, deadline: Deadline) -> None:
        """Look for what is missing one by one."""
        still = place["missing"][: place["looked"]]
        for position, each in enumerate(place["missing"][place["looked"] :], start=place["looked"] + 1):
            if not look(each):
                still.append(each)
            if deadline.near() and position < len(place["missing"]):
                place["missing"] = [*still, *place["missing"][position:]]
                place["looked"] = len(still)
                return
        place.update({"missing": still, "confirmed": True})

    @staticmethod
    def _list_again(
        entry: _Entry,
        listing: Callable[[str], Iterator[Listed[User]]],
        place: Place,
        name: str,
        deadline: Deadline,
    ) -> None:
        """List once more, and strike off what that shows."""
        pages = pages_from(listing, place["token"], place["again"])
        if pages is None:
            place.update({"missing": entry.missing, "token": "", "again": place["again"] + 1})
            pages = listing("")
        missing = set(place["missing"])
        try:
            for page in pages:
                missing.difference_update(user.sub for user in page.entries)
                if page.following and deadline.near():
                    place.update({"missing": sorted(missing), "token": page.following})
                    return
        except ResourceNotFound:
            # The whole group is gone, and so are all its memberships.
            missing = set(entry.missing)
        still = sorted(missing)
        if entry.look is not None:
            # A listing that stops early may do so twice: if anybody is there after all, nobody is retired.
            checked = still[:: max(1, len(still) // SPOT_CHECKS)][:SPOT_CHECKS]
            if any(entry.look(each) for each in checked):
                logger.warning("a listing does not show everybody", listed_twice=name, missing=len(still))
                still = []
        place.update({"missing": still, "confirmed": True})
