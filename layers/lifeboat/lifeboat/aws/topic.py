"""Notifications to operators."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lifeboat.aws.translation import store_errors
from lifeboat.errors import StoreUnavailable
from lifeboat.telemetry import logger

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient


class Topic:
    """The notification topic. `notify_on` is ALL or ERRORS."""

    def __init__(self, client: SNSClient, arn: str, notify_on: str) -> None:
        self._client = client
        self._arn = arn
        self._notify_on = notify_on

    def announce(self, subject: str, text: str, error: bool) -> None:
        """Publish a message, unless it is good news and only errors are wanted.

        SNS allows a subject of 99 printable ASCII characters. What is announced has happened, so a
        message that cannot be sent is logged and changes nothing.
        """
        if not error and self._notify_on != "ALL":
            return
        printable = re.sub(r"[^ -~]", "?", subject)[:99]
        try:
            with store_errors("SNS"):
                self._client.publish(TopicArn=self._arn, Subject=printable, Message=text)
        except StoreUnavailable as unavailable:
            logger.error("notification not sent", subject=printable, reason=str(unavailable))
