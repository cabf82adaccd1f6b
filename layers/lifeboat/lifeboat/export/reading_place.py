"""Where an export reads the pool: the pool itself, or its replica in another Region."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lifeboat.cognito.replicas import PRIMARY, PoolReplicas, Replica
from lifeboat.errors import CognitoError, InvalidInput
from lifeboat.telemetry import logger

REPLICA = "REPLICA"


@dataclass(frozen=True, slots=True)
class ReadingPlace:
    """The stack's choice. `region` is the Region to read in, "" for the one that the export runs in."""

    export_from: str
    region: str
    replicas: PoolReplicas

    def check(self, own_region: str) -> None:
        """Whether the pool can be read where the export runs. Raises InvalidInput.

        A stack may run beside a replica, in another Region than the pool's: that is how the backup goes on
        while the pool's own Region is lost.
        """
        pool_id = self.replicas.pool_id
        pool_region = pool_id.partition("_")[0]
        if self.export_from != REPLICA and pool_region != own_region:
            raise InvalidInput(
                "UserPoolId",
                f"the stack's pool is in {pool_region}, but this workflow runs in {own_region}; deploy the "
                "primary stack in the pool's Region, or with ExportFrom=REPLICA where the pool has a replica",
            )
        if self.export_from == REPLICA and pool_region == (self.region or own_region):
            raise InvalidInput(
                "ReplicaRegion",
                f"{pool_region} is the Region of the pool itself; name the Region of its replica, or export "
                "with ExportFrom=PRIMARY",
            )

    def note(self, own_region: str) -> dict[str, Any]:
        """What the ledger is told of it, the pool's replicas included. Raises InvalidInput.

        Not every account may or can list replicas; an export does not fail for that.
        """
        region = self.region or own_region
        noted = {"read_from": {"region": region, "role": self.export_from}}
        try:
            found = self.replicas.all()
        except CognitoError as error:
            logger.warning("replicas not listed", error=error.code)
            return {**noted, "replicas": [], "replicas_unlisted": error.code}
        if self.export_from == REPLICA:
            self._check_replica(region, found)
        return {**noted, "replicas": [replica.line() for replica in found]}

    def _check_replica(self, region: str, found: Sequence[Replica]) -> None:
        regions = [replica.region for replica in found if replica.role != PRIMARY]
        if region not in regions:
            there = f"its replicas are in {', '.join(regions)}" if regions else "it has none"
            raise InvalidInput(
                "ReplicaRegion",
                f"the pool {self.replicas.pool_id} has no replica in {region}; {there}; correct the stack's "
                "parameter ReplicaRegion, or export with ExportFrom=PRIMARY",
            )
