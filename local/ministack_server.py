"""ministack 1.5.33, mended, as a child process: `python -m local.ministack_server`.

`EmbeddedAws` starts it and sets its environment: GATEWAY_PORT and BIND_HOST, TMPDIR (Lambda's temporary
directories and unpacked code; emptied at the end) and AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER (handed
to the functions). It listens on loopback only, opens no MQTT or SFTP port and never looks for Docker.
"""

import argparse
import asyncio
import contextlib
import gc
import logging
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack import app as gateway
from ministack.core import lambda_runtime
from ministack.services import scheduler

from local import (
    ministack_alarms,
    ministack_apis,
    ministack_attributes,
    ministack_clients,
    ministack_executions,
    ministack_federation,
    ministack_functions,
    ministack_meter,
    ministack_mfa,
    ministack_payloads,
    ministack_permissions,
    ministack_quotas,
    ministack_speed,
    ministack_stacks,
    ministack_streams,
    ministack_tables,
    ministack_transforms,
    ministack_triggers,
)
from local.lambda_environments import functions_log
from local.patching import PatchMismatchError, apply
from local.processes import LOOPBACK

ALL_PATCHES = (
    ministack_alarms.patches,
    ministack_apis.patches,
    ministack_attributes.patches,
    ministack_clients.patches,
    ministack_executions.patches,
    ministack_federation.patches,
    ministack_functions.patches,
    ministack_meter.patches,
    ministack_mfa.patches,
    ministack_payloads.patches,
    ministack_permissions.patches,
    ministack_speed.patches,
    ministack_stacks.patches,
    ministack_streams.patches,
    ministack_tables.patches,
    ministack_transforms.patches,
    ministack_triggers.patches,
)
COLLECTED = (5_000, 30, 50)  # when the garbage collector looks at its generations; all else is to stay
SCHEDULE_TICK_SECONDS = 1  # ministack looks every 10 seconds which schedules are due


def configuration(listen_fd: int | None) -> Config:
    """Listen on an inherited socket, or else on GATEWAY_PORT of the loopback interface."""
    config = Config()
    port = os.environ["GATEWAY_PORT"]
    config.bind = [f"fd://{listen_fd}" if listen_fd is not None else f"{LOOPBACK}:{port}"]
    config.keep_alive_timeout = 75
    config.loglevel = os.environ.get("LOG_LEVEL", "INFO")
    return config


def log_functions(path: Path) -> None:
    """Write what every Lambda function writes to one file, apart from ministack's own log."""
    handler = logging.FileHandler(path, mode="w", encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    functions_log.addHandler(handler)
    functions_log.setLevel(logging.INFO)
    functions_log.propagate = False


async def run(config: Config) -> None:
    """Serve until SIGTERM or SIGINT."""
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    server = asyncio.create_task(
        serve(ministack_meter.metered(gateway.app), config, shutdown_trigger=ended.wait)
    )
    await ended.wait()
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(server, timeout=1.0)


def leave() -> None:
    """End at once: kill the functions' processes, remove what they wrote, wait for no thread."""
    for workers in list(lambda_runtime._workers.values()):
        for worker in workers:
            if worker._proc is not None:
                worker._proc.kill()
    shutil.rmtree(tempfile.gettempdir(), ignore_errors=True)
    logging.shutdown()
    os._exit(0)


def main() -> None:
    """Mend ministack and serve."""
    parser = argparse.ArgumentParser(prog="local.ministack_server", description="Run the mended ministack.")
    parser.add_argument("--listen-fd", type=int, help="a listening socket to inherit")
    parser.add_argument("--functions-log", type=Path, help="where to write what the functions write")
    arguments = parser.parse_args()
    if arguments.functions_log:
        log_functions(arguments.functions_log)
    try:
        apply(*ALL_PATCHES)
    except PatchMismatchError as error:
        sys.exit(str(error))
    ministack_alarms.speak_cbor()
    ministack_quotas.serve()
    scheduler._SCHEDULE_TICK_INTERVAL = SCHEDULE_TICK_SECONDS
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTED)
    asyncio.run(run(configuration(arguments.listen_fd)))
    leave()


if __name__ == "__main__":
    main()
