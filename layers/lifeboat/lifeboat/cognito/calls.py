"""One paced call to Cognito, with its errors translated and its message cleared of values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ParamSpec, TypeVar

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from lifeboat.errors import (
    AliasExists,
    CognitoError,
    CognitoRefused,
    CognitoThrottled,
    CognitoUnavailable,
    GroupExists,
    ResourceNotFound,
    UserExists,
)
from lifeboat.pacing import TokenBucket
from lifeboat.usage import underway, usage

_BY_CODE: Mapping[str, type[CognitoError]] = {
    "TooManyRequestsException": CognitoThrottled,
    "ThrottlingException": CognitoThrottled,
    "InternalErrorException": CognitoUnavailable,
    "ServiceUnavailable": CognitoUnavailable,
    "RequestTimeout": CognitoUnavailable,
    "ConcurrentModificationException": CognitoUnavailable,
    "ResourceNotFoundException": ResourceNotFound,
    "UserNotFoundException": ResourceNotFound,
    "UsernameExistsException": UserExists,
    "AliasExistsException": AliasExists,
    "GroupExistsException": GroupExists,
}

P = ParamSpec("P")
R = TypeVar("R")

SHORT = 3
"""Values shorter than this are taken out of messages only where they stand as words of their own."""

_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
"""The value in a ListUsers filter."""


def call(bucket: TokenBucket, operation: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Wait for the budget, call Cognito, and raise a CognitoError for any failure.

    What botocore sends again by itself is spent from the budget too.
    """
    waited = bucket.acquire()
    with underway() as requests:
        try:
            return _called(operation, *args, **kwargs)
        finally:
            bucket.spend(max(0, requests.sent - 1))
            if bucket.category is not None:
                requests.seconds_waited = waited
                usage.add(bucket.category, requests)


def _called(operation: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    try:
        return operation(*args, **kwargs)
    except ClientError as error:
        raise translate(error, kwargs) from None
    except ParamValidationError:
        # botocore's text repeats the values it refuses, so only the fact is passed on.
        name = getattr(operation, "__name__", "request")
        raise CognitoRefused(name, "ParamValidationError", "a value is not valid for this API") from None
    except BotoCoreError as error:
        raise CognitoUnavailable(getattr(operation, "__name__", "request"), type(error).__name__) from None


def translate(error: ClientError, request: Mapping[str, Any]) -> CognitoError:
    """The product's error for a ClientError.

    Raised without its cause: a traceback would repeat Cognito's message, which can quote the value
    of an attribute.
    """
    code = error.response.get("Error", {}).get("Code", "Unknown")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
    kind = _BY_CODE.get(code, CognitoUnavailable if status >= 500 else CognitoRefused)
    message = error.response.get("Error", {}).get("Message", "")
    return kind(error.operation_name, code, _without_values(message, request))


def _without_values(message: str, request: Mapping[str, Any]) -> str:
    values = {text for text in _texts(request) if text}
    for value in sorted(values, key=len, reverse=True):
        exact = re.escape(value)
        pattern = exact if len(value) >= SHORT else rf"(?<!\w){exact}(?!\w)"
        message = re.sub(pattern, "…", message, flags=re.IGNORECASE)
    return message


def _texts(value: Any, name: str = "") -> Iterator[str]:
    """Every text value in a request but attribute names and the pool's id; of a filter, what it quotes."""
    if isinstance(value, str):
        if name == "Filter":
            for quoted in _QUOTED.findall(value):
                yield from (quoted, re.sub(r"\\(.)", r"\1", quoted))
        if name not in ("Name", "UserPoolId", "MessageAction"):
            yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _texts(inner, str(key))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner, name)
