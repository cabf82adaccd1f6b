"""Where features of the front plug in: before an operation goes upstream, after it, on paths of their own.

A feature is an object with `register(hooks)`. What it adds to an operation is a coroutine:

    before(call) -> Answer | None   may raise CognitoError to refuse the call, change what is passed on with
                                    `call.replace`, or answer in upstream's place (the operations that
                                    upstream does not have are built so)
    after(call, answer) -> Answer   sees every answer, errors too, also one that a `before` hook gave;
                                    returns that answer or another

    claim(call) -> names            calls that claim the same name are carried out one after the other
                                    (`exclusion.py`), from their first hook to their last

Hooks of one operation run in the order in which they were registered. `route` gives a feature a path prefix
of its own beside the protocol's `POST /`: an upload URL, a list of events.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol

from aiohttp import web

from local.front.protocol import Answer, Call

Before = Callable[[Call], Awaitable[Answer | None]]
After = Callable[[Call, Answer], Awaitable[Answer]]
Claim = Callable[[Call], Iterable[str]]
Route = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Feature(Protocol):
    """Something that plugs itself into the front."""

    def register(self, hooks: "Hooks") -> None:
        """Add this feature's hooks and routes."""


class Hooks:
    """The registry: operation → hooks, path prefix → route."""

    def __init__(self) -> None:
        self._before: defaultdict[str, list[Before]] = defaultdict(list)
        self._after: defaultdict[str, list[After]] = defaultdict(list)
        self._claims: defaultdict[str, list[Claim]] = defaultdict(list)
        self._routes: dict[str, Route] = {}

    def before(self, hook: Before, *operations: str) -> None:
        """Run a hook before each of these operations."""
        for operation in operations:
            self._before[operation].append(hook)

    def after(self, hook: After, *operations: str) -> None:
        """Run a hook after each of these operations."""
        for operation in operations:
            self._after[operation].append(hook)

    def claim(self, claim: Claim, *operations: str) -> None:
        """Carry out calls of these operations one after the other where their claims meet."""
        for operation in operations:
            self._claims[operation].append(claim)

    def claims_of(self, call: Call) -> set[str]:
        """Return all names that a call claims."""
        return {name for claim in self._claims.get(call.operation, ()) for name in claim(call)}

    def route(self, prefix: str, handler: Route) -> None:
        """Serve every path that starts with a prefix; ValueError if it is taken."""
        if prefix in self._routes:
            raise ValueError(f"{prefix} is already served")
        self._routes[prefix] = handler

    def handler_of(self, path: str) -> Route | None:
        """Return the route of a path: that of the longest prefix."""
        fitting = [prefix for prefix in self._routes if path.startswith(prefix)]
        return self._routes[max(fitting, key=len)] if fitting else None

    async def run_before(self, call: Call) -> Answer | None:
        """Run the hooks before a call; the first answer ends it."""
        for hook in self._before.get(call.operation, ()):
            answer = await hook(call)
            if answer is not None:
                return answer
        return None

    async def run_after(self, call: Call, answer: Answer) -> Answer:
        """Run the hooks after a call and return what is left of the answer."""
        for hook in self._after.get(call.operation, ()):
            answer = await hook(call, answer)
        return answer
