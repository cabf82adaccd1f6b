"""Counts the deliveries of each message, holds some for a while and fails as often as the message says."""

import json
import time
from typing import Any

import standin_layer


def handler(event: dict[str, Any], context: Any) -> dict[str, list[dict[str, str]]]:
    """Report the messages that are to be delivered again."""
    failures = []
    running = standin_layer.add("CONSUMERS", "all", "running", 1)
    standin_layer.add("CONSUMERS", f"running#{running}", "seen", 1)
    try:
        for record in event["Records"]:
            message = json.loads(record["body"])
            received = int(record["attributes"]["ApproximateReceiveCount"])
            standin_layer.add("DELIVERY", message["name"], "deliveries", 1)
            time.sleep(message.get("hold", 0))
            if received <= message.get("failures", 0):
                failures.append({"itemIdentifier": record["messageId"]})
    finally:
        standin_layer.add("CONSUMERS", "all", "running", -1)
    return {"batchItemFailures": failures}
