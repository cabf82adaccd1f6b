"""Gives the messages in the dead-letter queues of a stack another try: `make redrive`.

Each queue whose messages go to a dead-letter queue gets them back, with what they carried but the reason for
which they were given up. Consumers handle a message twice without harm. What has no queue to go back to (a
start that the schedule could not make) stays and is counted. It works on AWS, and on the embedded AWS by
AWS_ENDPOINT_URL.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

REASON = "Reason"
"""The attribute in which consumers say why a message was given up."""

HIDDEN_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Redriven:
    """What was done with one dead-letter queue. `source` is "" if there is no queue to go back to."""

    name: str
    source: str
    moved: int
    left: int


def queue_urls(cloudformation: Any, stack: str) -> list[str]:
    """The queues of a stack."""
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
    return [
        str(resource["PhysicalResourceId"])
        for page in pages
        for resource in page["StackResourceSummaries"]
        if resource["ResourceType"] == "AWS::SQS::Queue"
    ]


def redrive(sqs: SQSClient, urls: list[str]) -> Iterator[Redriven]:
    """Move what each dead-letter queue holds back to where it came from; what comes again stays."""
    found = {url: attributes(sqs, url) for url in urls}
    sources = {
        json.loads(each["RedrivePolicy"])["deadLetterTargetArn"]: url
        for url, each in found.items()
        if each.get("RedrivePolicy")
    }
    for url, each in found.items():
        if each.get("RedrivePolicy"):
            continue
        source = sources.get(each["QueueArn"], "")
        held = int(each["ApproximateNumberOfMessages"])
        moved = move(sqs, url, source, held) if source else 0
        left = int(attributes(sqs, url)["ApproximateNumberOfMessages"])
        yield Redriven(name_of(url), name_of(source), moved, left)


def move(sqs: SQSClient, url: str, source: str, most: int) -> int:
    """Move messages; returns how many. One that is sent and not deleted is there twice, which is harmless."""
    moved = 0
    while moved < most:
        messages = sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=min(10, most - moved),
            MessageAttributeNames=["All"],
            VisibilityTimeout=HIDDEN_SECONDS,
            WaitTimeSeconds=1,
        ).get("Messages", [])
        if not messages:
            break
        for message in messages:
            carried: Any = {
                name: {
                    key: value
                    for key, value in each.items()
                    if key in ("DataType", "StringValue", "BinaryValue")
                }
                for name, each in message.get("MessageAttributes", {}).items()
                if name != REASON
            }
            sqs.send_message(QueueUrl=source, MessageBody=message["Body"], MessageAttributes=carried)
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            moved += 1
    return moved


def attributes(sqs: SQSClient, url: str) -> dict[str, str]:
    """A queue's attributes."""
    answer: Any = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
    return dict(answer["Attributes"])


def name_of(url: str) -> str:
    """A queue's name, without account and Region."""
    return url.rpartition("/")[2]


def main() -> None:
    """Redrive one stack, and print what was moved."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--stack", required=True, help="the stack's name")
    parser.add_argument("--region", required=True, help="the stack's Region")
    asked = parser.parse_args()
    session = boto3.Session(region_name=asked.region)
    sqs = session.client("sqs")
    for each in redrive(sqs, queue_urls(session.client("cloudformation"), asked.stack)):
        where = f"moved back to {each.source}" if each.source else "no queue to go back to"
        print(f"{each.name}: {each.moved} moved, {each.left} left ({where})")


if __name__ == "__main__":
    main()
