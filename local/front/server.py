"""The Cognito front itself: a small HTTP server between every client of Cognito and ministack.

What happens to a call, in this order; each step may end it:

    counted → latency → Region available? → quota → fault → documented constraints → hooks before
            → ministack → hooks after → event → fault that loses the answer → counted again

Everything else that is not the protocol goes to a registered route (`/_front/…` is one) or, unchanged, to
ministack (token endpoints, JWKS). Nothing of a request is ever logged: of a crash only its class and where it
was.
"""

import asyncio
import logging
import traceback
from dataclasses import dataclass

from aiohttp import web

from local.front.aliases import Aliases
from local.front.attributes import AttributeRules
from local.front.branding import Branding
from local.front.calls import Calls
from local.front.clients import Clients
from local.front.confirmation import Confirmation
from local.front.constraints import Constraints
from local.front.control import Control
from local.front.exclusion import Exclusion
from local.front.faults import Fate, Faults
from local.front.functions import Functions
from local.front.groups import Groups
from local.front.homes import DEFAULT_REGIONS, Homes
from local.front.hooks import Feature, Hooks
from local.front.identities import Identities
from local.front.import_jobs import ImportJobs
from local.front.listing import Listing
from local.front.messages import Messages
from local.front.mfa import Mfa
from local.front.migration import Migration
from local.front.permission import Permission
from local.front.pool_settings import PoolSettings
from local.front.pools import Pools
from local.front.protocol import (
    TARGET_PREFIX,
    Answer,
    Call,
    CognitoError,
    HeldConnection,
    failure,
    new_request_id,
    parse_body,
)
from local.front.quotas import Quotas
from local.front.recovery import Recovery
from local.front.replicas import Replicas
from local.front.settings import Conditions
from local.front.taken import TakenAliases
from local.front.trail import Trail
from local.front.upstream import Upstream, passable

logger = logging.getLogger(__name__)
# aiohttp's own words about a request that it cannot parse quote it.
_unheard = logging.getLogger(f"{__name__}.unheard")
_unheard.disabled = True

KEEPALIVE_SECONDS = 75.0
LARGEST_BODY = 16 * 1024 * 1024
SHUTDOWN_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class FrontOptions:
    """What a front is started with. Port 0 takes a free one; `regions` are asked for unknown clients."""

    upstream: str = "http://127.0.0.1:4566"
    port: int = 0
    host: str = "127.0.0.1"
    seed: int = 0
    regions: tuple[str, ...] = DEFAULT_REGIONS


class Front:
    """A running front. `start` and `stop` it in one event loop; `url` says where it is."""

    def __init__(self, options: FrontOptions, *features: Feature) -> None:
        self._options = options
        self.upstream = Upstream(options.upstream)
        self.homes = Homes(self.upstream, options.regions)
        self.pools = Pools(self.upstream, self.homes)
        self.calls = Calls()
        self.messages = Messages(self.pools)
        self.quotas = Quotas()
        self.faults = Faults(options.seed)
        self.conditions = Conditions()
        self.trail = Trail(self.upstream, self.pools, self.homes, lambda: self.faults.seed)
        self.constraints = Constraints()
        self.hooks = Hooks()
        self._exclusion = Exclusion()
        self.taken = TakenAliases(self.pools)
        self.replicas = Replicas(self.upstream, self.pools, self.conditions)
        aliases = Aliases(self.pools, self.taken)
        functions = Functions(self.upstream, self.conditions)
        confirmation = Confirmation(self.pools, functions)
        self.identities = Identities(self.upstream, self.pools, self.taken, confirmation, self.trail)
        self.imports = ImportJobs(
            self.pools, aliases, self.taken, self._exclusion, self.constraints, self.conditions
        )
        own: tuple[Feature, ...] = (
            Permission(self.upstream),
            self.homes,
            self.pools,
            self.replicas,
            Control(self),
            Listing(self.upstream),
            AttributeRules(self.pools),
            self.taken,
            aliases,
            confirmation,
            Migration(self.upstream, self.pools, functions, self._operate),
            Recovery(self.pools),
            Groups(self.upstream),
            PoolSettings(self.pools),
            Branding(self.pools),
            Clients(self.pools),
            Mfa(self.pools),
            self.identities,
            self.imports,
        )
        for feature in (*own, *features, self.messages):
            feature.register(self.hooks)
        self._runner: web.ServerRunner | None = None
        self.url = ""

    async def start(self) -> None:
        """Open the connection pool and the port; OSError if the port is taken."""
        await self.upstream.open()
        server = web.Server(
            self._serve,
            access_log=None,
            logger=_unheard,
            keepalive_timeout=KEEPALIVE_SECONDS,
            request_factory=_request,
        )
        self._runner = web.ServerRunner(server, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._options.host, self._options.port, backlog=512).start()
        except OSError:
            await self.stop()
            raise
        self.url = f"http://{self._options.host}:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Close the port, then the connections, held ones too."""
        if self._runner is not None:
            await self._runner.cleanup()
        await self.imports.stop()
        await self.trail.stop()
        await self.upstream.close()

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one HTTP request."""
        target = request.headers.get("X-Amz-Target", "")
        if request.method == "POST" and request.path == "/" and target.startswith(TARGET_PREFIX):
            return await self._serve_call(request, target.removeprefix(TARGET_PREFIX))
        try:
            handler = self.hooks.handler_of(request.path) or self._pass_through
            return await handler(request)
        except web.HTTPException:
            raise
        except Exception as error:
            return _response(_crash("A route", error))

    async def _serve_call(self, request: web.BaseRequest, operation: str) -> web.StreamResponse:
        try:
            answer = await self._answer(request, operation)
        except HeldConnection as held:
            await asyncio.sleep(held.seconds)
            if request.transport is not None:
                request.transport.close()
            return web.Response(status=500)
        return _response(answer)

    async def _answer(self, request: web.BaseRequest, operation: str) -> Answer:
        """Count and carry out a call; raises HeldConnection where there is to be no answer."""
        body = await request.read()
        try:
            data = parse_body(body)
            home = await self.homes.of_call(request.headers, data)
        except CognitoError as error:
            return failure(error)
        except Exception as error:
            return _crash(operation, error)
        home = self.replicas.home_of(home, signed="Authorization" in request.headers)
        call = Call(operation, home.region, home.access_key, body, data, request.headers)
        tally = self.calls.begin(call.region, operation)
        answer: Answer | None = None
        try:
            answer = await self._carry_out(call)
        except CognitoError as error:
            answer = failure(error)
        except HeldConnection:
            raise
        except Exception as error:
            answer = _crash(operation, error)
        finally:
            self.calls.finish(tally, answer)
        return answer

    async def _carry_out(self, call: Call) -> Answer:
        fate = self.faults.decide(call.region, call.operation)
        await self._delay(fate)
        if call.region in self.conditions.lost_regions:
            raise CognitoError("ServiceUnavailable", "Service is unavailable.", 503)
        self.quotas.admit(call)
        if fate.before is not None:
            fate.before.strike()
        answer = await self.trail.recorded(call, self._operate)
        if fate.after is not None:
            fate.after.strike()
        for silent in fate.silent:
            answer = silent.cut(call, answer)
        return answer

    async def _operate(self, call: Call) -> Answer:
        """Check a call, carry it out upstream or in a hook, and complete the answer."""
        self.constraints.check(call.operation, call.data)
        call = await self.replicas.at_primary(call)
        async with self._exclusion.hold(self.hooks.claims_of(call)):
            answer = await self.hooks.run_before(call)
            if answer is None:
                answer = await self.upstream.pass_on(call)
            return await self.hooks.run_after(call, answer)

    async def _delay(self, fate: Fate) -> None:
        milliseconds = self.conditions.latency_ms + fate.latency_ms
        if milliseconds > 0:
            await asyncio.sleep(milliseconds / 1000)

    async def _pass_through(self, request: web.BaseRequest) -> web.StreamResponse:
        """Pass on what is not the protocol."""
        try:
            answer = await self.upstream.fetch(
                request.method, request.raw_path, passable(request.headers), await request.read()
            )
        except CognitoError as error:
            answer = failure(error)
        return _response(answer)


def _crash(what: str, error: Exception) -> Answer:
    """Log where an unforeseen error arose, without its message, and make the answer."""
    place = "".join(traceback.format_tb(error.__traceback__))
    logger.error("%s failed in the front: %s\n%s", what, type(error).__name__, place)
    return failure(CognitoError("InternalErrorException", "The Cognito front failed.", 500))


def _response(answer: Answer) -> web.Response:
    response = web.Response(status=answer.status, body=answer.body, headers=answer.headers)
    if "x-amzn-requestid" not in response.headers:
        response.headers["x-amzn-RequestId"] = new_request_id()
    return response


def _request(
    message: object, payload: object, protocol: object, writer: object, task: object
) -> web.BaseRequest:
    """Make a request that may be larger than aiohttp's own limit of 1 MB."""
    return web.BaseRequest(
        message,  # type: ignore[arg-type]
        payload,  # type: ignore[arg-type]
        protocol,  # type: ignore[arg-type]
        writer,  # type: ignore[arg-type]
        task,  # type: ignore[arg-type]
        asyncio.get_running_loop(),
        client_max_size=LARGEST_BODY,
    )
