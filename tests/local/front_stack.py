"""Fixtures of the tests that talk to the Cognito front over HTTP: a mended ministack and a front before it.

A pytest plugin: a test module takes it with `pytest_plugins = ["tests.local.front_stack"]`. One ministack and
one front serve all of them; each test starts with the front reset and makes pools of its own.
"""

import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config
from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

from local.front import BackgroundFront, FrontOptions
from tests.local.waiting import wait_for

START_SECONDS = 60.0
ROOT = Path(__file__).parents[2]


class FrontStack:
    """A front, the ministack behind it, and clients of both."""

    def __init__(self, upstream_url: str, front_url: str) -> None:
        self.upstream_url = upstream_url
        self.url = front_url
        self._clients: dict[tuple[str, str, int], CognitoIdentityProviderClient] = {}
        self._others: dict[tuple[str, str], Any] = {}

    def client(
        self, region: str = "us-east-1", attempts: int = 1, endpoint: str = ""
    ) -> CognitoIdentityProviderClient:
        """Return a client of a Region that makes so many attempts; at the front, or another endpoint."""
        key = (region, endpoint or self.url, attempts)
        if key not in self._clients:
            config = Config(
                retries={"mode": "standard", "total_max_attempts": attempts},
                max_pool_connections=32,
                read_timeout=20,
            )
            self._clients[key] = boto3.client(
                "cognito-idp",
                region_name=region,
                endpoint_url=key[1],
                aws_access_key_id="test",
                aws_secret_access_key="test",
                config=config,
            )
        return self._clients[key]

    def service(self, name: str, region: str = "us-east-1") -> Any:
        """Return a client of another service, at ministack."""
        if (name, region) not in self._others:
            make: Any = boto3.client  # whose types have no room for a service's name
            self._others[name, region] = make(
                name,
                region_name=region,
                endpoint_url=self.upstream_url,
                aws_access_key_id="test",
                aws_secret_access_key="test",
            )
        return self._others[name, region]

    def at(self, url: str) -> "FrontStack":
        """Return the same for another front."""
        return FrontStack(self.upstream_url, url)

    def close(self) -> None:
        """Close the clients' connections."""
        for client in (*self._clients.values(), *self._others.values()):
            client.close()

    def http(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], Any]:
        """Make a plain request: status, headers in lower case, parsed body."""
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=20)
        try:
            content = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
            connection.request(method, path, content, headers or {})
            response = connection.getresponse()
            text = response.read()
            return (
                response.status,
                {k.lower(): v for k, v in response.getheaders()},
                json.loads(text or b"null"),
            )
        finally:
            connection.close()

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Use the control API and return its answer; AssertionError if it refuses."""
        status, _, answer = self.http(method, f"/_front/{path}", body)
        assert status == 200, answer
        return answer

    def pool(self, region: str = "us-east-1", **settings: Any) -> str:
        """Make a pool that verifies email addresses."""
        settings = {"AutoVerifiedAttributes": ["email"], **settings}
        return self.client(region).create_user_pool(PoolName="a pool", **settings)["UserPool"]["Id"]

    def app_client(self, pool_id: str, region: str = "us-east-1", **settings: Any) -> str:
        """Make an app client."""
        answer = self.client(region).create_user_pool_client(
            UserPoolId=pool_id, ClientName="an app", **settings
        )
        return answer["UserPoolClient"]["ClientId"]

    def user(
        self, pool_id: str, username: str, region: str = "us-east-1", **attributes: str
    ) -> dict[str, Any]:
        """Make a user, sending nothing. Keyword `custom__plan` stands for custom:plan."""
        return dict(
            self.client(region).admin_create_user(
                UserPoolId=pool_id,
                Username=username,
                MessageAction="SUPPRESS",
                UserAttributes=as_attributes(attributes),  # type: ignore[arg-type]
            )["User"]
        )

    def confirm(self, pool_id: str, username: str, region: str = "us-east-1") -> None:
        """Give a user a permanent password, which confirms them."""
        self.client(region).admin_set_user_password(
            UserPoolId=pool_id, Username=username, Password="Correct-horse-1", Permanent=True
        )

    def attributes(self, pool_id: str, username: str, region: str = "us-east-1") -> dict[str, str]:
        """Return a user's attributes."""
        user = self.client(region).admin_get_user(UserPoolId=pool_id, Username=username)
        return {item["Name"]: item["Value"] for item in user["UserAttributes"]}


def as_attributes(attributes: dict[str, str]) -> list[dict[str, str]]:
    """Turn keywords into a list of Name and Value."""
    return [{"Name": name.replace("__", ":"), "Value": value} for name, value in attributes.items()]


@contextlib.contextmanager
def running_ministack() -> Iterator[str]:
    """Run ministack on a free port of loopback, with nothing else listening; yield its endpoint."""
    with tempfile.TemporaryDirectory(prefix="ministack-") as home:
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": home,
            "TMPDIR": tempfile.mkdtemp(dir=home),  # it empties this at its end
            "STATE_DIR": f"{home}/state",
            "S3_DATA_DIR": f"{home}/s3",
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(port),
            "IOT_MTLS_ENABLED": "0",  # its MQTT port
            "SFTP_ENABLED": "0",
            "COGNITO_EMAIL_ENABLED": "false",
            "LOG_LEVEL": "WARNING",
        }
        log = Path(home, "ministack.log")
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "local.ministack_server"],
                cwd=ROOT,
                env=environment,
                stdout=output,
                stderr=output,
            )
        try:
            wait_for(lambda: _healthy(url, process, log), "ministack", START_SECONDS)
            yield url
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _healthy(url: str, process: "subprocess.Popen[bytes]", log: Path) -> bool:
    assert process.poll() is None, log.read_text(errors="replace")
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=5)
    try:
        connection.request("GET", "/_ministack/health")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def free_port() -> int:
    """Return a port that nothing listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def front_stack() -> Iterator[FrontStack]:
    with running_ministack() as upstream, BackgroundFront(FrontOptions(upstream)) as front:
        stack = FrontStack(upstream, front.url)
        yield stack
        stack.close()


@pytest.fixture
def front(front_stack: FrontStack) -> FrontStack:
    front_stack.control("POST", "reset")
    return front_stack
