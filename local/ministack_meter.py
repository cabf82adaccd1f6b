"""Patches of ministack that count what AWS bills; they change nothing that ministack does.

DynamoDB units are those of amazondynamodb/latest/developerguide/read-write-operations.html: a write unit for
each started KB of an item and of each index entry that it changes, in the table and again in each replica;
two for an item written, or checked, in a transaction, but in a replica one (transaction-apis.html); a read
unit for each started 4 KB that a Query evaluated or a GetItem returned, half of one where the read is
eventually consistent. Not counted: writes refused by their condition, deletes of what is not there, and reads
of what is not there. State transitions are states entered, retries, and one for an execution's end.
"""

import contextvars
import json
import math
import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from ministack.core.responses import get_region
from ministack.services import dynamodb, stepfunctions

from local.meter import METER, PATH
from local.patching import Patches

READ_UNIT = 4096  # bytes
_CREDENTIAL = re.compile(rb"Credential=[^/]+/\d+/([^/]+)/([^/]+)/")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[..., Awaitable[None]]

patches = Patches()

_in_batch: contextvars.ContextVar[bool] = contextvars.ContextVar("in_batch", default=False)
_in_transaction: contextvars.ContextVar[bool] = contextvars.ContextVar("in_transaction", default=False)
_consistent: contextvars.ContextVar[bool] = contextvars.ContextVar("consistent", default=False)


def count_read(size: int, consistent: bool) -> None:
    """Count one read of some bytes."""
    units = max(1, math.ceil(size / READ_UNIT)) * (1.0 if consistent else 0.5)
    METER.add("dynamodb", get_region(), "read_units", amount=units)


def kind_of(item: dict[str, Any]) -> str:
    """Name the kind of an item of the backup table: the first word of its partition."""
    return str(next(iter((item.get("pk") or {"S": "?"}).values()))).partition("#")[0]


def count_write(
    table: dict[str, Any],
    units: float,
    old_item: dict[str, Any] | None,
    new_item: dict[str, Any] | None,
    more: float = 0.0,
) -> None:
    """Count one write and its units, and the units again in each other replica, `more` in the first only."""
    region = get_region()
    METER.add("dynamodb", region, "write_units", amount=units + more)
    for other in dynamodb._replica_group(table):
        if other != region:
            METER.add("dynamodb", other, "replicated_write_units", amount=units)
    if new_item is not None:
        METER.add("dynamodb", region, "items_written")
        METER.add("dynamodb", region, "written", kind_of(new_item))
    elif old_item is not None:
        METER.add("dynamodb", region, "items_deleted")
        METER.add("dynamodb", region, "deleted", kind_of(old_item))


@patches.replace(dynamodb, "_batch_write_item", "7c31fe8286ae")
def batch_write_item(original: Callable[..., Any], data: dict[str, Any]) -> Any:
    """Leave the counting of a batch's writes to the batch, which reckons their units itself."""
    token = _in_batch.set(True)
    try:
        return original(data)
    finally:
        _in_batch.reset(token)


@patches.replace(dynamodb, "_accumulate_write_capacity", "0144b22cf6e6")
def accumulate_write_capacity(
    original: Callable[..., None],
    capacity: dict[str, Any],
    table: dict[str, Any],
    old_item: dict[str, Any] | None,
    new_item: dict[str, Any] | None,
) -> None:
    """Count the write units that ministack reckons of each write of a batch."""
    before = units_of(capacity)
    original(capacity, table, old_item, new_item)
    count_write(table, units_of(capacity) - before, old_item, new_item)


def units_of(capacity: dict[str, Any]) -> float:
    """Return all units in ministack's account of a batch."""
    return float(capacity["table"] + sum(capacity["gsi"].values()))


@patches.replace(dynamodb, "_emit_stream_event", "8568d0446f26")
def emit_stream_event(
    original: Callable[..., None],
    table_name: str,
    event_name: str,
    old_item: dict[str, Any] | None,
    new_item: dict[str, Any] | None,
    replicate: bool = True,
) -> None:
    """Count the write units of each item written by itself."""
    table = dynamodb._tables.get(table_name)
    if table is not None and replicate and not _in_batch.get():
        sizes = [dynamodb._item_size_bytes(item) for item in (old_item, new_item) if item]
        item_units = units = dynamodb._capacity_kb(max(sizes, default=0))
        for index in table.get("GlobalSecondaryIndexes") or []:
            units += dynamodb._index_write_units(table, index, old_item, new_item)
        count_write(table, units, old_item, new_item, item_units if _in_transaction.get() else 0.0)
    original(table_name, event_name, old_item, new_item, replicate)


@patches.replace(dynamodb, "_transact_write_items", "d931eab08754")
def transact_write_items(original: Callable[..., Any], data: dict[str, Any]) -> Any:
    """Count a transaction's writes twice, and what it only checks like a write."""
    token = _in_transaction.set(True)
    try:
        answer = original(data)
    finally:
        _in_transaction.reset(token)
    checks = [each["ConditionCheck"] for each in data.get("TransactItems") or () if "ConditionCheck" in each]
    for check in checks if answer[0] == 200 else ():
        item = dynamodb._get_item_by_key(dynamodb._tables[check["TableName"]], check["Key"])
        units = 2.0 * dynamodb._capacity_kb(dynamodb._item_size_bytes(item or check["Key"]))
        METER.add("dynamodb", get_region(), "write_units", amount=units)
    return answer


@patches.replace(dynamodb, "_query", "50c2e7ec69e9")
def query(original: Callable[..., Any], data: dict[str, Any]) -> Any:
    """Tell the page's counter whether the Query is consistent."""
    token = _consistent.set(bool(data.get("ConsistentRead")))
    try:
        return original(data)
    finally:
        _consistent.reset(token)


@patches.replace(dynamodb, "_scan", "7094ff00335e")
def scan(original: Callable[..., Any], data: dict[str, Any]) -> Any:
    """Tell the page's counter whether the Scan is consistent."""
    return query(original, data)


@patches.replace(dynamodb, "_paginate_evaluated_items", "d70cfb58e3a2")
def paginate_evaluated_items(
    original: Callable[..., Any],
    items: list[dict[str, Any]],
    limit: int | None,
    table: dict[str, Any],
    index_name: str | None = None,
) -> Any:
    """Count the read units of a page of a Query or Scan: of what it evaluated, not of what it returned."""
    page, more = original(items, limit, table, index_name)
    seen = [dynamodb._apply_index_projection(it, table, index_name) for it in page] if index_name else page
    count_read(sum(map(dynamodb._item_size_bytes, seen)), _consistent.get())
    return page, more


@patches.replace(dynamodb, "_get_item", "40a3e29c3c4d")
def get_item(original: Callable[..., Any], data: dict[str, Any]) -> Any:
    """Count the read units of a GetItem: of the whole item, whatever part of it is asked for."""
    answer = original(data)
    table = dynamodb._tables.get(data.get("TableName", ""))
    if table is not None and answer[0] == 200:
        item = dynamodb._get_item_by_key(table, data["Key"])
        count_read(dynamodb._item_size_bytes(item or {}), bool(data.get("ConsistentRead")))
    return answer


@patches.replace(dynamodb, "_batch_get_item", "d6d516ae8785")
def batch_get_item(original: Callable[..., Any], data: dict[str, Any]) -> Any:
    """Count the read units of a BatchGetItem: each item's rounded up by itself."""
    answer = original(data)
    if answer[0] == 200:
        for name, wanted in data["RequestItems"].items():
            for key in wanted["Keys"]:
                item = dynamodb._get_item_by_key(dynamodb._tables[name], key)
                count_read(dynamodb._item_size_bytes(item or {}), bool(wanted.get("ConsistentRead")))
    return answer


def count_transition(region: str) -> None:
    """Count a state that is entered, or tried again."""
    METER.add("states", region, "transitions")


@patches.replace(stepfunctions, "_add_event", "b1db143ccd21")
def add_event(
    original: Callable[..., Any], execution: dict[str, Any], event_type: str, details: Any = None
) -> Any:
    """Count the outer states that an execution enters, and its end; keep the size of the largest payload."""
    region = execution["executionArn"].split(":")[3]
    if event_type.endswith("StateEntered") or event_type in (
        "ExecutionSucceeded",
        "ExecutionFailed",
        "ExecutionTimedOut",
        "ExecutionAborted",
    ):
        count_transition(region)
    for part in (details or {}).values():
        if isinstance(part, dict):
            size = max((len(part[name]) for name in ("input", "output") if part.get(name)), default=0)
            METER.largest("states", region, "largest_payload", amount=size)
    return original(execution, event_type, details)


@patches.replace(stepfunctions, "_find_matching_retrier", "cb494ae8503c")
def find_matching_retrier(original: Callable[..., Any], *given: Any) -> Any:
    """Count a retry as the transition it is."""
    retrier, index = original(*given)
    if retrier is not None:
        count_transition(get_region())
    return retrier, index


def metered(application: Application) -> Application:
    """Return an ASGI application that counts the requests to another, and shows the meter at PATH."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            if scope["path"] == PATH:
                await _show(send)
                return
            _count_request(scope)
        await application(scope, receive, send)

    return serve


def _count_request(scope: Scope) -> None:
    """Count a signed request by Region, service and operation: the target's, or else the HTTP method."""
    headers = dict(scope["headers"])
    credential = _CREDENTIAL.search(headers.get(b"authorization", b""))
    if credential is None:
        return
    region, service = (part.decode("latin-1") for part in credential.groups())
    operation = headers.get(b"x-amz-target", scope["method"].encode()).decode("latin-1").rpartition(".")[2]
    METER.add("requests", region, service, operation)


async def _show(send: Send) -> None:
    body = json.dumps(METER.reading()).encode()
    kind = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": kind})
    await send({"type": "http.response.body", "body": body})
