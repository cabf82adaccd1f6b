"""The rules of a pool that is signed in to, for functions that a sign-in waits for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from lifeboat.cognito.configuration import Part
from lifeboat.cognito.pool import PoolFacts
from lifeboat.cognito.reader import PoolReader
from lifeboat.errors import CognitoError
from lifeboat.store.table import BackupTable


@dataclass(frozen=True, slots=True)
class PoolRules:
    """The facts of pools, asked of Cognito once in a process."""

    table: BackupTable
    reader: Callable[[str], PoolReader]
    _known: dict[str, PoolFacts] = field(default_factory=dict)

    def of(self, pool_id: str) -> PoolFacts:
        """The facts of a pool.

        DescribeUserPool allows 15 requests a second, and after a failover functions start by the hundred. Who
        gets no answer takes the facts of the lost pool, which a restored one shares, as far as the backup
        has them. Raises CognitoError if it does not.
        """
        if pool_id not in self._known:
            try:
                self._known[pool_id] = PoolFacts.of(self.reader(pool_id).describe())
            except CognitoError:
                captured = self.table.configuration(Part.CONFIG)
                if captured is None:
                    raise
                return replace(PoolFacts.of(captured.document), pool_id=pool_id)
        return self._known[pool_id]
