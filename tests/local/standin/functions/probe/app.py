"""Does what its event asks for, to show how the embedded AWS takes it."""

import importlib.util
import json
import logging
import os
import signal
import sys
import time
import urllib.error
from collections.abc import Callable
from pathlib import Path
from typing import Any

import standin_layer


def handler(event: dict[str, Any], context: Any) -> Any:
    """Return, fail, end, sleep or look around."""
    deeds: dict[str, Callable[[], Any]] = {
        "return": lambda: event["value"],
        "raise": lambda: fail(event),
        "raise until": lambda: fail_until(event),
        "exit": lambda: sys.exit(3),
        "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
        "sleep": lambda: time.sleep(event["seconds"]),
        "fill": lambda: "ö" * event["characters"],
        "count": lambda: standin_layer.add("COUNTER", event["name"], "calls", 1),
        "look": lambda: look(event, context),
        "scan": scan,
    }
    return deeds[event["do"]]()


def fail(event: dict[str, Any]) -> None:
    """Raise an exception of the class named in the event."""
    raise type(event["class"], (Exception,), {})(event.get("message", ""))


def fail_until(event: dict[str, Any]) -> str:
    """Fail until the attempt that the event numbers."""
    if standin_layer.add("COUNTER", event["name"], "attempts", 1) < event["attempts"]:
        fail(event)
    return "done"


def scan() -> str:
    """Read the whole table, which the role does not allow, and return the error's name."""
    try:
        standin_layer.dynamodb("Scan", {"TableName": os.environ["TABLE_NAME"]})
    except urllib.error.HTTPError as error:
        return str(json.load(error)["__type"]).rpartition("#")[2]
    return "allowed"


def look(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Describe where the function runs, and log that it looked."""
    logging.getLogger("probe").warning("looking around for %s", event["for"])
    temporary = Path(os.environ["TMPDIR"]) / "used"
    temporary.write_text("")
    return {
        "path": sys.path,
        "importable": [name for name in event.get("packages", []) if importlib.util.find_spec(name)],
        "environment": dict(os.environ),
        "interpreter": sys.executable,
        "pid": os.getpid(),
        "temporary": str(temporary),
        "context": {
            name: getattr(context, name) for name in dir(context) if name.endswith(("_name", "_arn"))
        },
        "remaining": context.get_remaining_time_in_millis(),
    }
