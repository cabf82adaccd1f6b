"""The backup table between two kinds of pool: emptied in both Regions, and awaited in the other one."""

import time
from collections.abc import Callable
from typing import Any, Final

from local.deployment import Deployment
from local.embedded import EmbeddedAws
from local.processes import EmbeddedAwsError
from local.workflows import Run, Workflow

PATIENCE: Final = 60.0
LOOK_SECONDS: Final = 0.1


def empty(embedded: EmbeddedAws, deployment: Deployment) -> None:
    """Delete every item of the backup table, and wait until the replica has none either."""
    name = deployment.primary.outputs["BackupTableName"]
    clients = [embedded.client("dynamodb", stack.region) for stack in (deployment.primary, deployment.backup)]
    for key in keys_of(clients[0], name):
        clients[0].delete_item(TableName=name, Key=key)
    _wait(lambda: not any(keys_of(client, name) for client in clients), "the emptied table's replica")


def keys_of(dynamodb: Any, table: str) -> list[dict[str, Any]]:
    """Return the keys of all items of a table."""
    pages = dynamodb.get_paginator("scan").paginate(TableName=table, ProjectionExpression="pk, sk")
    return [item for page in pages for item in page["Items"]]


def await_replica(embedded: EmbeddedAws, deployment: Deployment, export: Run) -> None:
    """Wait until the replica has what an export wrote last: its ledger's end."""
    backup = deployment.backup
    replica = Workflow(embedded, backup.region, "", backup.outputs["BackupTableName"], "EXPORT")
    _wait(lambda: dict(export.ledger) in replica.entries(), "the export in the table's replica")


def _wait(look: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not look():
        if time.monotonic() > deadline:
            raise EmbeddedAwsError(f"waited {PATIENCE:.0f} s in vain for {what}")
        time.sleep(LOOK_SECONDS)
