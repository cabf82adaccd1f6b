"""Which alias values may be in use: so that creating users in a large pool need not search it each time.

A pool's set holds every value that any of its users has had; it may hold too many, never too few, as long as
users are written through the front. A value in it is looked up before anything is refused.
"""

from collections.abc import Mapping

from local.front.hooks import Hooks
from local.front.pools import Pool, Pools
from local.front.protocol import Answer, Call, attributes_of

ALIASES = ("email", "phone_number", "preferred_username")
_WRITING = ("AdminCreateUser", "AdminUpdateUserAttributes", "SignUp", "UpdateUserAttributes")


class TakenAliases:
    """A feature: notes the addresses that calls write. `add` is for features that write users themselves."""

    def __init__(self, pools: Pools) -> None:
        self._pools = pools
        self._values: dict[str, set[str]] = {}
        self._complete: set[str] = set()

    def register(self, hooks: Hooks) -> None:
        """Plug in."""
        hooks.after(self._written, *_WRITING)
        hooks.after(self._pool_deleted, "DeleteUserPool")

    def add(self, pool_id: str, attributes: Mapping[str, str]) -> None:
        """Note a user's aliases."""
        values = self._values.setdefault(pool_id, set())
        values.update(attributes[name] for name in ALIASES if attributes.get(name))

    async def may_include(self, pool: Pool, value: str) -> bool:
        """Say whether a user of the pool may have this value; the pool is listed once for that."""
        pool_id = pool.home.pool_id
        if pool_id not in self._complete:
            async for user in self._pools.users(pool):
                self.add(pool_id, attributes_of(user["Attributes"]))
            self._complete.add(pool_id)
        return value in self._values.get(pool_id, ())

    async def _written(self, call: Call, answer: Answer) -> Answer:
        if answer.ok:
            pool = await self._pools.of_call(call)
            attributes = attributes_of(call.data.get("UserAttributes"))
            for alias in pool.names("UsernameAttributes") if pool else ():
                attributes.setdefault(alias, str(call.data.get("Username") or ""))
            if pool is not None and not attributes.keys().isdisjoint(ALIASES):
                self.add(pool.home.pool_id, attributes)
        return answer

    async def _pool_deleted(self, call: Call, answer: Answer) -> Answer:
        if answer.ok:
            self._values.pop(call.pool_id, None)
            self._complete.discard(call.pool_id)
        return answer
