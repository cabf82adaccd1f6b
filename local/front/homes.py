"""Which Region, account and pool a call belongs to.

A signed call says so in its credential scope. The operations that users' own devices call are not signed
(`"auth": none` in the service's model); at AWS the host name gives their Region, here they carry an app
client, a token or a session that does. App clients are remembered from the answers that show them; one made
behind the front's back, as CloudFormation does, is looked for in every known Region.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.front.hooks import Hooks
from local.front.protocol import Answer, Call, CognitoError, credential_scope, pool_of_token, region_of_pool
from local.front.upstream import Upstream

DEFAULT_REGIONS = ("us-east-1", "eu-west-1")
DEFAULT_ACCESS_KEY = "test"
SESSIONS_REMEMBERED = 10_000

_SESSION_MAKERS = (
    "AdminInitiateAuth",
    "AdminRespondToAuthChallenge",
    "AssociateSoftwareToken",
    "InitiateAuth",
    "RespondToAuthChallenge",
    "SignUp",
    "VerifySoftwareToken",
)


@dataclass(frozen=True, slots=True)
class Home:
    """Where a call belongs. An empty access key leaves it to ministack to find the account and Region."""

    region: str
    access_key: str
    pool_id: str = ""


class Homes:
    """What is known about app clients and sessions. A feature: it learns from answers."""

    def __init__(self, upstream: Upstream, regions: tuple[str, ...] = DEFAULT_REGIONS) -> None:
        self._upstream = upstream
        self._regions = dict.fromkeys(regions)
        self._accounts = {DEFAULT_ACCESS_KEY: None}
        self._clients: dict[str, Home] = {}
        self._sessions: OrderedDict[str, Home] = OrderedDict()
        self._looking = asyncio.Lock()

    @property
    def regions(self) -> tuple[str, ...]:
        """The Regions given at the start and those that calls have named since."""
        return tuple(self._regions)

    def register(self, hooks: Hooks) -> None:
        """Learn from every answer that shows an app client or a session."""
        hooks.after(
            self._learn_client, "CreateUserPoolClient", "DescribeUserPoolClient", "UpdateUserPoolClient"
        )
        hooks.after(self._learn_clients, "ListUserPoolClients")
        hooks.after(self._forget_client, "DeleteUserPoolClient")
        hooks.after(self._learn_session, *_SESSION_MAKERS)

    async def of_call(self, headers: Mapping[str, str], data: dict[str, Any]) -> Home:
        """Return where a call belongs; the first Region where nothing says."""
        scope = credential_scope(headers.get("Authorization", ""))
        if scope is not None:
            access_key, region = scope
            self._regions.setdefault(region)
            if (
                len(access_key) == 12 and access_key.isdigit()
            ):  # ministack: such a key is an account of its own
                self._accounts.setdefault(access_key)
            return Home(region, access_key, str(data.get("UserPoolId") or ""))
        return await self._unsigned(data) or Home(self.regions[0], "")

    async def of_client(self, client_id: str) -> Home | None:
        """Return an app client's home, None if no known Region has it."""
        if client_id not in self._clients:
            async with self._looking:
                if client_id not in self._clients:
                    await self._look_everywhere()
        return self._clients.get(client_id)

    async def _unsigned(self, data: dict[str, Any]) -> Home | None:
        session = data.get("Session")
        if isinstance(session, str) and session in self._sessions:
            return self._sessions[session]
        pool_id = str(data.get("UserPoolId") or "") or next(
            (
                pool
                for name in ("AccessToken", "RefreshToken", "Token")
                if (pool := pool_of_token(data.get(name)))
            ),
            "",
        )
        client_id = data.get("ClientId")
        if isinstance(client_id, str) and client_id:
            home = await self.of_client(client_id)
            if home is not None:
                return home
        return Home(region_of_pool(pool_id), "", pool_id) if pool_id else None

    async def _look_everywhere(self) -> None:
        """Ask every account and Region for its pools' app clients."""
        for access_key in tuple(self._accounts):
            for region in self.regions:
                try:
                    await self._look(region, access_key)
                except CognitoError:
                    continue

    async def _look(self, region: str, access_key: str) -> None:
        pages = self._upstream.pages(region, access_key, "ListUserPools", MaxResults=60)
        pools = [pool["Id"] async for page in pages for pool in page["UserPools"]]
        for pool_id in pools:
            clients = self._upstream.pages(
                region, access_key, "ListUserPoolClients", UserPoolId=pool_id, MaxResults=60
            )
            async for page in clients:
                for client in page["UserPoolClients"]:
                    self._clients[client["ClientId"]] = Home(region, access_key, pool_id)

    async def _learn_client(self, call: Call, answer: Answer) -> Answer:
        client = answer.data.get("UserPoolClient")
        if answer.ok and isinstance(client, dict):
            self._clients[client["ClientId"]] = Home(call.region, call.access_key, call.pool_id)
        return answer

    async def _learn_clients(self, call: Call, answer: Answer) -> Answer:
        for client in answer.data.get("UserPoolClients", ()):
            self._clients[client["ClientId"]] = Home(call.region, call.access_key, call.pool_id)
        return answer

    async def _forget_client(self, call: Call, answer: Answer) -> Answer:
        if answer.ok:
            self._clients.pop(str(call.data.get("ClientId")), None)
        return answer

    async def _learn_session(self, call: Call, answer: Answer) -> Answer:
        session = answer.data.get("Session")
        if answer.ok and isinstance(session, str):
            pool_id = call.pool_id
            self._sessions[session] = Home(call.region, call.access_key, pool_id)
            if len(self._sessions) > SESSIONS_REMEMBERED:
                self._sessions.popitem(last=False)
        return answer
