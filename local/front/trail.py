"""What CloudTrail tells EventBridge about Cognito: an event for each call that changes something.

cognito/latest/developerguide/logging-using-cloudtrail.html and understanding-amazon-cognito-entries.html:
detail-type "AWS API Call via CloudTrail", failed calls too (with errorCode), private values hidden, the
user's sub in additionalEventData. Calls that only read are left out, as a rule sees them only if it asks for
them (eventbridge/latest/userguide/eb-service-event-cloudtrail.html). Managed login makes events of type
AwsServiceEvent. User import jobs make none for the users they create.

At AWS events come later than calls, twice or in another order at times, and are not guaranteed:
`EventSettings` turns each of it on. Which event is struck depends on the seed and its number only.
"""

import asyncio
import contextlib
import hashlib
import json
import re
import time
import uuid
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from local.front.homes import Home, Homes
from local.front.pools import Pools
from local.front.protocol import (
    ROOT_KEY,
    Answer,
    Call,
    CognitoError,
    attributes_of,
    claims_of_token,
    failure,
    pool_of_token,
    region_of_pool,
)
from local.front.settings import EventSettings
from local.front.upstream import Upstream
from local.private_actions import EVENTS

HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
API_CALL = "AWS API Call via CloudTrail"
SERVICE_EVENT = "AWS Service Event via CloudTrail"
ACCOUNT = "000000000000"
BATCH_SECONDS = 0.1  # what comes meanwhile goes together: ministack has one thread for everything
_READING = re.compile(r"(Admin)?(Describe|Get|List)[A-Z]\w*")
_SHOWN = frozenset({"AuthFlow", "ChallengeName", "ClientId", "MessageAction", "Permanent", "UserPoolId"})


@dataclass(slots=True)
class EventCounts:
    """What became of the events so far; `pending` are on their way, `failed` could not be put."""

    put: int = 0
    lost: int = 0
    duplicated: int = 0
    reordered: int = 0
    failed: int = 0
    pending: int = 0


@dataclass(slots=True)
class _Outbox:
    """Events that are due in a Region, and whether somebody is sending them."""

    events: list[dict[str, Any]] = field(default_factory=list)
    sender: asyncio.Task[None] | None = None


class Trail:
    """Makes events of calls and puts them on the default bus of the call's Region, a little later."""

    def __init__(self, upstream: Upstream, pools: Pools, homes: Homes, seed: Callable[[], int]) -> None:
        self._upstream = upstream
        self._pools = pools
        self._homes = homes
        self._seed = seed
        self._ordinal = 0
        self._outboxes: defaultdict[tuple[str, str], _Outbox] = defaultdict(_Outbox)
        self._waiting: set[asyncio.TimerHandle] = set()
        self.settings = EventSettings()
        self.counts = EventCounts()

    async def recorded(self, call: Call, operate: Callable[[Call], Awaitable[Answer]]) -> Answer:
        """Carry out a call and make its event, whether it succeeds or is refused."""
        if _READING.fullmatch(call.operation):
            return await operate(call)
        given = call.data  # hooks change what is passed on, and that is not what the caller asked for
        sub = await self._sub_before(call)
        try:
            answer = await operate(call)
        except CognitoError as error:
            await self._record(call, given, failure(error), sub)
            raise
        await self._record(call, given, answer, sub)
        return answer

    def service_event(self, pool_id: str, sub: str, event_name: str, client_id: str | None) -> None:
        """Make the event of something that a user did through managed login."""
        home = Home(region_of_pool(pool_id), ROOT_KEY, pool_id)
        detail = _detail(home.region, event_name) | {
            "userIdentity": {"accountId": ACCOUNT},
            "additionalEventData": {
                "sub": sub,
                "userPoolId": pool_id,
                "requestParameters": {"client_id": [client_id]} if client_id else {},
                "responseParameters": {"status": 302},
            },
            "eventType": "AwsServiceEvent",
            "serviceEventDetails": {"serviceAccountId": ACCOUNT},
        }
        self._schedule(home, {"DetailType": SERVICE_EVENT, "Detail": detail})

    def reset(self) -> None:
        """Deliver as at the start. Events on their way are not recalled."""
        self.settings, self._ordinal = EventSettings(), 0
        self.counts = EventCounts(pending=self.counts.pending)

    def as_json(self) -> dict[str, Any]:
        """Return the settings and the counts."""
        return self.settings.model_dump() | asdict(self.counts)

    async def stop(self) -> None:
        """Drop what has not been sent."""
        for handle in self._waiting:
            handle.cancel()
        for outbox in self._outboxes.values():
            if outbox.sender is not None:
                outbox.sender.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await outbox.sender

    async def _sub_before(self, call: Call) -> str | None:
        """Return the sub of a user whom nothing in the call will lead to once it is done."""
        if call.operation not in ("AdminDeleteUser", "AdminDisableProviderForUser"):
            return None
        with contextlib.suppress(CognitoError):
            pool = await self._pools.of_call(call)
            if pool is None:
                return None
            if call.operation == "AdminDeleteUser":
                user = await self._pools.user(pool, str(call.data.get("Username")))
                return user.attributes.get("sub") if user else None
            identity = call.data.get("User") or {}
            async for listed in self._pools.users(pool):
                attributes = attributes_of(listed["Attributes"])
                if _has(attributes, identity.get("ProviderName"), identity.get("ProviderAttributeValue")):
                    return attributes.get("sub")
        return None

    async def _record(self, call: Call, given: dict[str, Any], answer: Answer, sub: str | None) -> None:
        home = await self._home(call)
        sub = sub or _sub(given, answer)
        detail = _detail(home.region, call.operation) | {
            "userIdentity": _identity(call),
            "requestParameters": _request_parameters(given),
            "responseElements": None,
            "additionalEventData": {"sub": sub} if sub else None,
            "eventType": "AwsApiCall",
        }
        if not answer.ok:
            detail["errorCode"] = answer.error
        event = {"DetailType": API_CALL, "Detail": detail}
        username = _username(given)
        if sub is None and username and home.pool_id and call.operation != "AdminDeleteUser":
            event["Subject"] = {"UserPoolId": home.pool_id, "Username": username}
        self._schedule(home, event)

    async def _home(self, call: Call) -> Home:
        """Return where a call belongs, with the pool, which an app client or a token names."""
        pool_id = call.pool_id or pool_of_token(call.data.get("AccessToken"))
        if not pool_id and isinstance(call.data.get("ClientId"), str):
            with contextlib.suppress(CognitoError):
                home = await self._homes.of_client(call.data["ClientId"])
                if home is not None:
                    return home
        return Home(call.region, call.access_key, pool_id)

    def _schedule(self, home: Home, event: dict[str, Any]) -> None:
        """Decide an event's fate and let it arrive in its time."""
        settings, counts = self.settings, self.counts
        self._ordinal += 1
        if self._draw("lose") < settings.lose:
            counts.lost += 1
            return
        late = self._draw("reorder") < settings.reorder
        counts.reordered += late
        delays = [settings.delay_ms + (settings.spread_ms * self._draw("late") if late else 0.0)]
        if self._draw("duplicate") < settings.duplicate:
            counts.duplicated += 1
            delays.append(delays[0] + settings.spread_ms * self._draw("again"))
        for delay in delays:
            counts.pending += 1
            self._arrive_later(home, event, delay / 1000)

    def _draw(self, what: str) -> float:
        """Return a number in [0, 1) that is always the same for the same seed and event."""
        text = f"{self._seed()}/events/{self._ordinal}/{what}"
        return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest()) / 2**64

    def _arrive_later(self, home: Home, event: dict[str, Any], seconds: float) -> None:
        def arrive() -> None:
            self._waiting.discard(handle)
            outbox = self._outboxes[home.region, home.access_key or ROOT_KEY]
            outbox.events.append(event)
            if outbox.sender is None or outbox.sender.done():
                outbox.sender = asyncio.ensure_future(self._send(home, outbox))

        handle = asyncio.get_running_loop().call_later(seconds, arrive)
        self._waiting.add(handle)

    async def _send(self, home: Home, outbox: _Outbox) -> None:
        """Send what is due in a Region, until nothing is."""
        while outbox.events:
            events, outbox.events = outbox.events, []
            try:
                await self._upstream.ask(home.region, home.access_key or ROOT_KEY, EVENTS, Events=events)
                self.counts.put += len(events)
            except CognitoError:
                self.counts.failed += len(events)
            finally:
                self.counts.pending -= len(events)
            await asyncio.sleep(BATCH_SECONDS)


def _detail(region: str, event_name: str) -> dict[str, Any]:
    """Return what all events have.

    (awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html)
    """
    return {
        "eventVersion": "1.08",
        "eventTime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "eventSource": "cognito-idp.amazonaws.com",
        "eventName": event_name,
        "awsRegion": region,
        "sourceIPAddress": "127.0.0.1",
        "userAgent": "aws-sdk",
        "requestID": str(uuid.uuid4()),
        "eventID": str(uuid.uuid4()),
        "readOnly": False,
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
    }


def _has(attributes: dict[str, str], provider: Any, user_id: Any) -> bool:
    """Say whether an identity of a provider is a user's."""
    identities = json.loads(attributes.get("identities") or "[]")
    return any((each.get("providerName"), each.get("userId")) == (provider, user_id) for each in identities)


def _identity(call: Call) -> dict[str, str]:
    if "Authorization" in call.headers:
        return {"type": "AssumedRole", "accountId": ACCOUNT}
    return {"type": "Unknown", "principalId": "Anonymous"}


def _request_parameters(data: dict[str, Any]) -> dict[str, Any]:
    """Return a request's members with the values hidden that are a user's, or may be."""
    return {name[:1].lower() + name[1:]: value if name in _SHOWN else HIDDEN for name, value in data.items()}


def _sub(data: dict[str, Any], answer: Answer) -> str | None:
    """Return the sub of the user that a call is about, where it or its answer has it."""
    shown = answer.data if answer.ok else {}
    attributes = attributes_of((shown.get("User") or {}).get("Attributes"))
    token = str(claims_of_token(data.get("AccessToken")).get("sub") or "")
    return str(shown.get("UserSub") or attributes.get("sub") or token) or None


def _username(data: dict[str, Any]) -> str | None:
    """Return how a call names its user: by name, alias or sub."""
    for name in (
        data.get("Username"),
        (data.get("AuthParameters") or {}).get("USERNAME"),
        (data.get("ChallengeResponses") or {}).get("USERNAME"),
        (data.get("DestinationUser") or {}).get("ProviderAttributeValue"),
        (data.get("User") or {}).get("ProviderAttributeValue"),
    ):
        if isinstance(name, str) and name:
            return name
    return None
