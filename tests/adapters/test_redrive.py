"""`make redrive`: what was given up gets another try, where it came from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3

from local.redrive import Redriven, queue_urls, redrive


class Resources:
    """The part of CloudFormation's client that says which queues a stack has."""

    def __init__(self, urls: list[str]) -> None:
        self._kinds = [("AWS::SQS::Queue", url) for url in urls] + [("AWS::S3::Bucket", "reports")]

    def get_paginator(self, name: str) -> Resources:
        assert name == "list_stack_resources"
        return self

    def paginate(self, StackName: str) -> Iterator[dict[str, Any]]:  # noqa: N803
        assert StackName == "lifeboat"
        for kind, url in self._kinds:
            yield {"StackResourceSummaries": [{"ResourceType": kind, "PhysicalResourceId": url}]}


def test_messages_go_back_to_their_queue_and_are_counted(aws: boto3.Session) -> None:
    # Given a stack with a queue, its dead-letter queue, and one whose messages came from elsewhere
    sqs = aws.client("sqs")
    urls = {name: sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("dead", "schedule")}
    policy = {"deadLetterTargetArn": f"arn:aws:sqs:{aws.region_name}:123456789012:dead", "maxReceiveCount": 5}
    made = sqs.create_queue(QueueName="alive", Attributes={"RedrivePolicy": json.dumps(policy)})
    urls["alive"] = made["QueueUrl"]
    for number in range(12):
        text = {"DataType": "String", "StringValue": "why"}
        attributes = {"Reason": text, "Kept": text}
        sqs.send_message(QueueUrl=urls["dead"], MessageBody=str(number), MessageAttributes=attributes)  # type: ignore[arg-type]
    sqs.send_message(QueueUrl=urls["schedule"], MessageBody="a start")
    # When it is redriven
    done = {each.name: each for each in redrive(sqs, queue_urls(Resources(list(urls.values())), "lifeboat"))}
    # Then all are back where they came from, without the reason, and the other one stays
    assert done == {
        "dead": Redriven("dead", "alive", 12, 0),
        "schedule": Redriven("schedule", "", 0, 1),
    }
    back = []
    while found := sqs.receive_message(
        QueueUrl=urls["alive"], MaxNumberOfMessages=10, MessageAttributeNames=["All"]
    ).get("Messages"):
        back += found
    assert sorted(int(message["Body"]) for message in back) == list(range(12))
    assert {name for message in back for name in message["MessageAttributes"]} == {"Kept"}
