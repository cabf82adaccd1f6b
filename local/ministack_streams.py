"""Patches of ministack's DynamoDB stream event sources: shards, retries and what becomes of poison.

lambda/latest/dg/services-dynamodb-eventsourcemapping.html and services-ddb-batchfailurereporting.html: a
stream has shards; one item's records are all in one shard and come in order; a batch that fails is tried
again, and what follows it in its shard waits, while other shards go on. ReportBatchItemFailures moves on to
the first failed record, BisectBatchOnFunctionError halves a batch that raised (neither halving is a retry),
and when MaximumRetryAttempts or MaximumRecordAgeInSeconds are used up the rest of the batch is given up,
told to the on-failure destination and passed over. ministack has one shard for a table, reads none of these
but the age, and invokes in the thread that serves all event sources.
"""

import threading
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ministack.core.concurrency import spawn_background
from ministack.core.responses import request_scope
from ministack.services import dynamodb, lambda_svc

from local.patching import Patches

SHARDS = 4
FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 2.0

Record = dict[str, Any]

patches = Patches()


@dataclass(slots=True)
class Shard:
    """Where an event source is in one shard: what it has read, and what of that is still to be done."""

    number: int
    position: int
    busy: bool = False
    pending: list[list[Record]] = field(default_factory=list)
    attempts: int = 0


_shards: dict[str, list[Shard]] = {}


def shard_of(record: Record) -> int:
    """Return the shard of a record: that of its partition key."""
    keys = record["dynamodb"]["Keys"]
    partition = keys[next(iter(keys))]
    return zlib.crc32(repr(sorted(partition.items())).encode()) % SHARDS


@patches.replace(lambda_svc, "_poll_dynamodb_streams", "2b2460e933a9")
def poll_dynamodb_streams(original: Callable[[], bool]) -> bool:
    """Start a batch in every shard of every event source that has records and no batch under way.

    Returns whether one was started. A batch wakes the thread when it is done.
    """
    del original
    known, started = set(), False
    for account, region, source in lambda_svc._iter_all_esms():
        arn = str(source.get("EventSourceArn", ""))
        if ":dynamodb:" not in arn or "/stream/" not in arn or arn.split(":")[3:5] != [region, account]:
            continue
        known.add(source["UUID"])
        with request_scope(account, region):
            if enabled(source):
                started |= _poll(account, region, source, arn.split("/")[1])
    for gone in _shards.keys() - known:
        del _shards[gone]
    return started


def enabled(source: dict[str, Any]) -> bool:
    """Say whether an event source is switched on; templates may spell it as a string."""
    return str(source.get("Enabled", True)).lower() != "false"


def _poll(account: str, region: str, source: dict[str, Any], table: str) -> bool:
    described = dynamodb._tables.get(table)
    if not described or described.get("LatestStreamArn") != source["EventSourceArn"]:
        return False
    shards = _shards.get(source["UUID"])
    if shards is None:
        begin = _beginning(source, table)
        shards = _shards[source["UUID"]] = [Shard(number, begin) for number in range(SHARDS)]
    idle = [shard for shard in shards if not shard.busy]
    begun = False
    for shard in idle:
        if shard.pending or _read(source, table, shard):
            shard.busy = begun = True
            spawn_background(_work, account, region, source, shard, thread_name="ministack-stream")
    return begun


def _beginning(source: dict[str, Any], table: str) -> int:
    """Return where an event source begins; ministack notes it when the event source is made."""
    noted: int | None = lambda_svc._dynamodb_stream_positions.get(source["UUID"])
    if noted is not None:
        return noted
    oldest = source.get("StartingPosition") == "TRIM_HORIZON"
    begin = dynamodb.stream_start_position if oldest else dynamodb.stream_end_position
    return int(begin(table))


def _read(source: dict[str, Any], table: str, shard: Shard) -> bool:
    """Read a shard's next batch into `pending`; False if there is none, or not yet."""
    size, window = int(source.get("BatchSize", 100)), int(source.get("MaximumBatchingWindowInSeconds") or 0)
    position = max(shard.position, dynamodb.stream_start_position(table))
    records = dynamodb.stream_records_since(table, position, dynamodb.stream_end_position(table) - position)
    batch: list[Record] = []
    for record in records:
        if shard_of(record) == shard.number:
            if len(batch) == size:
                break
            batch.append(record)
        position += 1
    batch = lambda_svc._apply_filter_criteria(batch, source)
    if batch and len(batch) < size and window:
        left = _created(batch[0]) + window - time.time()
        if left > 0:
            timer = threading.Timer(left, lambda_svc._esm_wake.set)
            timer.daemon = True
            timer.start()
            return False
    shard.position = position
    if batch:
        shard.pending, shard.attempts = [batch], 0
    return bool(batch)


def _created(record: Record) -> float:
    return float(record["dynamodb"]["ApproximateCreationDateTime"])


def _work(account: str, region: str, source: dict[str, Any], shard: Shard) -> None:
    """Do what is pending in a shard, until it is done or the event source is switched off."""
    try:
        with request_scope(account, region):
            while shard.pending and enabled(source) and source["UUID"] in lambda_svc._esms:
                if not _attempt(source, shard):
                    time.sleep(min(FIRST_PAUSE_SECONDS * 2**shard.attempts, LONGEST_PAUSE_SECONDS))
    finally:
        shard.busy = False
        lambda_svc._esm_wake.set()


def _attempt(source: dict[str, Any], shard: Shard) -> bool:
    """Invoke the function with the first pending batch; False if it has to be tried again."""
    batch = shard.pending[0]
    function = lambda_svc._get_func_record_for_qualifier(source["FunctionName"], source.get("Qualifier"))[0]
    if function is None:
        return False
    result = lambda_svc._execute_function(function, {"Records": batch})
    if result.get("throttle"):
        return False
    done = len(batch) if not result.get("error") else 0
    reporting = "ReportBatchItemFailures" in (source.get("FunctionResponseTypes") or ())
    if done and reporting:
        done = first_failure(batch, result.get("body"))
    source["LastProcessingResult"] = "OK" if done == len(batch) else "FAILED"
    if done:
        shard.attempts = 0
    remaining = batch[done:]
    if not remaining:
        shard.pending.pop(0)
        return True
    shard.pending[0] = remaining
    if not done and result.get("error") and len(batch) > 1 and _halves(source):
        middle = len(batch) // 2
        shard.pending[:1] = [batch[:middle], batch[middle:]]
        return True
    condition = _given_up(source, remaining, shard.attempts)
    shard.attempts += 1
    if condition is None:
        return False
    lambda_svc._send_ddb_stream_failure_record(
        source, function, remaining, source["EventSourceArn"], result, condition
    )
    shard.pending.pop(0)
    shard.attempts = 0
    return True


def first_failure(batch: list[Record], body: Any) -> int:
    """Return how many records of a batch are done: those before the first that the answer names.

    Nothing named is a success; an answer that names none of the batch's records is a failure of it all.
    """
    named = body.get("batchItemFailures") if isinstance(body, dict) else None
    if not named:
        return len(batch)
    places = {record["dynamodb"]["SequenceNumber"]: place for place, record in enumerate(batch)}
    failed = [places.get(each.get("itemIdentifier"), -1) if isinstance(each, dict) else -1 for each in named]
    return max(min(failed), 0)


def _halves(source: dict[str, Any]) -> bool:
    return str(source.get("BisectBatchOnFunctionError")).lower() == "true"


def _given_up(source: dict[str, Any], remaining: list[Record], attempts: int) -> str | None:
    """Say why a batch is not tried again, None if it is. A limit of -1, or none, is no limit."""
    most, oldest = source.get("MaximumRetryAttempts"), source.get("MaximumRecordAgeInSeconds")
    if most is not None and 0 <= int(most) <= attempts:
        return "RetryAttemptsExhausted"
    if oldest is not None and 0 <= int(oldest) < time.time() - _created(remaining[0]):
        return "MaxRecordAgeExceeded"
    return None
