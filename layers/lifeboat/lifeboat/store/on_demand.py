"""Which pools users come back to by signing in, and how far that goes: one item for each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from lifeboat.store.keys import on_demand_key
from lifeboat.store.table import BackupTable


@dataclass(frozen=True, slots=True)
class OnDemandPool:
    """What an import has arranged for a pool.

    While `gives_groups`, whoever signs in and is known by a verified address gets the groups of the backup:
    until the import is complete, or for good where it `leaves_groups` to the sign-in.
    `triggers` are the functions that the import has attached, by the trigger's name.
    """

    import_id: str
    gives_groups: bool
    leaves_groups: bool
    source_sub_attribute: str
    triggers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class OnDemandPools:
    """The pools of this Region, and of the other one: their ids differ."""

    table: BackupTable

    def of(self, pool_id: str) -> OnDemandPool | None:
        """What was arranged for a pool; None if nothing was."""
        item = self.table.get(on_demand_key(pool_id))
        if item is None:
            return None
        return OnDemandPool(
            str(item["import_id"]),
            bool(item["gives_groups"]),
            bool(item["leaves_groups"]),
            str(item["source_sub_attribute"]),
            {str(trigger): str(arn) for trigger, arn in item["triggers"].items()},
        )

    def put(self, pool_id: str, pool: OnDemandPool) -> None:
        """Keep what is arranged for a pool."""
        key = on_demand_key(pool_id)
        self.table.put_all([{"pk": key.pk, "sk": key.sk, **asdict(pool)}])
