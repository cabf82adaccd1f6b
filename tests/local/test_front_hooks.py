"""The registry by which features plug in, and what a front does with a feature of its own."""

from __future__ import annotations

import asyncio
import http.client
import threading
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from aiohttp import web

from local.front import BackgroundFront, FrontOptions, Hooks
from local.front.protocol import Answer, Call, CognitoError, success

if TYPE_CHECKING:
    from tests.local.front_stack import FrontStack

pytest_plugins = ["tests.local.front_stack"]

CERTIFICATE = {"Certificate": "MIIC"}
SECRET = "somebody@example.com"


def call(operation: str = "ListUsers") -> Call:
    return Call(operation, "us-east-1", "test", b"{}", {})


class Recorder:
    """Hooks that write down when they ran."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def before(self, name: str, answer: Answer | None = None) -> object:
        async def hook(_: Call) -> Answer | None:
            self.seen.append(name)
            return answer

        return hook

    def after(self, name: str) -> object:
        async def hook(_: Call, answer: Answer) -> Answer:
            self.seen.append(name)
            return answer

        return hook


def test_hooks_run_in_order_until_one_answers() -> None:
    recorder, hooks = Recorder(), Hooks()
    hooks.before(recorder.before("first"), "ListUsers", "ListGroups")  # type: ignore[arg-type]
    hooks.before(recorder.before("second", success({"n": 2})), "ListUsers")  # type: ignore[arg-type]
    hooks.before(recorder.before("third"), "ListUsers")  # type: ignore[arg-type]
    hooks.after(recorder.after("after"), "ListUsers")  # type: ignore[arg-type]
    answer = asyncio.run(hooks.run_before(call()))
    assert answer is not None
    assert answer.data == {"n": 2}
    asyncio.run(hooks.run_after(call(), answer))
    assert recorder.seen == ["first", "second", "after"]
    assert asyncio.run(hooks.run_before(call("GetGroup"))) is None


def test_the_longest_prefix_serves_a_path() -> None:
    async def short(_: web.BaseRequest) -> web.StreamResponse:
        return web.Response()

    async def long(_: web.BaseRequest) -> web.StreamResponse:
        return web.Response()

    hooks = Hooks()
    hooks.route("/_import/", short)
    hooks.route("/_import/jobs/", long)
    assert hooks.handler_of("/_import/jobs/1") is long
    assert hooks.handler_of("/_import/x") is short
    assert hooks.handler_of("/") is None
    with pytest.raises(ValueError, match="already served"):
        hooks.route("/_import/", long)


class Extension:
    """A feature as a later one might be: an operation that upstream lacks, a route, and a bug."""

    def register(self, hooks: Hooks) -> None:
        async def certificate(_: Call) -> Answer:
            return success(CERTIFICATE)

        async def upload(request: web.BaseRequest) -> web.StreamResponse:
            return web.json_response({"received": len(await request.read())})

        async def refuse(_: Call) -> None:
            raise CognitoError("PreconditionNotMetException", "No.")

        async def crash(received: Call) -> None:
            raise RuntimeError(f"cannot cope with {received.data}")

        hooks.before(certificate, "GetSigningCertificate")
        hooks.before(refuse, "AdminDisableUser")
        hooks.before(crash, "AdminCreateUser")
        hooks.route("/_import/", upload)


def test_a_feature_adds_an_operation_a_refusal_and_a_route(front: FrontStack) -> None:
    with BackgroundFront(FrontOptions(front.upstream_url), Extension()) as extended:
        stack = front.at(extended.url)
        cognito = stack.client()
        assert cognito.get_signing_certificate(UserPoolId="us-east-1_a")["Certificate"] == "MIIC"
        with pytest.raises(cognito.exceptions.PreconditionNotMetException):
            cognito.admin_disable_user(UserPoolId="us-east-1_a", Username="ana")
        status, _, answer = stack.http("PUT", "/_import/file", b"x" * 3_000_000)
        assert (status, answer) == (200, {"received": 3_000_000})
        stack.close()


def test_a_bug_is_a_500_and_shows_nothing_of_the_request(
    front: FrontStack, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with BackgroundFront(FrontOptions(front.upstream_url), Extension()) as extended:
        stack = front.at(extended.url)
        cognito = stack.client()
        with pytest.raises(cognito.exceptions.InternalErrorException) as caught:
            cognito.admin_create_user(UserPoolId="us-east-1_a", Username=SECRET)
        # A body that is longer than announced: what is left of it looks like a malformed request.
        connection = http.client.HTTPConnection(urlsplit(extended.url).netloc, timeout=20)
        connection.request("POST", "/", f"1\r\n{SECRET}\r\n\r\n".encode(), {"Content-Length": "1"})
        connection.getresponse().read()
        connection.close()
        stack.close()
    written = capfd.readouterr()
    assert SECRET not in caplog.text + written.out + written.err + str(caught.value)
    assert "RuntimeError" in caplog.text


def test_stopping_ends_held_connections(front: FrontStack) -> None:
    with BackgroundFront(FrontOptions(front.upstream_url)) as stopped:
        stack = front.at(stopped.url)
        rule = {"operation": "*", "error": "timeout", "hold_ms": 3_600_000}
        stack.control("PUT", "faults", [rule])
        outcomes: list[type[Exception]] = []

        def wait_for_an_answer() -> None:
            try:
                stack.client().list_user_pools(MaxResults=1)
            except Exception as error:
                outcomes.append(type(error))

        waiting = threading.Thread(target=wait_for_an_answer)
        waiting.start()
        pause = threading.Event()
        while not stack.control("GET", "calls"):
            pause.wait(0.01)
    waiting.join(20)
    stack.close()
    assert [error.__name__ for error in outcomes] == ["ConnectionClosedError"]
