"""Notifications."""

import boto3
import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.sns.models import sns_backends

from lifeboat.aws.topic import Topic


def announced(aws: boto3.Session, notify_on: str, subject: str, error: bool) -> list[tuple[str | None, str]]:
    """What subscribers are sent: subject and text."""
    client = aws.client("sns")
    arn = client.create_topic(Name="notifications")["TopicArn"]
    Topic(client, arn, notify_on).announce(subject, "What happened", error)
    backend = sns_backends[DEFAULT_ACCOUNT_ID][client.meta.region_name]
    return [(sent[2], sent[1]) for sent in backend.topics[arn].sent_notifications]


@pytest.mark.parametrize(
    ("notify_on", "error", "sent"),
    [("ALL", False, 1), ("ALL", True, 1), ("ERRORS", False, 0), ("ERRORS", True, 1)],
)
def test_good_news_is_sent_only_to_those_who_want_it(
    aws: boto3.Session, notify_on: str, error: bool, sent: int
) -> None:
    assert (
        announced(aws, notify_on, "export completed", error) == [("export completed", "What happened")] * sent
    )


def test_a_subject_is_made_to_fit(aws: boto3.Session) -> None:
    ((subject, _),) = announced(aws, "ALL", "Über-stack:\n" + "x" * 200, True)
    assert subject == "?ber-stack:?" + "x" * 87


def test_a_message_that_cannot_be_sent_changes_nothing(aws: boto3.Session) -> None:
    topic = Topic(aws.client("sns"), f"arn:aws:sns:eu-west-1:{DEFAULT_ACCOUNT_ID}:gone", "ALL")
    topic.announce("s", "t", True)
