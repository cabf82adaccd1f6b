"""Invoke Lambda functions as Cognito invokes its triggers.

cognito/latest/developerguide/cognito-user-pools-working-with-lambda-triggers.html: synchronously, five
seconds to answer, three attempts at most, and only where the function's policy allows it to the pool. A
function that answered with an error is not asked again. What callers see then: API_ConfirmSignUp.html, in
the words that they report:

    UserLambdaValidationException   the function failed: its own message is shown
    UnexpectedLambdaException       it could not be invoked, or did not answer
    InvalidLambdaResponseException  it answered something that is no event
"""

import asyncio
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from local.front.pools import Pool
from local.front.protocol import Answer, CognitoError, authorization_for
from local.front.settings import Conditions
from local.front.upstream import Upstream
from local.function_policy import permits

ATTEMPTS = 3
NO_CLIENT = "CLIENT_ID_NOT_APPLICABLE"
_PATH = "/2015-03-31/functions/"
_TIMEOUT = "Socket timeout while invoking Lambda function"


class Functions:
    """Invokes the functions that a pool's LambdaConfig names."""

    def __init__(self, upstream: Upstream, conditions: Conditions) -> None:
        self._upstream = upstream
        self._conditions = conditions

    async def fire(self, pool: Pool, trigger: str, event: dict[str, Any]) -> dict[str, Any] | None:
        """Fire a trigger (a member of LambdaConfig) and return its `response`; None if the pool has none.

        Raises CognitoError as Cognito refuses the call whose trigger failed.
        """
        arn = trigger_arn(pool, trigger)
        if not arn:
            return None
        name, headers = _address(pool, arn)
        if not await self._permitted(name, headers, str(pool.description["Arn"])):
            raise _unexpected(trigger, "AccessDeniedException")
        answer = await self._invoke(trigger, name, headers, json.dumps(event).encode())
        return _response_of(trigger, answer)

    async def _permitted(self, name: str, headers: Mapping[str, str], pool_arn: str) -> bool:
        answer = await self._upstream.fetch("GET", _url(name, "policy"), headers, b"")
        return answer.ok and permits(json.loads(answer.data.get("Policy") or "{}"), pool_arn)

    async def _invoke(self, trigger: str, name: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Invoke a function until it answers."""
        problem = _TIMEOUT
        for _ in range(ATTEMPTS):
            try:
                async with asyncio.timeout(self._conditions.trigger_seconds):
                    answer = await self._upstream.fetch("POST", _url(name, "invocations"), headers, body)
            except TimeoutError:
                problem = _TIMEOUT
                continue
            if answer.ok:
                return answer
            problem = str(answer.error)
            if answer.status < 500 and answer.status != 429:
                break
        raise _unexpected(trigger, problem)


def trigger_arn(pool: Pool, trigger: str) -> str:
    """Return the ARN of a pool's trigger, an empty string where it has none."""
    return str((pool.description.get("LambdaConfig") or {}).get(trigger) or "")


def trigger_event(
    pool: Pool, source: str, username: str, client_id: str, request: dict[str, Any], response: dict[str, Any]
) -> dict[str, Any]:
    """Make an event with the parameters that all triggers share.

    (cognito-user-pools-working-with-lambda-triggers.html, "Common Lambda trigger parameters")
    """
    return {
        "version": "1",
        "region": pool.home.region,
        "userPoolId": pool.home.pool_id,
        "userName": username,
        "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": client_id or NO_CLIENT},
        "triggerSource": source,
        "request": request,
        "response": response,
    }


def _address(pool: Pool, arn: str) -> tuple[str, dict[str, str]]:
    """Return a function's name, with its qualifier, and the headers that lead to its Region."""
    parts = arn.split(":")
    region, name = (parts[3], ":".join(parts[6:])) if len(parts) > 6 else (pool.home.region, arn)
    access_key = pool.home.access_key or "test"
    headers = {"Authorization": authorization_for(access_key, region, "lambda")}
    return name, headers | {"Content-Type": "application/json"}


def _url(name: str, action: str) -> str:
    function, _, qualifier = name.partition(":")
    query = f"?Qualifier={quote(qualifier)}" if qualifier else ""
    return f"{_PATH}{quote(function)}/{action}{query}"


def _response_of(trigger: str, answer: Answer) -> dict[str, Any]:
    """Return the `response` of the event that a function returned."""
    try:
        returned = json.loads(answer.body or b"null")
    except ValueError:
        returned = None
    if "X-Amz-Function-Error" in answer.headers:
        message = returned.get("errorMessage") if isinstance(returned, dict) else None
        text = f"{trigger} failed with error {message or 'Unhandled'}."
        raise CognitoError("UserLambdaValidationException", text)
    response = returned.get("response") if isinstance(returned, dict) else None
    if not isinstance(returned, dict) or not isinstance(response, dict | None):
        raise CognitoError("InvalidLambdaResponseException", "Unrecognizable lambda output")
    return response or {}


def _unexpected(trigger: str, problem: str) -> CognitoError:
    text = f"{trigger} invocation failed due to error {problem}."
    return CognitoError("UnexpectedLambdaException", text)
