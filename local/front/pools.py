"""What rules need to know about pools, app clients and users: asked upstream, pools kept for a moment."""

import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

from local.front.homes import Home, Homes
from local.front.hooks import Hooks
from local.front.protocol import (
    ROOT_KEY,
    Answer,
    Call,
    CognitoError,
    attributes_of,
    pool_of_token,
    region_of_pool,
)
from local.front.upstream import Upstream

KEPT_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class User:
    """A user as a rule sees it."""

    username: str
    attributes: dict[str, str]
    enabled: bool = True
    status: str = ""
    mfa: frozenset[str] = frozenset()

    def verified(self, attribute: str) -> bool:
        """Say whether `email` or `phone_number` is there and verified."""
        flag = self.attributes.get(f"{attribute}_verified", "")
        return bool(self.attributes.get(attribute)) and flag.lower() == "true"


@dataclass(frozen=True, slots=True)
class Pool:
    """A pool's configuration: DescribeUserPool's UserPool, and where it is."""

    home: Home
    description: dict[str, Any] = field(default_factory=dict)

    def names(self, member: str) -> frozenset[str]:
        """Return a list of names in the configuration, such as AliasAttributes."""
        return frozenset(self.description.get(member) or ())

    @property
    def schema(self) -> dict[str, dict[str, Any]]:
        """The schema: attribute name → SchemaAttributeType."""
        return {attribute["Name"]: attribute for attribute in self.description.get("SchemaAttributes") or ()}


class Pools:
    """Pools, clients and users upstream. A feature: it drops what it keeps when a pool changes."""

    def __init__(self, upstream: Upstream, homes: Homes, clock: Callable[[], float] = time.monotonic) -> None:
        self.upstream = upstream
        self._homes = homes
        self._clock = clock
        self._kept: dict[str, tuple[float, Pool]] = {}

    def register(self, hooks: Hooks) -> None:
        """Notice changes to pools."""
        hooks.after(
            self._drop, "AddCustomAttributes", "DeleteUserPool", "SetUserPoolMfaConfig", "UpdateUserPool"
        )

    async def of_call(self, call: Call, fresh: bool = False) -> Pool | None:
        """Return the pool that a call is about: by its id, app client or token; None if there is none."""
        home = await self._home(call)
        return await self._at(home, fresh) if home is not None else None

    async def of_id(self, pool_id: str) -> Pool | None:
        """Return a pool by its id, None if there is none."""
        return await self._at(Home(region_of_pool(pool_id), ROOT_KEY, pool_id), fresh=False)

    async def _at(self, home: Home, fresh: bool) -> Pool | None:
        kept = self._kept.get(home.pool_id)
        if kept is not None and not fresh and self._clock() - kept[0] < KEPT_SECONDS:
            return kept[1]
        answer = await self._ask(home, "DescribeUserPool")
        if answer is None:
            return None
        pool = Pool(home, answer["UserPool"])
        self._kept[home.pool_id] = (self._clock(), pool)
        return pool

    async def user(self, pool: Pool, username: str) -> User | None:
        """Return the user that a username, sub or alias stands for."""
        answer = await self._ask(pool.home, "AdminGetUser", Username=username)
        if answer is None:
            return None
        attributes = attributes_of(answer.get("UserAttributes"))
        mfa = frozenset(answer.get("UserMFASettingList") or ())
        return User(answer["Username"], attributes, bool(answer["Enabled"]), answer["UserStatus"], mfa)

    async def users(self, pool: Pool) -> AsyncIterator[dict[str, Any]]:
        """Go through all users of a pool, as ListUsers gives them."""
        async for page in self.pages(pool, "ListUsers", "PaginationToken", Limit=60):
            for user in page["Users"]:
                yield user

    async def user_of_token(self, pool: Pool, token: str) -> User | None:
        """Return the user an access token belongs to."""
        answer = await self._ask(pool.home, "GetUser", AccessToken=token)
        return None if answer is None else await self.user(pool, answer["Username"])

    async def client(self, pool: Pool, client_id: str) -> dict[str, Any]:
        """Return an app client's configuration, {} if there is none."""
        answer = await self._ask(pool.home, "DescribeUserPoolClient", ClientId=client_id)
        return dict(answer["UserPoolClient"]) if answer else {}

    async def ask(self, pool: Pool, operation: str, **data: Any) -> dict[str, Any]:
        """Carry out an operation on a pool for the front itself; raises CognitoError."""
        home = pool.home
        return await self.upstream.ask(
            home.region, home.access_key, operation, UserPoolId=home.pool_id, **data
        )

    def pages(
        self, pool: Pool, operation: str, token: str = "NextToken", **data: Any
    ) -> AsyncIterator[dict[str, Any]]:
        """Ask for page after page of what is in a pool; raises CognitoError."""
        home = pool.home
        return self.upstream.pages(
            home.region, home.access_key, operation, token, UserPoolId=home.pool_id, **data
        )

    async def _home(self, call: Call) -> Home | None:
        if call.pool_id:
            return Home(call.region, call.access_key, call.pool_id)
        client_id = call.data.get("ClientId")
        if isinstance(client_id, str):
            return await self._homes.of_client(client_id)
        pool_id = pool_of_token(call.data.get("AccessToken"))
        return Home(region_of_pool(pool_id), call.access_key, pool_id) if pool_id else None

    async def _ask(self, home: Home, operation: str, **data: Any) -> dict[str, Any] | None:
        """Ask, taking a refusal for "there is none": the call itself will be refused, with its own words."""
        try:
            return await self.upstream.ask(
                home.region, home.access_key, operation, UserPoolId=home.pool_id, **data
            )
        except CognitoError as error:
            if error.status >= 500:
                raise
            return None

    async def _drop(self, call: Call, answer: Answer) -> Answer:
        self._kept.pop(call.pool_id, None)
        return answer
