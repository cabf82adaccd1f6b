"""The way to ministack: passing calls on unchanged, and asking on the front's own behalf.

One pool of kept-alive connections. A connection idle for longer than ministack keeps it (75 s) would be found
closed with a call half sent, so it is dropped before.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from local.front.protocol import (
    CONTENT_TYPE,
    TARGET_PREFIX,
    Answer,
    Call,
    CognitoError,
    authorization_for,
)

IDLE_SECONDS = 30.0
# Hop-by-hop (RFC 9110 §7.6.1), or said anew by whoever sends the message.
_NOT_PASSED_ON = frozenset(
    {
        "connection",
        "content-length",
        "date",
        "expect",
        "host",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "server",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)


class Upstream:
    """A client of ministack's endpoint. `open` before the first call, `close` at the end."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._root = URL(self.url + "/")
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Make the connection pool; it belongs to the running event loop."""
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=IDLE_SECONDS)
        self._session = aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=5),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding"),
        )

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def pass_on(self, call: Call) -> Answer:
        """Send a call as it came, or as hooks changed it.

        An unsigned call whose Region is known gets a credential scope: ministack takes the Region from there.
        """
        headers = passable(call.headers)
        if "Authorization" in headers and "Host" in call.headers:
            headers["Host"] = call.headers["Host"]  # the signature covers it
        if "Authorization" not in headers and call.access_key:
            headers["Authorization"] = authorization_for(call.access_key, call.region)
        return await self.fetch("POST", self._root, headers, call.body)

    async def ask(self, region: str, access_key: str, operation: str, **data: Any) -> dict[str, Any]:
        """Carry out an operation for the front itself; raises CognitoError as the operation does.

        Such calls are not counted, and neither quotas nor faults touch them.
        """
        headers = {
            "X-Amz-Target": TARGET_PREFIX + operation,
            "Content-Type": CONTENT_TYPE,
            "Authorization": authorization_for(access_key or "test", region),
        }
        answer = await self.fetch("POST", self._root, headers, json.dumps(data).encode())
        if answer.error is not None:
            message = str(answer.data.get("message", ""))
            raise CognitoError(answer.error, message, answer.status)
        return answer.data

    async def pages(
        self, region: str, access_key: str, operation: str, token: str = "NextToken", **data: Any
    ) -> AsyncIterator[dict[str, Any]]:
        """Ask for page after page; `token` is the name of the operation's page token."""
        page = await self.ask(region, access_key, operation, **data)
        yield page
        while page.get(token):
            page = await self.ask(region, access_key, operation, **{**data, token: page[token]})
            yield page

    async def fetch(self, method: str, url: URL | str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Make a request; raises CognitoError ServiceUnavailable when ministack cannot be reached."""
        if self._session is None:
            raise RuntimeError("open the upstream first")
        target = self._root.join(URL(url, encoded=True)) if isinstance(url, str) else url
        try:
            async with self._session.request(
                method, target, headers=headers, data=body or None, allow_redirects=False
            ) as response:
                return Answer(response.status, await response.read(), passable(response.headers))
        except (aiohttp.ClientError, TimeoutError) as error:
            text = f"The embedded AWS does not answer ({type(error).__name__})."
            raise CognitoError("ServiceUnavailable", text, 503) from error

    async def healthy(self) -> bool:
        """Say whether ministack answers."""
        try:
            async with asyncio.timeout(1):
                return (await self.fetch("GET", "/_ministack/health", {}, b"")).ok
        except (CognitoError, TimeoutError):
            return False


def passable(headers: Mapping[str, str]) -> "CIMultiDict[str]":
    """Return the headers that are passed on."""
    return CIMultiDict((name, value) for name, value in headers.items() if name.lower() not in _NOT_PASSED_ON)
