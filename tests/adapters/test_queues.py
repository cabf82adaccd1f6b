"""SQS: batches that fit, entries sent again, messages put off."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lifeboat.aws.queues import (
    BATCH_BYTES,
    BATCH_ENTRIES,
    LONGEST_BACKOFF,
    PURGE_SECONDS,
    Queue,
    purge_all,
)
from lifeboat.errors import StoreUnavailable
from tests.adapters.pools import failing

MakeQueue = Callable[[str], Queue]
MIB = 1_048_576


@pytest.fixture
def queue(make_queue: MakeQueue) -> Queue:
    return make_queue("people")


@pytest.fixture
def batches(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The bodies of every batch that is sent from now on."""
    sent: list[list[str]] = []

    def send(QueueUrl: str, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803
        assert QueueUrl == queue.url
        assert len({entry["Id"] for entry in Entries}) == len(Entries)
        sent.append([entry["MessageBody"] for entry in Entries])
        return {}

    monkeypatch.setattr(queue._client, "send_message_batch", send)
    return sent


def received(queue: Queue) -> list[dict[str, Any]]:
    """All messages of a queue."""
    messages: list[dict[str, Any]] = []
    while found := queue._client.receive_message(
        QueueUrl=queue.url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
    ).get("Messages", []):
        messages += found  # type: ignore[arg-type]
    return messages


@given(st.lists(st.integers(1, 400_000), max_size=30))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_batches_hold_neither_too_many_nor_too_much(
    queue: Queue, batches: list[list[str]], sizes: list[int]
) -> None:
    batches.clear()
    documents = [{"number": number, "text": "é" * (size // 2)} for number, size in enumerate(sizes)]
    assert queue.send(iter(documents)) == len(documents)
    assert [json.loads(body) for batch in batches for body in batch] == documents
    for batch in batches:
        assert 1 <= len(batch) <= BATCH_ENTRIES
        assert sum(len(body.encode()) for body in batch) <= MIB


def test_a_full_batch_is_not_cut_short(queue: Queue, batches: list[list[str]]) -> None:
    queue.send({"number": number} for number in range(25))
    assert [len(batch) for batch in batches] == [10, 10, 5]


def test_bytes_are_counted_not_characters(queue: Queue, batches: list[list[str]]) -> None:
    # Given two messages that would fit into one batch by characters
    queue.send([{"text": "李" * (BATCH_BYTES // 5)}] * 2)
    assert [len(batch) for batch in batches] == [1, 1]


@given(
    text=st.text(st.characters(codec="utf-8")) | st.sampled_from(["\x00\x1b", "\ufffe", "a\uffffb", "\x7f"])
)
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_body_holds_only_characters_that_sqs_allows(
    queue: Queue, batches: list[list[str]], text: str
) -> None:
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
    batches.clear()
    queue.send([{"text": text}])
    ((body,),) = batches
    assert json.loads(body) == {"text": text}
    assert not [
        character
        for character in body
        if not (
            character in "\t\n\r"
            or " " <= character <= "\ud7ff"
            or "\ue000" <= character <= "\ufffd"
            or character >= "\U00010000"
        )
    ]


def test_messages_arrive(queue: Queue) -> None:
    documents = [{"number": number, "text": 'Ó\n"李"'} for number in range(12)]
    assert queue.send(documents) == 12
    found = [json.loads(message["Body"]) for message in received(queue)]
    assert sorted(found, key=lambda document: int(document["number"])) == documents
    assert queue.send([]) == 0


def test_refused_entries_are_sent_again_and_the_others_are_not(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given an SQS that accepts every other entry
    accepted: list[str] = []

    def send(QueueUrl: str, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803
        accepted.extend(entry["MessageBody"] for entry in Entries[::2])
        return {"Failed": [{"Id": entry["Id"]} for entry in Entries[1::2]]}

    monkeypatch.setattr(queue._client, "send_message_batch", send)
    queue.send({"number": number} for number in range(10))
    assert sorted(json.loads(body)["number"] for body in accepted) == list(range(10))


def test_entries_that_stay_refused_are_an_error(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    def send(QueueUrl: str, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803
        return {"Failed": [{"Id": Entries[0]["Id"]}]}

    monkeypatch.setattr(queue._client, "send_message_batch", send)
    with pytest.raises(StoreUnavailable, match="1 entries refused"):
        queue.send([{"number": 1}, {"number": 2}])


def test_a_dead_letter_is_the_body_as_it_came_with_its_reason(queue: Queue) -> None:
    queue.send_raw("{not json", "r" * 5_000)
    (message,) = received(queue)
    assert message["Body"] == "{not json"
    assert message["MessageAttributes"]["Reason"]["StringValue"] == "r" * 1_000


@pytest.mark.parametrize(("receives", "seconds"), [(1, 2), (4, 16), (6, 64), (7, LONGEST_BACKOFF), (90, 120)])
def test_a_message_is_put_off_longer_each_time(
    queue: Queue, monkeypatch: pytest.MonkeyPatch, receives: int, seconds: int
) -> None:
    asked: list[dict[str, Any]] = []
    monkeypatch.setattr(
        queue._client, "change_message_visibility", lambda **arguments: asked.append(arguments)
    )
    queue.put_off("handle", receives)
    assert asked == [{"QueueUrl": queue.url, "ReceiptHandle": "handle", "VisibilityTimeout": seconds}]


def test_putting_off_what_is_gone_is_no_error(queue: Queue) -> None:
    queue.put_off("no such handle", 1)


def test_the_depth_counts_what_waits_and_what_is_being_handled(queue: Queue) -> None:
    queue.send([{"number": number} for number in range(3)])
    assert queue.depth() == 3
    queue._client.receive_message(QueueUrl=queue.url, MaxNumberOfMessages=1)
    assert queue.depth() == 3


def test_a_queue_is_known_by_its_name(queue: Queue) -> None:
    assert queue.name == "people"


def test_a_queue_that_is_gone_is_an_unavailable_store(queue: Queue) -> None:
    queue._client.delete_queue(QueueUrl=queue.url)
    for action in (queue.depth, lambda: queue.send([{}]), lambda: queue.send_raw("b", "r")):
        with pytest.raises(StoreUnavailable, match="SQS: "):
            action()


def test_received_messages_are_hidden_released_and_deleted(make_queue: MakeQueue) -> None:
    queue = make_queue("NewUsers")
    queue.send({"number": number} for number in range(23))
    received = [message for _ in range(4) for message in queue.receive(300)]
    assert sorted(json.loads(message.body)["number"] for message in received) == list(range(23))
    assert queue.receive(300) == []
    assert queue.depth() == 23
    handles = [message.receipt_handle for message in received]
    queue.release(handles[:12])
    queue.delete(handles[12:])
    assert queue.depth() == 12
    again = [message for _ in range(3) for message in queue.receive(300)]
    assert {message.body for message in again} == {message.body for message in received[:12]}
    queue.delete([])
    queue.release([])
    queue.delete(["not a handle"])  # best effort: no error
    queue.release(["not a handle"])


def test_purging_empties_the_queues_that_hold_messages_and_waits_for_it(
    make_queue: Callable[[str], Queue], monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr("lifeboat.aws.queues.time.sleep", waited.append)
    empty, holding = make_queue("empty"), make_queue("holding")
    assert not purge_all([empty, holding])
    holding.send([{"number": number} for number in range(3)])
    holding.receive(visibility_seconds=30)
    assert purge_all([empty, holding])
    assert (holding.depth(), waited) == (0, [PURGE_SECONDS])


def test_a_purge_that_is_under_way_is_enough(make_queue: Callable[[str], Queue]) -> None:
    queue = make_queue("purged")
    busy = queue._client.exceptions.PurgeQueueInProgress({"Error": {"Code": "x"}}, "PurgeQueue")
    with failing(queue._client, "PurgeQueue", busy):
        queue.purge()
    with (
        failing(queue._client, "PurgeQueue", EndpointConnectionError(endpoint_url="https://sqs")),
        pytest.raises(StoreUnavailable),
    ):
        queue.purge()
