"""What a run may ask Cognito for: in each quota category, how many workers at which rate.

The plan is made once, at the beginning. The numbers of portions that the Map states go through, the
MaximumConcurrency of the queues' event sources and the rate of every worker are the plan's; nothing
coordinates the workers while they run. It stands in the run's ledger entry, so that an operator sees what
a run will ask for. Where the workers of two states ask in the same category at the same time, each state
has its part of the share.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypedDict

from lifeboat.pacing import Budget, Category, Quotas


class PlannedRequests(TypedDict):
    """A line of the plan as it stands in the ledger.

    `quota` and `rate` are requests per second, `share` is percent of the quota; these are texts, because the
    ledger has no numbers with fractions. `rate` is one worker's.
    """

    category: str
    states: list[str]
    quota: str
    share: str
    workers: int
    rate: str


@dataclass(frozen=True, slots=True)
class Allotment:
    """What the workers of some states may ask for in some categories, together."""

    states: tuple[str, ...]
    categories: tuple[Category, ...]
    budget: Budget

    def lines(self) -> list[PlannedRequests]:
        """One line for each category."""
        budget = self.budget
        return [
            {
                "category": category.value,
                "states": list(self.states),
                "quota": f"{budget.quotas.of(category):g}",
                "share": f"{budget.share:g}",
                "workers": budget.workers,
                "rate": f"{budget.rate(category):.4g}",
            }
            for category in self.categories
        ]


@dataclass(frozen=True, slots=True)
class ExportPlan:
    """The plan of an export: so many workers list users, then memberships, then look again."""

    share: int
    quotas: Quotas
    workers: int
    captures_mfa: bool = False
    captures_changes: bool = False

    @property
    def listing(self) -> Budget:
        """For a worker that lists or, afterwards, looks again."""
        return Budget(self.share, self.workers, self.quotas)

    @property
    def alone(self) -> Budget:
        """For a state that has no other beside it in its categories."""
        return Budget(self.share, 1, self.quotas)

    def lines(self) -> list[PlannedRequests]:
        """The plan for the ledger."""
        listings = ("Export Users", "Export Memberships", "Retire Items")
        allotments = [
            Allotment(listings, (Category.USER_LIST,), self.listing),
            Allotment(("Export Groups",), (Category.USER_POOL_RESOURCE_READ,), self.alone),
            Allotment(("Retire Items",), (Category.USER_POOL_RESOURCE_READ,), self.listing),
            Allotment(
                ("Begin Export", "Capture Configuration"),
                (Category.USER_POOL_READ,),
                self.alone,
            ),
            Allotment(
                ("Capture Configuration",),
                (Category.USER_POOL_CLIENT_READ, Category.USER_POOL_RESOURCE_READ),
                self.alone,
            ),
        ]
        if self.captures_mfa:
            allotments.append(Allotment(("Export Users",), (Category.USER_READ,), self.listing))
        if self.captures_changes:
            categories = (Category.USER_LIST, Category.USER_RESOURCE_READ, Category.USER_POOL_RESOURCE_READ)
            allotments.append(Allotment(("Settle Captures",), categories, self.alone))
        return _lines(allotments)


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """The plan of an import: the workers that scan the backup, create users, update them, list the new pool.

    Creating and updating go on at the same time, so that each has half of the share of UserList, which both
    look users up in.
    """

    share: int
    quotas: Quotas
    creators: int
    updaters: int
    scanners: int
    listers: int

    @property
    def alone(self) -> Budget:
        """For a state that has no other beside it in its categories."""
        return Budget(self.share, 1, self.quotas)

    @property
    def describing(self) -> Budget:
        """For what every worker reads once, when it begins: what kind of pool it is."""
        return Budget(self.share, self.scanners + self.creators + self.updaters, self.quotas)

    @property
    def scanning(self) -> Budget:
        """For a worker that scans the backup."""
        return Budget(self.share, self.scanners, self.quotas)

    @property
    def creating(self) -> Budget:
        """For a worker that creates users."""
        return Budget(self.share, self.creators, self.quotas)

    @property
    def creating_lookups(self) -> Budget:
        """For what such a worker looks up."""
        return Budget(self.share / 2, self.creators, self.quotas)

    @property
    def updating(self) -> Budget:
        """For a worker that updates users."""
        return Budget(self.share, self.updaters, self.quotas)

    @property
    def updating_lookups(self) -> Budget:
        """For what such a worker looks up."""
        return Budget(self.share / 2, self.updaters, self.quotas)

    @property
    def listing(self) -> Budget:
        """For a worker that lists the new pool."""
        return Budget(self.share, self.listers, self.quotas)

    def lines(self) -> list[PlannedRequests]:
        """The plan for the ledger."""
        resources = (Category.USER_POOL_RESOURCE_READ, Category.USER_POOL_RESOURCE_UPDATE)
        clients = (Category.USER_POOL_CLIENT_READ, Category.USER_POOL_CLIENT_UPDATE)
        pools = (Category.USER_POOL_READ, Category.USER_POOL_UPDATE)
        return _lines(
            [
                Allotment(("Begin Import",), (Category.USER_POOL_READ, Category.USER_LIST), self.alone),
                Allotment(("Create User Pool",), (*pools, *resources, *clients), self.alone),
                Allotment(("Create Groups",), (Category.USER_POOL_RESOURCE_UPDATE,), self.alone),
                Allotment(
                    ("Enqueue Users", "Create Users", "Update Users"),
                    (Category.USER_POOL_READ,),
                    self.describing,
                ),
                Allotment(("Enqueue Users",), (Category.USER_POOL_RESOURCE_READ,), self.scanning),
                Allotment(("Run Import Job",), resources, self.alone),
                Allotment(
                    ("Create Users",),
                    (Category.USER_CREATION, Category.USER_ACCOUNT_RECOVERY),
                    self.creating,
                ),
                Allotment(("Create Users",), (Category.USER_LIST,), self.creating_lookups),
                Allotment(
                    ("Update Users",),
                    (Category.USER_UPDATE, Category.USER_RESOURCE_UPDATE),
                    self.updating,
                ),
                Allotment(("Update Users",), (Category.USER_LIST,), self.updating_lookups),
                Allotment(
                    ("List Restored",),
                    (Category.USER_LIST, Category.USER_POOL_RESOURCE_READ),
                    self.listing,
                ),
            ]
        )


def _lines(allotments: Iterable[Allotment]) -> list[PlannedRequests]:
    """All lines, those of a category together."""
    lines = [line for allotment in allotments for line in allotment.lines()]
    return sorted(lines, key=lambda line: line["category"])
