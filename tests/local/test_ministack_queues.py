"""What the product relies on in the embedded SQS and in Lambda's event source of it."""

import json

from tests.local.standin_application import BACKUP, PRIMARY, Standin
from tests.local.waiting import wait_for


def send(standin: Standin, *messages: dict[str, object]) -> None:
    """Put messages into the work queue, ten at a time."""
    entries = [{"Id": str(n), "MessageBody": json.dumps(message)} for n, message in enumerate(messages)]
    queue = standin.deployment.primary.outputs["WorkQueueUrl"]
    for first in range(0, len(entries), 10):
        standin.client("sqs").send_message_batch(QueueUrl=queue, Entries=entries[first : first + 10])


def depths(standin: Standin, output: str = "WorkQueueUrl") -> tuple[int, int, int]:
    """Return how many messages a queue has: visible, in flight, delayed."""
    attributes = standin.client("sqs").get_queue_attributes(
        QueueUrl=standin.deployment.primary.outputs[output],
        AttributeNames=[
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateNumberOfMessagesDelayed",
        ],
    )["Attributes"]
    return (
        int(attributes["ApproximateNumberOfMessages"]),
        int(attributes["ApproximateNumberOfMessagesNotVisible"]),
        int(attributes["ApproximateNumberOfMessagesDelayed"]),
    )


def deliveries(standin: Standin, name: str) -> int:
    """Return how often the consumer has seen a message."""
    return standin.counter("DELIVERY", name, "deliveries")


def drained(standin: Standin) -> bool:
    """Whether the work queue is empty."""
    return depths(standin) == (0, 0, 0)


def test_only_the_reported_messages_of_a_batch_come_again(standin: Standin) -> None:
    send(standin, {"name": "good"}, {"name": "once more", "failures": 1})
    wait_for(lambda: deliveries(standin, "once more") == 2, "a second delivery, after the visibility timeout")
    wait_for(lambda: drained(standin), "an empty queue")
    assert deliveries(standin, "good") == 1


def test_a_message_ends_in_the_dead_letter_queue_after_its_last_delivery(standin: Standin) -> None:
    send(standin, {"name": "poison", "failures": 99})
    wait_for(lambda: depths(standin, "DeadLetterQueueUrl")[0] == 1, "the dead letter")
    assert deliveries(standin, "poison") == 2
    received = standin.client("sqs").receive_message(
        QueueUrl=standin.deployment.primary.outputs["DeadLetterQueueUrl"], AttributeNames=["All"]
    )["Messages"][0]
    assert json.loads(received["Body"])["name"] == "poison"
    assert int(received["Attributes"]["ApproximateReceiveCount"]) >= 3


def test_no_more_consumers_run_at_once_than_the_parameter_says(standin: Standin) -> None:
    send(standin, *({"name": f"held {n}", "hold": 0.2} for n in range(12)))
    wait_for(lambda: depths(standin)[1] > 0, "messages in flight")
    wait_for(lambda: drained(standin), "an empty queue")
    assert all(deliveries(standin, f"held {n}") == 1 for n in range(12))
    assert standin.counter("CONSUMERS", "running#2", "seen") > 0
    assert standin.counter("CONSUMERS", "running#3", "seen") == 0


def test_a_delayed_message_counts_as_delayed(standin: Standin) -> None:
    sqs = standin.client("sqs")
    url = sqs.create_queue(QueueName="delays")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="later", DelaySeconds=900)
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert attributes["ApproximateNumberOfMessagesDelayed"] == "1"
    assert attributes["ApproximateNumberOfMessages"] == "0"
    assert "Messages" not in sqs.receive_message(QueueUrl=url)


def test_queues_of_one_name_in_two_regions_are_two_queues(standin: Standin) -> None:
    here, there = standin.client("sqs", PRIMARY), standin.client("sqs", BACKUP)
    url = here.create_queue(QueueName="of-one-name")["QueueUrl"]
    assert there.create_queue(QueueName="of-one-name")["QueueUrl"] == url
    there.send_message(QueueUrl=url, MessageBody="over there")
    assert "Messages" not in here.receive_message(QueueUrl=url)
    assert there.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "over there"
