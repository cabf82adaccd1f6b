"""The event with which Cognito calls a pool's trigger."""

from __future__ import annotations

from typing import Any, TypedDict


class TriggerEvent(TypedDict):
    """The event of a trigger, of whatever kind and version, which is also the answer to it.

    What is in `request` and `response` differs by kind; that of a UserMigration trigger may hold a password,
    and all hold attributes: never log it
    (https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-working-with-lambda-triggers.html).
    """

    version: str
    triggerSource: str
    region: str
    userPoolId: str
    userName: str
    callerContext: dict[str, Any]
    request: dict[str, Any]
    response: dict[str, Any]
