"""A pool's replicas in other Regions (multi-Region replication).

A replica has the pool's id and its users, kept up by Cognito. It can be listed like the pool itself, by a
client of its own Region and with that Region's quotas, also while the primary cannot be reached
(https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-multi-region.html).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lifeboat.cognito.calls import call
from lifeboat.pacing import Budget, Category

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

PRIMARY = "PRIMARY"
SECONDARY = "SECONDARY"
ACTIVE = "ACTIVE"


@dataclass(frozen=True, slots=True)
class Replica:
    """One replica. `status` is CREATING, ACTIVE, INACTIVE or DELETING, `role` PRIMARY or SECONDARY."""

    region: str
    status: str
    role: str

    def line(self) -> dict[str, str]:
        """The replica as the ledger keeps it."""
        return {"region": self.region, "status": self.status, "role": self.role}


class PoolReplicas:
    """Lists one pool's replicas."""

    def __init__(self, client: CognitoIdentityProviderClient, pool_id: str, budget: Budget) -> None:
        self._client = client
        self.pool_id = pool_id
        self._pools = budget.bucket(Category.USER_POOL_READ)

    def all(self) -> list[Replica]:
        """The replicas, the primary among them, by Region; none if the pool has only itself."""
        found: list[Replica] = []
        place: dict[str, str] = {}
        while True:
            page = call(self._pools, self._client.list_user_pool_replicas, UserPoolId=self.pool_id, **place)
            found += [
                Replica(each.get("RegionName", ""), each.get("Status", ""), each.get("Role", ""))
                for each in page.get("UserPoolReplicas", [])
            ]
            token = page.get("NextToken")
            if not token:
                return sorted(found, key=lambda replica: replica.region)
            place = {"NextToken": token}
