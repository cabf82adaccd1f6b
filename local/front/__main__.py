"""Run the front until SIGINT or SIGTERM: `python -m local.front --port 4567 --upstream http://127.0.0.1:4566`.

Once it answers, it prints one line of JSON, `{"url": "http://127.0.0.1:4567"}`, on standard output.
"""

import argparse
import asyncio
import json
import signal
import sys

from local.front.homes import DEFAULT_REGIONS
from local.front.server import Front, FrontOptions


def main(arguments: list[str] | None = None) -> int:
    """Read the command line and serve. Returns 0 after a signal, 1 if the port is taken."""
    defaults = FrontOptions()
    parser = argparse.ArgumentParser(prog="python -m local.front", description="The Cognito front.")
    parser.add_argument("--port", type=int, default=defaults.port, help="0 (the default) takes a free one")
    parser.add_argument("--host", default=defaults.host, help="the address to listen on (%(default)s)")
    parser.add_argument("--upstream", default=defaults.upstream, help="ministack's endpoint (%(default)s)")
    parser.add_argument("--seed", type=int, default=defaults.seed, help="of the faults (%(default)s)")
    parser.add_argument(
        "--regions",
        default=",".join(DEFAULT_REGIONS),
        help="where to look for an app client that no call has named yet (%(default)s)",
    )
    given = parser.parse_args(arguments)
    regions = tuple(region for region in given.regions.split(",") if region)
    options = FrontOptions(given.upstream, given.port, given.host, given.seed, regions or DEFAULT_REGIONS)
    try:
        asyncio.run(_serve(options))
    except OSError as error:
        print(f"The Cognito front cannot listen on {given.host}:{given.port}: {error}", file=sys.stderr)
        return 1
    return 0


async def _serve(options: FrontOptions) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    front = Front(options)
    await front.start()
    print(json.dumps({"url": front.url}), flush=True)
    await stopped.wait()
    await front.stop()


if __name__ == "__main__":
    sys.exit(main())
