"""What the admin API answers, whatever happens."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, TypedDict

from lifeboat.errors import (
    TRANSIENT,
    AliasExists,
    CognitoError,
    CognitoRefused,
    CognitoThrottled,
    LifeboatError,
    ResourceNotFound,
)
from lifeboat.sync.admin.request import ApiRequest, InvalidRequest, NotAdministrator, administrator
from lifeboat.telemetry import logger

HEADERS = {"Content-Type": "application/json", "Cache-Control": "no-store"}
RETRY_SECONDS = 2

REFUSALS_OF_VALUES = frozenset({"InvalidParameterException", "ParamValidationError"})
"""Codes by which Cognito refuses what was sent, and not the one who sends it."""


class ApiResponse(TypedDict):
    """The answer of a Lambda proxy integration (REST API)."""

    statusCode: int
    headers: dict[str, str]
    body: str


def response(status: int, document: Mapping[str, Any]) -> ApiResponse:
    """An answer with a JSON document."""
    headers = dict(HEADERS)
    if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        headers["Retry-After"] = str(RETRY_SECONDS)
    return {"statusCode": status, "headers": headers, "body": json.dumps(document, ensure_ascii=False)}


def failure(status: int, error: str, message: str, **more: Any) -> ApiResponse:
    """An answer that says what went wrong."""
    return response(status, {"error": error, "message": message, **more})


def unknown_user(**more: Any) -> ApiResponse:
    """The answer for a sub that is nobody's."""
    return failure(HTTPStatus.NOT_FOUND, "UserNotFound", "there is no user with this sub", **more)


def refused(error: LifeboatError, field: str, **more: Any) -> ApiResponse:
    """The answer for a request that failed while `field` was being written ("" for none of them)."""
    named = {"field": field} if field else {}
    if isinstance(error, CognitoThrottled):
        return failure(
            HTTPStatus.TOO_MANY_REQUESTS, "Throttled", "over Cognito's quota; send it again", **more
        )
    if isinstance(error, TRANSIENT):
        return failure(
            HTTPStatus.SERVICE_UNAVAILABLE, "Unavailable", "a service failed; send it again", **more
        )
    if isinstance(error, AliasExists):
        problem = "another user has this email address or phone number"
        return failure(HTTPStatus.CONFLICT, "AliasExists", problem, **named, **more)
    if isinstance(error, ResourceNotFound):
        if error.code == "UserNotFoundException":
            return unknown_user(**more)
        return failure(HTTPStatus.BAD_REQUEST, "InvalidRequest", "there is no such group", **named, **more)
    if isinstance(error, CognitoRefused) and error.code in REFUSALS_OF_VALUES:
        # The values of the request are taken out of what Cognito says.
        problem = error.detail or "Cognito refuses the value"
        return failure(HTTPStatus.BAD_REQUEST, "InvalidRequest", problem, **named, **more)
    code = error.code if isinstance(error, CognitoError) else type(error).__name__
    return failure(HTTPStatus.INTERNAL_SERVER_ERROR, code, "the request was refused", **more)


def answer(request: ApiRequest, group: str, work: Callable[[ApiRequest, str], ApiResponse]) -> ApiResponse:
    """The answer to a request of a member of `group`, by `work`, which is given that member's sub.

    Never raises.
    """
    try:
        return work(request, administrator(request, group))
    except NotAdministrator:
        problem = "the token must be an ID token of a member of the administrators' group"
        return failure(HTTPStatus.FORBIDDEN, "NotAdministrator", problem)
    except InvalidRequest as error:
        return failure(HTTPStatus.BAD_REQUEST, "InvalidRequest", error.problem, field=error.field)
    except LifeboatError as error:
        logger.warning("request of the admin API failed", error=_name(error), reason=str(error))
        return refused(error, "")
    except Exception as error:
        # A traceback could repeat what was sent, so the error's name has to do.
        logger.error("request of the admin API crashed", error=_name(error))
        return failure(HTTPStatus.INTERNAL_SERVER_ERROR, "InternalError", "the request failed; see the log")


def _name(error: Exception) -> str:
    return str(getattr(error, "code", type(error).__name__))
