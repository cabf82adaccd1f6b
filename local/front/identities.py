"""Identities of outside providers: linking them to users, and signing in with them.

API_AdminLinkProviderForUser.html: the provider that is linked is one of the pool's, and a social one is
linked by Cognito_Subject. ministack knows the rest (who has too many links, or is nobody), or is mended to
know it (`local/ministack_federation.py`, where signing in is too).
"""

from typing import Any

from local.front.confirmation import SIGN_UP, Confirmation
from local.front.hooks import Hooks
from local.front.pools import Pools
from local.front.protocol import ROOT_KEY, Call, CognitoError, claims_of_token, region_of_pool
from local.front.settings import FederatedBody
from local.front.taken import TakenAliases
from local.front.trail import Trail
from local.front.upstream import Upstream
from local.private_actions import SIGN_IN

SIGNED_IN = "SAML2Response_POST"  # the event of managed login that brings a provider's answer
SUBJECT = "Cognito_Subject"
SOCIAL = frozenset({"Facebook", "Google", "LoginWithAmazon", "SignInWithApple"})


class Identities:
    """A feature: refuses links that Cognito refuses. `sign_in` is what the control API offers."""

    def __init__(
        self,
        upstream: Upstream,
        pools: Pools,
        taken: TakenAliases,
        confirmation: Confirmation,
        trail: Trail,
    ) -> None:
        self._upstream = upstream
        self._pools = pools
        self._taken = taken
        self._confirmation = confirmation
        self._trail = trail

    def register(self, hooks: Hooks) -> None:
        """Plug in."""
        hooks.claim(_identity_claimed, "AdminLinkProviderForUser")
        hooks.before(self._check_link, "AdminLinkProviderForUser")

    async def sign_in(self, user: FederatedBody) -> dict[str, Any]:
        """Do what a sign-in through a provider does; raises CognitoError as Cognito refuses.

        The first one makes the profile, unless the identity is linked to a user; a later one updates it. The
        pool's PreTokenGeneration trigger runs, at the first one PostConfirmation too. Returns username,
        sub, groups (the token's) and id_token.
        """
        answer = await self._upstream.ask(
            region_of_pool(user.pool_id),
            ROOT_KEY,
            SIGN_IN,
            UserPoolId=user.pool_id,
            ProviderName=user.provider,
            UserId=user.user_id,
            Attributes=user.attributes,
            ClientId=user.client_id,
        )
        self._taken.add(user.pool_id, user.attributes)
        self._trail.service_event(user.pool_id, answer["Sub"], SIGNED_IN, user.client_id)
        pool = await self._pools.of_id(user.pool_id) if answer["Created"] else None
        if pool is not None:
            await self._confirmation.fire(pool, SIGN_UP, answer["Username"], user.client_id or "")
        return {
            "username": answer["Username"],
            "sub": answer["Sub"],
            "groups": claims_of_token(answer["IdToken"]).get("cognito:groups", []),
            "id_token": answer["IdToken"],
        }

    async def _check_link(self, call: Call) -> None:
        pool = await self._pools.of_call(call)
        source = call.data["SourceUser"]
        name = source.get("ProviderName")
        if pool is None or name in (None, "Cognito"):
            return
        try:
            answer = await self._pools.ask(pool, "DescribeIdentityProvider", ProviderName=name)
        except CognitoError as error:
            if error.code != "ResourceNotFoundException":
                raise
            text = f"Invalid SourceUser: the provider {name} does not exist for User Pool {call.pool_id}."
            raise CognitoError("InvalidParameterException", text) from None
        social = answer["IdentityProvider"]["ProviderType"] in SOCIAL
        if social and source.get("ProviderAttributeName") != SUBJECT:
            text = f"Invalid SourceUser: ProviderAttributeName must be {SUBJECT} for {name}."
            raise CognitoError("InvalidParameterException", text)


def _identity_claimed(call: Call) -> set[str]:
    """Let one call after the other link an identity."""
    source = call.data.get("SourceUser") or {}
    return {f"{call.pool_id}/{source.get('ProviderName')}_{source.get('ProviderAttributeValue')}"}
