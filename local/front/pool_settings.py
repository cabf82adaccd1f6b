"""Settings of a pool that ministack does not have: risk configuration, log delivery, protection.

API_SetRiskConfiguration.html, API_SetLogDeliveryConfiguration.html, API_LogConfigurationType.html and
API_DeleteUserPool.html say what is kept and what is refused. What is kept is in the front's memory, and goes
with its pool or app client.
"""

import time
from collections.abc import Callable
from typing import Any

from local.front.hooks import Hooks
from local.front.pools import Pool, Pools
from local.front.protocol import Answer, Call, CognitoError, success

_RISK_PARTS = (
    "CompromisedCredentialsRiskConfiguration",
    "AccountTakeoverRiskConfiguration",
    "RiskExceptionConfiguration",
)
_DESTINATIONS = ("CloudWatchLogsConfiguration", "S3Configuration", "FirehoseConfiguration")
_LEVELS = {"userNotification": "ERROR", "userAuthEvents": "INFO"}


class PoolSettings:
    """A feature: answers these operations."""

    def __init__(self, pools: Pools, clock: Callable[[], float] = time.time) -> None:
        self._pools = pools
        self._clock = clock
        self._risks: dict[tuple[str, str], dict[str, Any]] = {}
        self._logs: dict[str, list[dict[str, Any]]] = {}

    def register(self, hooks: Hooks) -> None:
        """Plug in."""
        hooks.before(self._describe_risk, "DescribeRiskConfiguration")
        hooks.before(self._set_risk, "SetRiskConfiguration")
        hooks.before(self._get_logs, "GetLogDeliveryConfiguration")
        hooks.before(self._set_logs, "SetLogDeliveryConfiguration")
        hooks.before(self._protect, "DeleteUserPool")
        hooks.after(self._pool_deleted, "DeleteUserPool")
        hooks.after(self._client_deleted, "DeleteUserPoolClient")

    async def _describe_risk(self, call: Call) -> Answer:
        """Answer with what was set; a client that inherits, or a pool at its defaults, shows nothing else."""
        key = await self._risk_key(call)
        return success({"RiskConfiguration": {**_identity(key), **self._risks.get(key, {})}})

    async def _set_risk(self, call: Call) -> Answer:
        """Replace the whole configuration; one without any part goes back to the defaults."""
        key = await self._risk_key(call)
        given = {part: call.data[part] for part in _RISK_PARTS if call.data.get(part) is not None}
        self._risks.pop(key, None)
        if given:
            self._risks[key] = {**given, "LastModifiedDate": self._clock()}
        return success({"RiskConfiguration": {**_identity(key), **self._risks.get(key, {})}})

    async def _risk_key(self, call: Call) -> tuple[str, str]:
        """Return pool and app client; raises where there is none, or no threat protection."""
        pool = await existing_pool(self._pools, call)
        client_id = str(call.data.get("ClientId") or "")
        if client_id:
            await existing_client(self._pools, pool, client_id)
        mode = (pool.description.get("UserPoolAddOns") or {}).get("AdvancedSecurityMode", "OFF")
        if mode == "OFF" and pool.description.get("UserPoolTier") != "PLUS":
            text = f"User pool add-ons are not enabled for {call.pool_id}."
            raise CognitoError("UserPoolAddOnNotEnabledException", text)
        return call.pool_id, client_id

    async def _get_logs(self, call: Call) -> Answer:
        await existing_pool(self._pools, call)
        return self._show_logs(call)

    async def _set_logs(self, call: Call) -> Answer:
        pool = await existing_pool(self._pools, call)
        check_logs(call.data["LogConfigurations"], str(pool.description.get("UserPoolTier")))
        self._logs[call.pool_id] = list(call.data["LogConfigurations"])
        return self._show_logs(call)

    def _show_logs(self, call: Call) -> Answer:
        shown = {"UserPoolId": call.pool_id, "LogConfigurations": self._logs.get(call.pool_id, [])}
        return success({"LogDeliveryConfiguration": shown})

    async def _protect(self, call: Call) -> None:
        pool = await self._pools.of_call(call, fresh=True)
        if pool is not None and pool.description.get("DeletionProtection") == "ACTIVE":
            text = (
                "The user pool cannot be deleted because deletion protection is activated. "
                "Deletion protection must be inactivated first."
            )
            raise CognitoError("InvalidParameterException", text)

    async def _pool_deleted(self, call: Call, answer: Answer) -> Answer:
        if answer.ok:
            self._logs.pop(call.pool_id, None)
            self._risks = {key: risk for key, risk in self._risks.items() if key[0] != call.pool_id}
        return answer

    async def _client_deleted(self, call: Call, answer: Answer) -> Answer:
        if answer.ok:
            self._risks.pop((call.pool_id, str(call.data.get("ClientId"))), None)
        return answer


async def existing_pool(pools: Pools, call: Call) -> Pool:
    """Return the pool that a call names, as it is now; raises ResourceNotFoundException."""
    pool = await pools.of_call(call, fresh=True)
    if pool is None:
        raise CognitoError("ResourceNotFoundException", f"User pool {call.pool_id} does not exist.")
    return pool


async def existing_client(pools: Pools, pool: Pool, client_id: str) -> None:
    """Raise ResourceNotFoundException unless a pool has an app client."""
    if not await pools.client(pool, client_id):
        raise CognitoError("ResourceNotFoundException", f"User pool client {client_id} does not exist.")


def check_logs(configurations: list[dict[str, Any]], tier: str) -> None:
    """Refuse what cannot be delivered: API_LogConfigurationType.html."""
    sources = [configuration["EventSource"] for configuration in configurations]
    if len(set(sources)) < len(sources):
        raise CognitoError("InvalidParameterException", "An event source can be configured only once.")
    for source, configuration in zip(sources, configurations, strict=True):
        destinations = [name for name in _DESTINATIONS if configuration.get(name)]
        if source == "userAuthEvents" and tier != "PLUS":
            text = f"The event source {source} is not available in the {tier} pricing tier."
            raise CognitoError("FeatureUnavailableInTierException", text)
        if configuration["LogLevel"] != _LEVELS[source]:
            text = f"The event source {source} needs the log level {_LEVELS[source]}."
            raise CognitoError("InvalidParameterException", text)
        if len(destinations) != 1 or (source == "userNotification" and destinations != [_DESTINATIONS[0]]):
            text = f"The event source {source} needs one destination that it can be sent to."
            raise CognitoError("InvalidParameterException", text)


def _identity(key: tuple[str, str]) -> dict[str, str]:
    pool_id, client_id = key
    return {"UserPoolId": pool_id, "ClientId": client_id} if client_id else {"UserPoolId": pool_id}
