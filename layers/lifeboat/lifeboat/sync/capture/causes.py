"""What a message of the capture queues is about: a user, the groups, or nothing that is backed up.

CaptureQueue holds CloudTrail's events as EventBridge passes them on. They hide all values, and need not come
in order or once; what counts is the user's sub, which Cognito adds to them. CaptureRetryQueue holds subs.
https://docs.aws.amazon.com/cognito/latest/developerguide/logging-using-cloudtrail.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

GROUP_EVENTS = frozenset({"CreateGroup", "UpdateGroup", "DeleteGroup"})

DELETIONS = frozenset({"AdminDeleteUser", "DeleteUser"})

_HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"


class Unusable(Exception):
    """A message that no repetition will make usable. The text is the reason, without values."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Why something is to be captured. `sub` is "" for the groups; `at` is when it happened, "" if unknown.

    `sure` is whether it is known to be of this pool; `deletes` is whether a user is expected to be gone.
    """

    sub: str
    sure: bool = True
    deletes: bool = False
    at: str = ""


@dataclass(frozen=True, slots=True)
class NoCause:
    """Why a message is about nothing that is backed up: `failed`, `other_pool` or `no_sub`."""

    reason: str


def cause_of(body: str, pool_id: str) -> Cause | NoCause:
    """What a message says has changed in a pool. Raises Unusable.

    Operations that users call, with requests that are not signed, name the app client and not the pool: such
    an event may be another pool's, which looking for the sub tells.
    """
    try:
        message = json.loads(body)
    except ValueError:
        raise Unusable("not JSON") from None
    if not isinstance(message, dict):
        raise Unusable("not an object")
    if _text(message, "sub"):
        return Cause(_text(message, "sub"))
    detail = message.get("detail")
    if not isinstance(detail, dict):
        raise Unusable("neither a sub nor an event")
    if detail.get("errorCode"):  # managed login's events have an empty one
        return NoCause("failed")
    request, more = _part(detail, "requestParameters"), _part(detail, "additionalEventData")
    named = _text(request, "userPoolId") or _text(more, "userPoolId")
    if named and named != pool_id:
        return NoCause("other_pool")
    name, at = _text(detail, "eventName"), _text(detail, "eventTime")
    if name in GROUP_EVENTS:
        return Cause("", at=at)
    sub = _text(more, "sub") or _text(_part(detail, "responseElements"), "userSub")
    return Cause(sub, bool(named), name in DELETIONS, at) if sub else NoCause("no_sub")


def _part(detail: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = detail.get(name)
    return part if isinstance(part, dict) else {}


def _text(part: Mapping[str, Any], name: str) -> str:
    value = part.get(name)
    return value if isinstance(value, str) and value != _HIDDEN else ""
