"""App clients: what they may be given, and that what they name exists.

API_CreateUserPoolClient.html: a secret of one's own or a generated one, not both; AllowedOAuthScopes are
Cognito's own or those of the pool's resource servers (ScopeDoesNotExistException);
SupportedIdentityProviders are COGNITO or the pool's providers. ministack looks at none of it.
"""

from collections.abc import AsyncIterator

from local.front.hooks import Hooks
from local.front.pools import Pool, Pools
from local.front.protocol import Call, CognitoError

STANDARD_SCOPES = frozenset({"phone", "email", "openid", "profile", "aws.cognito.signin.user.admin"})
LOCAL_USERS = "COGNITO"
_PAGE = 50


class Clients:
    """A feature: refuses app clients that Cognito refuses."""

    def __init__(self, pools: Pools) -> None:
        self._pools = pools

    def register(self, hooks: Hooks) -> None:
        """Plug in."""
        hooks.before(_check_secret, "CreateUserPoolClient")
        hooks.before(self._check_names, "CreateUserPoolClient", "UpdateUserPoolClient")

    async def _check_names(self, call: Call) -> None:
        scopes = set(call.data.get("AllowedOAuthScopes") or ()) - STANDARD_SCOPES
        providers = set(call.data.get("SupportedIdentityProviders") or ()) - {LOCAL_USERS}
        pool = await self._pools.of_call(call) if scopes or providers else None
        if pool is None:
            return
        if scopes:
            scopes -= {scope async for scope in self._scopes(pool)}
        if scopes:
            text = f"Invalid scope requested: {', '.join(sorted(scopes))}"
            raise CognitoError("ScopeDoesNotExistException", text)
        if providers:
            providers -= {provider async for provider in provider_names(self._pools, pool)}
        if providers:
            text = f"The provider {min(providers)} does not exist for User Pool {call.pool_id}."
            raise CognitoError("InvalidParameterException", text)

    async def _scopes(self, pool: Pool) -> AsyncIterator[str]:
        """Go through the pool's custom scopes: identifier of the resource server, slash, name."""
        async for page in self._pools.pages(pool, "ListResourceServers", MaxResults=_PAGE):
            for server in page["ResourceServers"]:
                for scope in server.get("Scopes") or ():
                    yield f"{server['Identifier']}/{scope['ScopeName']}"


async def provider_names(pools: Pools, pool: Pool) -> AsyncIterator[str]:
    """Go through the names of a pool's identity providers."""
    async for page in pools.pages(pool, "ListIdentityProviders", MaxResults=_PAGE):
        for provider in page["Providers"]:
            yield provider["ProviderName"]


async def _check_secret(call: Call) -> None:
    if call.data.get("GenerateSecret") and call.data.get("ClientSecret"):
        text = "GenerateSecret cannot be true where a ClientSecret is given."
        raise CognitoError("InvalidParameterException", text)
