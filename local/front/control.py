"""The control API, under `/_front/`: what a test or a demonstration sets and reads. Every answer is JSON.

    GET DELETE      calls       {"us-east-1": {"ListUsers": {"calls": 9, "throttled": 1, "failed": 0}}}
    GET             timeline    {"us-east-1": {"ListUsers": [30, 29, …]}}: calls answered well, by
                                seconds since `calls` was cleared
    GET DELETE      messages    {"us-east-1": {"AdminCreateUser": 2}}
    GET             regions     {"us-east-1": {"available": true}, …}
    GET PUT         regions/R   {"available": false}: everything in that Region is answered 503
    GET PUT DELETE  faults      [{"operation", "region", "rate", "error", "latency_ms", "after", "hold_ms",
                                "shows", "where"}]
                                PUT also {"seed": 7, "faults": […]}
    GET PUT         seed        {"seed": 7}
    GET PUT         quotas      {"enforce": true, "scale": 1.0, "overrides": {"UserCreation": 500}}
    GET PUT         latency     {"latency_ms": 150}
    GET PUT         imports     {"start_seconds": 10, "users_per_second": 35, "failure_threshold": null,
                                "default_status": "RESET_REQUIRED", "upload_seconds": 900,
                                "expire_seconds": 86400}: how user import jobs go; see `ImportSettings`
    GET PUT         events      {"delay_ms": 50, "spread_ms": 1000, "duplicate": 0, "reorder": 0, "lose": 0}:
                                how CloudTrail's events arrive, see `EventSettings`; the answer also has
                                how many were put, lost, duplicated, reordered, failed, and are pending
    GET PUT         triggers    {"limit_seconds": 5.0}: how long a trigger may take at each attempt
    POST            reset       everything as at the start, but the seed; import jobs under way are stopped
    POST            federated   {"pool_id", "provider", "user_id", "attributes": {…}, "client_id"}: signs in
                                with an identity of a provider; {"username", "sub", "groups", "id_token"}
    GET             health      {"status": "ok", "upstream": …, "upstream_available": true}

A PUT is answered with the new state. A body that is not understood is a 400 that names the field; what
Cognito would refuse is answered with its error's name as "code".
"""

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from aiohttp import web

from local.front.categories import CATEGORIES
from local.front.hooks import Hooks
from local.front.protocol import CognitoError, region_of_pool
from local.front.quotas import QuotaSettings
from local.front.settings import (
    REGION,
    TRIGGER_SECONDS,
    BadSettings,
    EventSettings,
    FederatedBody,
    ImportSettings,
    LatencyBody,
    RegionBody,
    SeedBody,
    TriggerBody,
    read,
    read_faults,
    read_quotas,
)

if TYPE_CHECKING:
    from local.front.server import Front

PREFIX = "/_front/"

Action = Callable[[Any], Awaitable[Any]]


class Control:
    """A feature: the control API of one front."""

    def __init__(self, front: "Front") -> None:
        self._front = front
        self._actions: dict[str, dict[str, Action]] = {
            "calls": {"GET": self._get_calls, "DELETE": self._clear_calls},
            "timeline": {"GET": self._get_timeline},
            "messages": {"GET": self._get_messages, "DELETE": self._clear_messages},
            "regions": {"GET": self._get_regions},
            "faults": {"GET": self._get_faults, "PUT": self._set_faults, "DELETE": self._clear_faults},
            "seed": {"GET": self._get_seed, "PUT": self._set_seed},
            "quotas": {"GET": self._get_quotas, "PUT": self._set_quotas},
            "latency": {"GET": self._get_latency, "PUT": self._set_latency},
            "imports": {"GET": self._get_imports, "PUT": self._set_imports},
            "events": {"GET": self._get_events, "PUT": self._set_events},
            "triggers": {"GET": self._get_triggers, "PUT": self._set_triggers},
            "reset": {"POST": self._reset},
            "federated": {"POST": self._sign_in},
            "health": {"GET": self._get_health},
        }

    def register(self, hooks: Hooks) -> None:
        """Plug in."""
        hooks.route(PREFIX, self.serve)

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        actions = self._actions_of(request.path.removeprefix(PREFIX).rstrip("/"))
        if actions is None:
            return _json({"error": f"{request.path} is no control path"}, 404)
        action = actions.get(request.method)
        if action is None:
            allowed = ", ".join(sorted(actions))
            return _json({"error": f"{request.path} takes {allowed}"}, 405, {"Allow": allowed})
        try:
            content = await request.read() if request.method in ("POST", "PUT") else b""
            body = _parse(content) if content or request.method == "PUT" else None
            return _json(await action(body))
        except CognitoError as error:
            return _json({"error": error.message, "code": error.code}, error.status)
        except BadSettings as error:
            return _json({"error": str(error), "field": error.field}, 400)

    def _actions_of(self, path: str) -> dict[str, Action] | None:
        region = path.removeprefix("regions/")
        if region != path and REGION.fullmatch(region):
            return {
                "GET": lambda _: self._get_region(region),
                "PUT": lambda body: self._set_region(region, body),
            }
        return self._actions.get(path)

    async def _get_calls(self, _: Any) -> Any:
        return self._front.calls.as_json()

    async def _clear_calls(self, _: Any) -> Any:
        self._front.calls.clear()
        return {}

    async def _get_timeline(self, _: Any) -> Any:
        return self._front.calls.timeline()

    async def _get_messages(self, _: Any) -> Any:
        return self._front.messages.as_json()

    async def _clear_messages(self, _: Any) -> Any:
        self._front.messages.clear()
        return {}

    async def _get_regions(self, _: Any) -> Any:
        lost = self._front.conditions.lost_regions
        return {
            region: {"available": region not in lost}
            for region in sorted({*self._front.homes.regions, *lost})
        }

    async def _get_region(self, region: str) -> Any:
        return {"available": region not in self._front.conditions.lost_regions}

    async def _set_region(self, region: str, body: Any) -> Any:
        lost = self._front.conditions.lost_regions
        (lost.discard if read(RegionBody, body).available else lost.add)(region)
        return await self._get_region(region)

    async def _get_faults(self, _: Any) -> Any:
        return [asdict(rule) for rule in self._front.faults.rules]

    async def _set_faults(self, body: Any) -> Any:
        rules, seed = read_faults(body, self._front.constraints.operations)
        if seed is not None:
            self._front.faults.seed = seed
        self._front.faults.rules = rules
        return await self._get_faults(None)

    async def _clear_faults(self, _: Any) -> Any:
        self._front.faults.rules = ()
        return []

    async def _get_seed(self, _: Any) -> Any:
        return {"seed": self._front.faults.seed}

    async def _set_seed(self, body: Any) -> Any:
        self._front.faults.seed = read(SeedBody, body).seed
        return await self._get_seed(None)

    async def _get_quotas(self, _: Any) -> Any:
        settings = self._front.quotas.settings
        return asdict(settings) | {"rates": {category: settings.rate(category) for category in CATEGORIES}}

    async def _set_quotas(self, body: Any) -> Any:
        self._front.quotas.settings = read_quotas(body)
        return await self._get_quotas(None)

    async def _get_latency(self, _: Any) -> Any:
        return {"latency_ms": self._front.conditions.latency_ms}

    async def _set_latency(self, body: Any) -> Any:
        self._front.conditions.latency_ms = read(LatencyBody, body).latency_ms
        return await self._get_latency(None)

    async def _get_imports(self, _: Any) -> Any:
        return self._front.conditions.imports.model_dump()

    async def _set_imports(self, body: Any) -> Any:
        self._front.conditions.imports = read(ImportSettings, body)
        return await self._get_imports(None)

    async def _get_events(self, _: Any) -> Any:
        return self._front.trail.as_json()

    async def _set_events(self, body: Any) -> Any:
        self._front.trail.settings = read(EventSettings, body)
        return await self._get_events(None)

    async def _get_triggers(self, _: Any) -> Any:
        return {"limit_seconds": self._front.conditions.trigger_seconds}

    async def _set_triggers(self, body: Any) -> Any:
        self._front.conditions.trigger_seconds = read(TriggerBody, body).limit_seconds
        return await self._get_triggers(None)

    async def _reset(self, _: Any) -> Any:
        front = self._front
        front.conditions.trigger_seconds = TRIGGER_SECONDS
        front.faults.rules = ()
        front.quotas.settings = QuotaSettings()
        front.conditions.latency_ms = 0.0
        front.conditions.lost_regions.clear()
        front.imports.reset()
        front.trail.reset()
        front.replicas.reset()
        front.calls.clear()
        front.messages.clear()
        return {}

    async def _sign_in(self, body: Any) -> Any:
        user = read(FederatedBody, body)
        if region_of_pool(user.pool_id) in self._front.conditions.lost_regions:
            raise CognitoError("ServiceUnavailable", "Service is unavailable.", 503)
        return await self._front.identities.sign_in(user)

    async def _get_health(self, _: Any) -> Any:
        return {
            "status": "ok",
            "upstream": self._front.upstream.url,
            "upstream_available": await self._front.upstream.healthy(),
        }


def _parse(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        raise BadSettings("", "The body is not JSON.") from None


def _json(data: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    return web.json_response(data, status=status, headers=headers)
