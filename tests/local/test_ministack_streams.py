"""How a stream's batches are tried again, halved and given up: ministack's code in this very process."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest
from ministack.services import lambda_svc

from local import ministack_streams as streams

if TYPE_CHECKING:
    from collections.abc import Callable

_numbers = itertools.count(1)


def record(pk: str, created: float = 4e9) -> dict[str, Any]:
    number = f"{next(_numbers):021}"
    keys = {"pk": {"S": pk}, "sk": {"S": "a"}}
    return {"dynamodb": {"Keys": keys, "SequenceNumber": number, "ApproximateCreationDateTime": created}}


class Source:
    """An event source whose function is a Python function that is given the partition keys of a batch."""

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        function: Callable[[list[str]], list[int] | None],
        **settings: Any,
    ) -> None:
        self.invoked: list[list[str]] = []
        self.given_up: list[tuple[str, list[str]]] = []
        self.settings = {"UUID": "u", "FunctionName": "f", "EventSourceArn": "arn", **settings}
        self._function = function
        lookup = {"u": self.settings}
        monkeypatch.setattr(lambda_svc, "_esms", lookup)
        monkeypatch.setattr(lambda_svc, "_get_func_record_for_qualifier", lambda *_: ({}, {}))
        monkeypatch.setattr(lambda_svc, "_execute_function", self._execute)
        monkeypatch.setattr(lambda_svc, "_send_ddb_stream_failure_record", self._give_up)
        monkeypatch.setattr(streams, "FIRST_PAUSE_SECONDS", 0.0)

    def _execute(self, _: Any, event: dict[str, Any]) -> dict[str, Any]:
        batch = event["Records"]
        keys = [each["dynamodb"]["Keys"]["pk"]["S"] for each in batch]
        self.invoked.append(keys)
        failed = self._function(keys)
        if failed is None:
            return {"error": True, "body": {"errorType": "RuntimeError"}}
        numbers = [batch[place]["dynamodb"]["SequenceNumber"] for place in failed]
        return {"body": {"batchItemFailures": [{"itemIdentifier": number} for number in numbers]}}

    def _give_up(self, _source: Any, _function: Any, batch: Any, _arn: str, _result: Any, why: str) -> None:
        self.given_up.append((why, [each["dynamodb"]["Keys"]["pk"]["S"] for each in batch]))

    def run(self, *keys: str, created: float = 4e9) -> None:
        """Work off one batch."""
        shard = streams.Shard(0, 0, pending=[[record(key, created) for key in keys]])
        streams._work("000000000000", "eu-west-1", self.settings, shard)
        assert not shard.pending
        assert not shard.busy


REPORTING = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}


def poison(keys: list[str]) -> list[int] | None:
    """Raise if the poison is in the batch."""
    return None if "poison" in keys else []


def report_poison(keys: list[str]) -> list[int]:
    """Report the poison and whatever follows it."""
    return list(range(keys.index("poison"), len(keys))) if "poison" in keys else []


def test_a_batch_that_raises_is_tried_so_often_and_given_up_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source(monkeypatch, poison, MaximumRetryAttempts=2)
    source.run("a", "poison", "b")
    assert source.invoked == [["a", "poison", "b"]] * 3
    assert source.given_up == [("RetryAttemptsExhausted", ["a", "poison", "b"])]


def test_halving_gives_up_the_poison_only(monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source(monkeypatch, poison, MaximumRetryAttempts=1, BisectBatchOnFunctionError=True)
    source.run("a", "b", "poison", "c")
    assert source.given_up == [("RetryAttemptsExhausted", ["poison"])]
    assert source.invoked == [
        ["a", "b", "poison", "c"],
        ["a", "b"],
        ["poison", "c"],
        ["poison"],
        ["poison"],
        ["c"],
    ]


def test_a_report_moves_on_to_the_first_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source(monkeypatch, report_poison, MaximumRetryAttempts=1, **REPORTING)
    source.run("a", "b", "poison", "c")
    assert source.invoked == [["a", "b", "poison", "c"], ["poison", "c"]]
    assert source.given_up == [("RetryAttemptsExhausted", ["poison", "c"])]


def test_the_attempts_are_those_of_the_record_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    failures = iter([[0], [1], []])
    source = Source(monkeypatch, lambda _: next(failures), MaximumRetryAttempts=1, **REPORTING)
    source.run("a", "b")
    assert source.invoked == [["a", "b"], ["a", "b"], ["b"]]
    assert source.given_up == []


def test_without_the_response_type_a_report_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source(monkeypatch, report_poison)
    source.run("a", "poison")
    assert source.invoked == [["a", "poison"]]


def test_records_too_old_are_given_up_at_their_next_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source(monkeypatch, poison, MaximumRecordAgeInSeconds=60, MaximumRetryAttempts=-1)
    source.run("poison", created=1.0)
    assert source.given_up == [("MaxRecordAgeExceeded", ["poison"])]
    assert source.invoked == [["poison"]]


@pytest.mark.parametrize(
    "body",
    [
        {"batchItemFailures": [{"itemIdentifier": ""}]},
        {"batchItemFailures": [{"itemIdentifier": None}]},
        {"batchItemFailures": [{"wrong": "1"}]},
        {"batchItemFailures": ["1"]},
    ],
)
def test_an_answer_that_names_no_record_fails_the_batch(body: dict[str, Any]) -> None:
    assert streams.first_failure([record("a"), record("b")], body) == 0


@pytest.mark.parametrize("body", [None, "", {}, {"batchItemFailures": []}, {"batchItemFailures": None}])
def test_an_answer_without_failures_is_a_success(body: Any) -> None:
    assert streams.first_failure([record("a"), record("b")], body) == 2


def test_an_item_stays_in_its_shard_and_items_spread() -> None:
    subs = [f"USER#{number:02x}" for number in range(256)]
    shards = [streams.shard_of(record(pk)) for pk in subs]
    assert shards == [streams.shard_of(record(pk)) for pk in subs]
    assert set(shards) == set(range(streams.SHARDS))
