"""Turns botocore's exceptions into the product's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from lifeboat.errors import StoreUnavailable


@contextmanager
def store_errors(service: str) -> Iterator[None]:
    """Raise StoreUnavailable for what `service` still fails with after botocore's retries.

    A conditional check that failed is an answer, not a failure, and passes through.
    """
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "Unknown")
        if code == "ConditionalCheckFailedException":
            raise
        raise StoreUnavailable(f"{service}: {error.operation_name}: {code}") from error
    except BotoCoreError as error:
        raise StoreUnavailable(f"{service}: {type(error).__name__}") from error
