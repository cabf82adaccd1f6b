"""Fork Lambda execution environments from a process that has imported their layers' libraries already.

A script for the base interpreter (`-I -S`), like `lambda_bootstrap.py`, whose work the forked processes do.
Importing the layers' modules, and reading the SDK's descriptions of services, is most of what a function's
cold start takes, and it is the same for all functions that have the same of the variables LOOKED_AT. A
function's own module is imported anew in each environment, because it may depend on any variable.

argv[1] is the number of the control socket (SOCK_SEQPACKET), the rest are the layers' directories. A packet
is JSON, `{"name", "directory", "variables"}`, with three file descriptors: standard input, standard output,
the pipe for answers. It is answered by the process id. The process is nobody's child: its parent has ended,
so that the system gives it to the embedded AWS, which has declared itself the reaper of such orphans.
When the control socket is closed, the embedded AWS is gone, and this process ends.
"""

import contextlib
import gc
import importlib
import json
import os
import pkgutil
import socket
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

PRELOADED = (
    "aws_lambda_powertools",
    "aws_lambda_powertools.metrics",
    "aws_lambda_powertools.utilities.batch",
    "aws_lambda_powertools.utilities.data_classes",
    "boto3",
    "boto3.dynamodb.conditions",
    "boto3.dynamodb.types",
    "boto3.resources.factory",
    "botocore.auth",
    "botocore.client",
    "botocore.config",
    "botocore.credentials",
    "botocore.endpoint",
    "botocore.httpsession",
    "botocore.parsers",
    "botocore.session",
    "pydantic.functional_validators",
    "pydantic.main",
    "pydantic.types",
)
"""Libraries that functions use. A layer need not have them."""

WHOLE = ("lifeboat",)
"""Packages that are imported with all their modules."""

SERVICES = ("cognito-idp", "dynamodb", "lambda", "logs", "s3", "sns", "sqs", "stepfunctions")
"""What functions make clients of."""

LOOKED_AT = (
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_LEVEL",
    "AWS_NEW_RETRIES_",
    "BOTO_",
    "LOG_LEVEL",
    "POWERTOOLS_",
    "PYDANTIC_",
)
"""How the variables begin that modules look at while they are imported.

A nursery has them as its functions do (`function_processes.py`), and no other variable of a function.
"""

LARGEST_PACKET = 1 << 20


def bootstrap() -> ModuleType:
    """Import `lambda_bootstrap.py`, and nothing else of its directory."""
    sys.path.insert(0, str(Path(__file__).parent))
    try:
        return importlib.import_module("lambda_bootstrap")
    finally:
        sys.path.pop(0)


def preload(layers: list[str]) -> None:
    """Import what functions use of the layers, and leave the path as it was."""
    path = list(sys.path)
    bootstrap().extend_path(layers)
    bootstrap().log_to_output()
    import_modules()
    with contextlib.suppress(ImportError):
        read_services()
    sys.path[:] = path
    gc.collect()
    gc.freeze()


def import_modules() -> None:
    """Import what there is of PRELOADED and WHOLE."""
    for name in (*PRELOADED, *WHOLE):
        with contextlib.suppress(ImportError):
            module = importlib.import_module(name)
            if name in WHOLE:
                for found in pkgutil.walk_packages(module.__path__, f"{name}."):
                    importlib.import_module(found.name)


def read_services() -> None:
    """Read the SDK's descriptions of SERVICES, which each environment would have to parse for itself.

    The clients made here are thrown away: an environment's own depend on its variables.
    """
    boto3: Any = importlib.import_module("boto3")
    loader: Any = importlib.import_module("botocore.loaders").JSONFileLoader
    read, kept = loader.load_file, {}

    def read_once(self: Any, path: str) -> Any:
        if path not in kept:
            kept[path] = read(self, path)
        return kept[path]

    loader.load_file = read_once
    session = boto3.Session("none", "none", region_name="us-east-1")
    for service in SERVICES:
        session.client(service)
    session.resource("dynamodb")


def become(request: dict[str, Any], stdin: int, stdout: int, answers: int) -> None:
    """Be the environment that was asked for, with its descriptors, directory and variables, and serve."""
    os.dup2(stdin, 0)
    os.dup2(stdout, 1)
    os.dup2(stdout, 2)
    os.close(stdin)
    os.close(stdout)
    os.chdir(request["directory"])
    os.environ.clear()
    os.environ.update(request["variables"])
    time.tzset()
    sys.argv = [str(bootstrap().__file__), request["name"]]
    bootstrap().serve(answers)


def fork(control: socket.socket, request: dict[str, Any], descriptors: list[int]) -> int:
    """Return the process id of a new environment; in that process itself, do not return."""
    here, there = os.pipe()
    between = os.fork()
    if between == 0:
        pid = os.fork()
        if pid == 0:
            control.close()
            os.close(here)
            os.close(there)
            become(request, *descriptors)
            sys.exit(0)
        os.write(there, b"%d" % pid)
        os._exit(0)
    os.close(there)
    os.waitpid(between, 0)
    pid = int(os.read(here, 32))
    os.close(here)
    return pid


def main() -> None:
    """Fork until nobody asks any more."""
    control = socket.socket(fileno=int(sys.argv[1]))
    os.set_inheritable(control.fileno(), False)
    preload(sys.argv[2:])
    while True:
        packet, descriptors, _, _ = socket.recv_fds(control, LARGEST_PACKET, 3)
        if not packet:
            os._exit(0)
        pid = fork(control, json.loads(packet), descriptors)
        for number in descriptors:
            os.close(number)
        control.send(b"%d" % pid)


if __name__ == "__main__":
    main()
