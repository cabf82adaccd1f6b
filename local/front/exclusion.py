"""One at a time: calls that claim the same name wait for each other.

Cognito decides atomically whose a username or an alias is. A check here and a write upstream are two steps,
and so they are in ministack, where of two simultaneous calls that create one user both may succeed.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Iterable


class Exclusion:
    """Locks by name; a name that nobody holds or waits for takes no memory."""

    def __init__(self) -> None:
        self._locks: dict[str, asyncio.Lock] = {}
        self._users: Counter[str] = Counter()

    @contextlib.asynccontextmanager
    async def hold(self, names: Iterable[str]) -> AsyncIterator[None]:
        """Hold all these names. They are taken in one order, so that two calls cannot wait for each other."""
        async with contextlib.AsyncExitStack() as held:
            for name in sorted(set(names)):
                held.callback(self._leave, name)
                self._users[name] += 1
                await held.enter_async_context(self._locks.setdefault(name, asyncio.Lock()))
            yield

    def _leave(self, name: str) -> None:
        self._users[name] -= 1
        if not self._users[name]:
            del self._users[name], self._locks[name]
