"""CloudWatch Logs: reading the log streams that other services write."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lifeboat.aws.translation import store_errors

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient


class LogStreams:
    """Reads streams from their beginning."""

    def __init__(self, client: CloudWatchLogsClient) -> None:
        self._client = client

    def messages(self, group: str, stream: str) -> Iterator[str]:
        """The messages of a stream so far; none if it does not exist (yet).

        The end is reached when the token repeats
        (https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html).
        """
        token: Any = {}
        while True:
            try:
                with store_errors("CloudWatch Logs"):
                    page = self._client.get_log_events(
                        logGroupName=group, logStreamName=stream, startFromHead=True, **token
                    )
            except Exception as error:
                cause = error.__cause__
                missing = isinstance(cause, ClientError) and (
                    cause.response["Error"]["Code"] == "ResourceNotFoundException"
                )
                if missing:
                    return
                raise
            for event in page.get("events", []):
                yield event["message"]
            following = page.get("nextForwardToken", "")
            if not following or following == token.get("nextToken"):
                return
            token = {"nextToken": following}
