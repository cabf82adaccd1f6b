"""The embedded AWS: all Regions on one machine, in two child processes on the loopback interface.

ministack (`ministack_server.py`) serves every service; the Cognito front (`front/`) stands before its
Cognito. Both end with this process, however it ends (`tether.py`), and their Lambda functions with them.
"""

import os
import shutil
import tempfile
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import boto3
import botocore.session
from botocore.config import Config

from local.processes import LOOPBACK, Child, EmbeddedAwsError, clean_environment, listen, wait_until_healthy

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
START_ATTEMPTS = 3  # another program may take the front's port before the front does,
PORT_LOST = "cannot listen on"  # of which the front's log then says this
NO_CONFIGURATION = (None, None, os.devnull, None)


class EmbeddedAws:
    """A running embedded AWS; several stand side by side. Use it as a context manager, or `start` and `stop`.

    state_dir receives `ministack.log`, `front.log` and `functions.log` (what every Lambda function wrote).
    A port of 0 is a free one. seed makes the front's faults repeatable.
    Raises EmbeddedAwsError when it does not start.
    """

    def __init__(
        self, state_dir: Path, *, port: int = 0, front_port: int = 0, seed: int | None = None
    ) -> None:
        self.state_dir = state_dir.resolve()
        self.endpoint_url = ""
        self.cognito_endpoint_url = ""
        self._ports = (port, front_port)
        self._seed = seed
        self._children: list[Child] = []
        self._tmp: Path | None = None
        self._clients: dict[tuple[str, str], Any] = {}
        self._client_lock = threading.Lock()

    def start(self) -> Self:
        """Start both processes and wait until they answer."""
        self.state_dir.mkdir(parents=True, exist_ok=True)
        attempts = START_ATTEMPTS if self._ports[1] == 0 else 1
        while True:
            attempts -= 1
            try:
                self._start()
            except BaseException as error:
                self.stop()
                if attempts == 0 or not isinstance(error, EmbeddedAwsError) or PORT_LOST not in str(error):
                    raise
            else:
                return self

    def _start(self) -> None:
        with listen(self._ports[0]) as gateway, listen(self._ports[1]) as reserved:
            port, front_port = gateway.getsockname()[1], reserved.getsockname()[1]
            self.endpoint_url = f"http://{LOOPBACK}:{port}"
            self.cognito_endpoint_url = f"http://{LOOPBACK}:{front_port}"
            self._tmp = Path(tempfile.mkdtemp(prefix="run-", dir=self.state_dir))
            command = ["local.ministack_server", "--listen-fd", str(gateway.fileno())]
            command += ["--functions-log", str(self.state_dir / "functions.log")]
            log = self.state_dir / "ministack.log"
            ministack = Child("ministack", command, self._ministack_environment(port), log, gateway)
            self._children.append(ministack)
        command = ["local.front", "--port", str(front_port), "--upstream", self.endpoint_url]
        command += ["--seed", str(self._seed)] if self._seed is not None else []
        front = Child("The Cognito front", command, clean_environment(), self.state_dir / "front.log")
        self._children.append(front)
        wait_until_healthy(ministack, f"{self.endpoint_url}/_ministack/ready")
        wait_until_healthy(front, f"{self.cognito_endpoint_url}/_front/health")

    def _ministack_environment(self, port: int) -> dict[str, str]:
        """Keep to loopback, off MQTT, SFTP and Docker; send the functions' Cognito calls to the front."""
        return clean_environment(
            **CREDENTIALS,
            GATEWAY_PORT=str(port),
            BIND_HOST=LOOPBACK,
            MINISTACK_HOST=LOOPBACK,
            IOT_MTLS_ENABLED="0",
            SFTP_ENABLED="0",
            COGNITO_EMAIL_ENABLED="false",  # the front counts what would be sent; nothing ever is
            DOCKER_HOST="unix:///nonexistent",
            AUTH="true",  # every function has what its role allows, and no more
            MINISTACK_COGNITO_PRETOKEN_STRICT="1",  # as at AWS, no token where the trigger fails
            LAMBDA_EXECUTOR="local",
            LAMBDA_WARM_TTL_SECONDS="60",  # surplus functions go after a minute: each takes about 70 MB
            LOG_LEVEL="INFO",
            TMPDIR=str(self._tmp),
            S3_DATA_DIR=f"{self._tmp}/s3",
            STATE_DIR=f"{self._tmp}/state",
            AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER=self.cognito_endpoint_url,
        )

    def stop(self) -> None:
        """End both processes and all functions, and remove their temporary files. The logs stay."""
        children, self._children = self._children, []
        for child in reversed(children):
            child.stop()
        tmp, self._tmp = self._tmp, None
        if tmp is not None:
            shutil.rmtree(tmp, ignore_errors=True)
        self._clients.clear()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def processes(self) -> list[int]:
        """Return the process ids of the two children."""
        return [child.process.pid for child in self._children]

    def check(self) -> None:
        """Raise EmbeddedAwsError if a process has ended that was not stopped."""
        for child in self._children:
            if child.process.poll() is not None:
                raise child.failure(f"ended with exit status {child.process.returncode}")

    def client(self, service: str, region: str) -> Any:
        """Return a boto3 client of a service in a Region, cached; Cognito's user pools answer at the front.

        Nothing of the caller's AWS configuration, profiles or proxies is looked at.
        """
        with self._client_lock:
            if (service, region) not in self._clients:
                self._clients[service, region] = self._session(region).client(
                    service,
                    endpoint_url=self.cognito_endpoint_url if service == "cognito-idp" else self.endpoint_url,
                    config=Config(
                        proxies={},
                        max_pool_connections=50,
                        retries={"mode": "standard", "max_attempts": 3},
                        s3={"addressing_style": "path"},
                    ),
                )
            return self._clients[service, region]

    def _session(self, region: str) -> Any:
        session = botocore.session.Session(
            session_vars={
                "profile": (None, None, None, None),
                "config_file": NO_CONFIGURATION,
                "credentials_file": NO_CONFIGURATION,
            }
        )
        session.set_credentials(CREDENTIALS["AWS_ACCESS_KEY_ID"], CREDENTIALS["AWS_SECRET_ACCESS_KEY"])
        return boto3.Session(botocore_session=session, region_name=region)
