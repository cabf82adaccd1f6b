"""Managed login branding: one style for each app client that has one.

API_CreateManagedLoginBranding.html, API_UpdateManagedLoginBranding.html and the operations beside them. Kept
in the front's memory; a style goes with its app client, and all go with their pool.
"""

import time
import uuid
from collections.abc import Callable
from typing import Any

from local.front.hooks import Hooks
from local.front.pool_settings import existing_client, existing_pool
from local.front.pools import Pools
from local.front.protocol import Answer, Call, CognitoError, success

Style = dict[str, Any]


class Branding:
    """A feature: answers these operations."""

    def __init__(self, pools: Pools, clock: Callable[[], float] = time.time) -> None:
        self._pools = pools
        self._clock = clock
        self._styles: dict[tuple[str, str], Style] = {}  # by pool and app client

    def register(self, hooks: Hooks) -> None:
        """Plug in."""
        hooks.claim(lambda call: {f"{call.pool_id}/branding"}, "CreateManagedLoginBranding")
        hooks.before(self._create, "CreateManagedLoginBranding")
        hooks.before(self._describe, "DescribeManagedLoginBranding", "DescribeManagedLoginBrandingByClient")
        hooks.before(self._update, "UpdateManagedLoginBranding")
        hooks.before(self._delete, "DeleteManagedLoginBranding")
        hooks.after(self._pool_deleted, "DeleteUserPool")
        hooks.after(self._client_deleted, "DeleteUserPoolClient")

    async def _create(self, call: Call) -> Answer:
        key = call.pool_id, str(call.data["ClientId"])
        await existing_client(self._pools, await existing_pool(self._pools, call), key[1])
        _check_values(call.data)
        if key in self._styles:
            text = "The app client already has an assigned managed login branding style."
            raise CognitoError("ManagedLoginBrandingExistsException", text)
        now = self._clock()
        style = {"ManagedLoginBrandingId": str(uuid.uuid4()), "UserPoolId": call.pool_id}
        self._styles[key] = _changed({**style, "Assets": [], "CreationDate": now}, call.data, now)
        return _shown(self._styles[key])

    async def _describe(self, call: Call) -> Answer:
        return _shown(self._styles[await self._key(call)])

    async def _update(self, call: Call) -> Answer:
        key = await self._key(call)
        _check_values(call.data)
        self._styles[key] = _changed(self._styles[key], call.data, self._clock())
        return _shown(self._styles[key])

    async def _delete(self, call: Call) -> Answer:
        del self._styles[await self._key(call)]
        return success({})

    async def _key(self, call: Call) -> tuple[str, str]:
        """Return pool and app client of the style that a call names; raises ResourceNotFoundException."""
        await existing_pool(self._pools, call)
        client_id, style_id = call.data.get("ClientId"), call.data.get("ManagedLoginBrandingId")
        for key, style in self._styles.items():
            named = key[1] == client_id if client_id else style["ManagedLoginBrandingId"] == style_id
            if key[0] == call.pool_id and named:
                return key
        raise CognitoError("ResourceNotFoundException", "Managed login branding does not exist.")

    async def _pool_deleted(self, call: Call, answer: Answer) -> Answer:
        if answer.ok:
            self._styles = {key: style for key, style in self._styles.items() if key[0] != call.pool_id}
        return answer

    async def _client_deleted(self, call: Call, answer: Answer) -> Answer:
        if answer.ok:
            self._styles.pop((call.pool_id, str(call.data.get("ClientId"))), None)
        return answer


def _check_values(data: dict[str, Any]) -> None:
    if data.get("UseCognitoProvidedValues") and (data.get("Settings") or data.get("Assets")):
        text = "Settings and Assets must be omitted when UseCognitoProvidedValues is true."
        raise CognitoError("InvalidParameterException", text)


def _changed(style: Style, data: dict[str, Any], now: float) -> Style:
    """Return a style with what a request changes; what it does not name stays ("preserves existing")."""
    changed = {**style, "LastModifiedDate": now}
    if data.get("UseCognitoProvidedValues"):
        changed.pop("Settings", None)
        return {**changed, "Assets": [], "UseCognitoProvidedValues": True}
    own = data.get("Settings") is not None or data.get("Assets") is not None
    stays = bool(style.get("UseCognitoProvidedValues")) and not own
    changed["UseCognitoProvidedValues"] = stays and data.get("UseCognitoProvidedValues") is None
    if data.get("Settings") is not None:
        changed["Settings"] = _merged(style.get("Settings") or {}, data["Settings"])
    assets = {(asset["Category"], asset["ColorMode"]): asset for asset in style["Assets"]}
    assets |= {(asset["Category"], asset["ColorMode"]): asset for asset in data.get("Assets") or ()}
    return {**changed, "Assets": list(assets.values())}


def _merged(before: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Lay one JSON document over another."""
    both = {
        name: _merged(before[name], value)
        for name, value in given.items()
        if isinstance(value, dict) and isinstance(before.get(name), dict)
    }
    return {**before, **given, **both}


def _shown(style: Style) -> Answer:
    return success({"ManagedLoginBranding": style})
