"""The functions that bring users back at sign-in, attached to the pool that is filled, and detached."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from lifeboat.aws.functions import FunctionCallers
from lifeboat.cognito.triggers import PRE_TOKEN_GENERATION, USER_MIGRATION, PoolTriggers
from lifeboat.errors import InvalidInput
from lifeboat.restore.tasks import Attached, Run, attaches, leaves_groups
from lifeboat.store.on_demand import OnDemandPool, OnDemandPools


@dataclass(frozen=True, slots=True)
class Triggers:
    """The triggers of one pool. `pool` reads them as they are."""

    pool_id: str
    pool: Callable[[], PoolTriggers]
    callers: FunctionCallers
    pools: OnDemandPools

    def attach(self, run: Run, functions: Mapping[str, str]) -> Attached:
        """Attach what the import's input asks for, which may be nothing. Safe to repeat.

        A function that somebody has attached by hand stays theirs. Raises InvalidInput where the pool has a
        trigger of its own.
        """
        if not attaches(run):
            return {"Attached": []}
        pool, before = self.pool(), self.pools.of(self.pool_id)
        names = [USER_MIGRATION] if run.get("OnDemand") else []
        wanted = {name: functions[name] for name in (*names, PRE_TOKEN_GENERATION)}
        there = {name: pool.function_of(name) for name in wanted}
        foreign = sorted(name for name, arn in wanted.items() if there[name] not in (None, arn))
        if foreign:
            raise InvalidInput(
                "OnDemand" if run.get("OnDemand") else "Memberships",
                f"the pool {self.pool_id} has a trigger of its own for {' and '.join(foreign)}; detach it "
                "and resume the import, or import without this key",
            )
        own = {name: arn for name, arn in wanted.items() if there[name] is None}
        own |= before.triggers if before is not None else {}
        # Whatever is attached must be known to be detached, even if this is killed here.
        state = OnDemandPool(run["ImportId"], True, leaves_groups(run), run["SourceSubAttribute"], own)
        self.pools.put(self.pool_id, state)
        if USER_MIGRATION in own:
            self.callers.admit(own[USER_MIGRATION], self.pool_id, pool.pool_arn)
        pool.change(own, ())
        return {"Attached": sorted(own)}

    def detach(self) -> Attached:
        """Detach what the import has attached, but what gives groups where they are left to the sign-in.

        Safe to repeat.
        """
        state = self.pools.of(self.pool_id)
        if state is None:
            return {"Attached": []}
        pool = self.pool()
        kept = {
            name: arn
            for name, arn in state.triggers.items()
            if name == PRE_TOKEN_GENERATION and state.leaves_groups
        }
        gone = {name: arn for name, arn in state.triggers.items() if name not in kept}
        # What somebody has attached in its place meanwhile is theirs.
        pool.change({}, [name for name, arn in gone.items() if pool.function_of(name) == arn])
        if USER_MIGRATION in gone:
            self.callers.shut_out(gone[USER_MIGRATION], self.pool_id)
        self.pools.put(self.pool_id, replace(state, gives_groups=state.leaves_groups, triggers=kept))
        return {"Attached": sorted(kept)}
