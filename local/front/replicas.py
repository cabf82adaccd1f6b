"""Replicas of a pool in another Region: the same users, the same pool id, and fewer operations.

cognito/latest/developerguide/user-pool-multi-region.html: one secondary Region, for a pool on the Essentials
or Plus plan that has a multi-Region key of its own (API_CreateUserPoolReplica.html). A secondary that is
INACTIVE may be read and configured, an ACTIVE one also signs users in, though none who use an authenticator
app; no user is created or changed there. Everything else is OperationNotEnabledException.

The users are those of the primary pool, which is asked whatever becomes of its Region's Cognito: so a
replica is never behind here, at AWS it is for moments. A replica's own settings (triggers, senders, tags) are
not simulated: it has the primary's, and changing them there is refused. A call that is not signed names no
Region here, as its host name does at AWS: it comes to the replica where the primary's Region is lost.
"""

from dataclasses import replace
from typing import Any

from multidict import CIMultiDict

from local.front.homes import Home
from local.front.hooks import Hooks
from local.front.pool_settings import existing_pool
from local.front.pools import Pool, Pools
from local.front.protocol import Answer, Call, CognitoError, authorization_for, region_of_pool, success
from local.front.settings import Conditions
from local.front.upstream import Upstream

SECONDARY = "secondary"  # in a call's notes: the Region of the replica that it came to
INACTIVE, ACTIVE = "INACTIVE", "ACTIVE"
TOTP = "SOFTWARE_TOKEN_MFA"
_TIERS = ("ESSENTIALS", "PLUS")
_MULTI_REGION = ":key/mrk-"
_ABSENT = "ResourceNotFoundException"


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


READING = _names("""
    AdminGetDevice AdminGetUser AdminListDevices AdminListGroupsForUser AdminListUserAuthEvents
    DescribeIdentityProvider DescribeManagedLoginBranding DescribeManagedLoginBrandingByClient
    DescribeResourceServer DescribeRiskConfiguration DescribeTerms DescribeUserPool DescribeUserPoolClient
    DescribeUserPoolDomain GetGroup GetLogDeliveryConfiguration GetSigningCertificate GetUICustomization
    GetUserPoolMfaConfig ListIdentityProviders ListGroups ListResourceServers ListTagsForResource ListTerms
    ListUserPoolClients ListUserPoolClientSecrets ListUserPoolReplicas ListUsers ListUsersInGroup
    UpdateUserPoolReplica
""")
SIGNING_IN = _names("""
    AdminInitiateAuth AdminRespondToAuthChallenge AdminUpdateAuthEventFeedback AdminUserGlobalSignOut
    GetDevice GetIdentityProviderByIdentifier GetTokensFromRefreshToken GetUser GetUserAuthFactors
    GlobalSignOut InitiateAuth ListDevices ListWebAuthnCredentials RespondToAuthChallenge RevokeToken
    UpdateAuthEventFeedback
""")


class Replicas:
    """A feature: keeps replicas. `at_primary` brings a call that came to a replica to where the users are."""

    def __init__(self, upstream: Upstream, pools: Pools, conditions: Conditions) -> None:
        self._upstream = upstream
        self._pools = pools
        self._conditions = conditions
        self._secondaries: dict[str, dict[str, str]] = {}
        self._keys: dict[str, dict[str, Any]] = {}

    def register(self, hooks: Hooks) -> None:
        """Plug in."""
        hooks.before(self._create, "CreateUserPoolReplica")
        hooks.before(self._update, "UpdateUserPoolReplica")
        hooks.before(self._delete, "DeleteUserPoolReplica")
        hooks.before(self._list, "ListUserPoolReplicas")
        hooks.before(self._check_factor, "AdminInitiateAuth", "InitiateAuth")
        hooks.after(self._keep_key, "CreateUserPool", "UpdateUserPool")
        hooks.after(self._show_key, "DescribeUserPool")
        hooks.after(self._pool_deleted, "DeleteUserPool")

    def reset(self) -> None:
        """Forget all replicas."""
        self._secondaries.clear()

    def home_of(self, home: Home, signed: bool) -> Home:
        """Return where a call is served: at a replica, if it is not signed and its own Region is lost."""
        lost = self._conditions.lost_regions
        if signed or home.region not in lost or not home.pool_id:
            return home
        for region, status in self._secondaries.get(home.pool_id, {}).items():
            if status == ACTIVE and region not in lost:
                return replace(home, region=region)
        return home

    async def at_primary(self, call: Call) -> Call:
        """Return a call as the primary pool gets it; one that did not come to a replica, as it is.

        Raises OperationNotEnabledException for what a replica does not do, and what ministack answers to a
        sender who may not.
        """
        pool_id = await self._pool_id(call)
        status = self._secondaries.get(pool_id, {}).get(call.region)
        if status is None:
            return call
        if call.operation not in READING and not (status == ACTIVE and call.operation in SIGNING_IN):
            text = f"The operation {call.operation} is not enabled in the secondary Region {call.region}."
            raise CognitoError("OperationNotEnabledException", text)
        headers = CIMultiDict(call.headers)
        primary = region_of_pool(pool_id)
        if "Authorization" in headers:
            # ministack asks for permission in the replica's Region before it finds no such pool there.
            refusal = await self._upstream.pass_on(call)
            if refusal.error not in (_ABSENT, "InvalidAction"):
                raise CognitoError(str(refusal.error), str(refusal.data.get("message", "")), refusal.status)
            headers["Authorization"] = authorization_for(call.access_key or "test", primary)
            headers.popall("X-Amz-Security-Token", None)
        return replace(call, region=primary, headers=headers, notes={SECONDARY: call.region})

    async def _pool_id(self, call: Call) -> str:
        """Return the pool that a call is about, where it may be one with a replica."""
        if call.pool_id or not self._secondaries:
            return call.pool_id
        pool = await self._pools.of_call(call)
        return pool.home.pool_id if pool is not None else ""

    async def _create(self, call: Call) -> Answer:
        pool = await existing_pool(self._pools, call)
        region, pool_id = call.data["RegionName"], call.pool_id
        if pool.description.get("UserPoolTier") not in _TIERS:
            text = "Multi-Region replication is not available in the LITE pricing tier."
            raise CognitoError("FeatureUnavailableInTierException", text)
        if _MULTI_REGION not in str(self._keys.get(pool_id, {}).get("KmsKeyArn")):
            text = "The user pool needs a multi-Region customer managed key."
            raise CognitoError("InvalidParameterException", text)
        if region == pool.home.region:
            raise CognitoError("InvalidParameterException", "The user pool is in this Region already.")
        if self._secondaries.get(pool_id):
            raise CognitoError("LimitExceededException", "The user pool has a replica already.")
        self._secondaries[pool_id] = {region: INACTIVE}
        return success({"UserPoolReplica": _shown(pool, region, "CREATING")})

    async def _update(self, call: Call) -> Answer:
        pool = await existing_pool(self._pools, call)
        region = self._existing(call)
        self._secondaries[call.pool_id][region] = call.data.get("Status") or INACTIVE
        return success({"UserPoolReplica": _shown(pool, region, self._secondaries[call.pool_id][region])})

    async def _delete(self, call: Call) -> Answer:
        pool = await existing_pool(self._pools, call)
        region = self._existing(call)
        if self._secondaries[call.pool_id][region] == ACTIVE:
            raise CognitoError("InvalidParameterException", "The replica has to be INACTIVE.")
        del self._secondaries[call.pool_id]
        return success({"UserPoolReplica": _shown(pool, region, "DELETING")})

    def _existing(self, call: Call) -> str:
        region = str(call.data["RegionName"])
        if region not in self._secondaries.get(call.pool_id, {}):
            text = f"User pool {call.pool_id} has no replica in {region}."
            raise CognitoError(_ABSENT, text)
        return region

    async def _list(self, call: Call) -> Answer:
        """List the primary and its secondary; a pool that is not replicated has neither (unverified)."""
        pool = await existing_pool(self._pools, call)
        secondaries = self._secondaries.get(call.pool_id, {})
        shown = [_shown(pool, region, status) for region, status in secondaries.items()]
        primary = [_shown(pool, pool.home.region, ACTIVE)] if shown else []
        return success({"UserPoolReplicas": primary + shown})

    async def _check_factor(self, call: Call) -> None:
        """Refuse users of an authenticator app, whose seed a replica does not have."""
        if SECONDARY not in call.notes:
            return
        pool = await self._pools.of_call(call)
        username = (call.data.get("AuthParameters") or {}).get("USERNAME")
        user = await self._pools.user(pool, str(username)) if pool and username else None
        if user is not None and TOTP in user.mfa:
            text = "Sign-in with an authenticator app is not enabled in a secondary Region."
            raise CognitoError("OperationNotEnabledException", text)

    async def _keep_key(self, call: Call, answer: Answer) -> Answer:
        """Keep a pool's KeyConfiguration, which ministack forgets."""
        key = call.data.get("KeyConfiguration")
        if answer.ok and key is not None:
            pool_id = call.pool_id or answer.data["UserPool"]["Id"]
            self._keys[pool_id] = key
        return answer

    async def _show_key(self, call: Call, answer: Answer) -> Answer:
        """Show a pool's key, and as its ARN the one that it has where it was asked for."""
        secondary = call.notes.get(SECONDARY)
        key = self._keys.get(call.pool_id)
        if not answer.ok or (secondary is None and key is None):
            return answer
        shown = dict(answer.data["UserPool"])
        if key is not None:
            shown["KeyConfiguration"] = key
        if secondary is not None:
            shown["Arn"] = _arn_in(shown["Arn"], secondary)
        return success({"UserPool": shown})

    async def _pool_deleted(self, call: Call, answer: Answer) -> Answer:
        if answer.ok:
            self._secondaries.pop(call.pool_id, None)
            self._keys.pop(call.pool_id, None)
        return answer


def _shown(pool: Pool, region: str, status: str) -> dict[str, str]:
    role = "PRIMARY" if region == pool.home.region else "SECONDARY"
    arn = _arn_in(str(pool.description["Arn"]), region)
    return {"RegionName": region, "Status": status, "Role": role, "UserPoolArn": arn}


def _arn_in(arn: str, region: str) -> str:
    parts = arn.split(":")
    return ":".join([*parts[:3], region, *parts[4:]])
