"""The log of an import job, in ministack's CloudWatch Logs, and the role that lets Cognito write there.

    [SUCCEEDED] Line Number 5956 - The import succeeded.
    [SKIPPED] Line Number 5956 - The user already exists.
    [FAILED] Line Number 5956 - The User Record does not set any of the auto verified attributes to true. …

Group /aws/cognito/userpools/<pool id>/<pool name>, stream <job id>/<job name>; both are made if they are not
there (cognito/latest/developerguide/cognito-user-pools-using-import-tool.html). Users are named by their line
only. The header is line 1.
"""

import json
import time
import xml.etree.ElementTree as ET
from typing import Any
from urllib.parse import unquote, urlencode

from local.front.homes import Home
from local.front.import_users import RowResult
from local.front.protocol import CONTENT_TYPE, Answer, CognitoError, authorization_for
from local.front.upstream import Upstream

FIRST_LINE = 2
MOST_EVENTS = 1_000  # 10,000 events and 1 MiB a call are allowed: API_PutLogEvents.html
COGNITO = "cognito-idp.amazonaws.com"

_TARGET = "Logs_20140328."
_IAM = "{https://iam.amazonaws.com/doc/2010-05-08/}"


class JobLog:
    """Writes one stream. Lines are kept until `flush`, or until they are many."""

    def __init__(self, upstream: Upstream, home: Home, group: str, stream: str) -> None:
        self._upstream = upstream
        self._home = home
        self._names = {"logGroupName": group, "logStreamName": stream}
        self._events: list[dict[str, Any]] = []

    async def open(self) -> None:
        """Make the group and the stream if they are missing."""
        await self._make("CreateLogGroup", logGroupName=self._names["logGroupName"])
        await self._make("CreateLogStream", **self._names)

    async def add(self, row: int, result: RowResult) -> None:
        """Write what became of a row, counted from 0."""
        message = f"[{result.result}] Line Number {row + FIRST_LINE} - {result.reason}"
        self._events.append({"timestamp": time.time_ns() // 1_000_000, "message": message})
        if len(self._events) >= MOST_EVENTS:
            await self.flush()

    async def flush(self) -> None:
        """Write the lines that are kept; a group or stream that somebody deleted is made again."""
        if not self._events:
            return
        events, self._events = self._events, []
        answer = await self._ask("PutLogEvents", **self._names, logEvents=events)
        if answer.error == "ResourceNotFoundException":
            await self.open()
            answer = await self._ask("PutLogEvents", **self._names, logEvents=events)
        _check(answer)

    async def _make(self, operation: str, **data: Any) -> None:
        answer = await self._ask(operation, **data)
        if answer.error != "ResourceAlreadyExistsException":
            _check(answer)

    async def _ask(self, operation: str, **data: Any) -> Answer:
        headers = {"X-Amz-Target": _TARGET + operation, "Content-Type": CONTENT_TYPE}
        return await _fetch(self._upstream, self._home, "logs", headers, json.dumps(data).encode())


async def role_problem(upstream: Upstream, home: Home, arn: str) -> str | None:
    """Say why a role cannot be assumed by Cognito, None if it can: it must exist, and trust Cognito.

    Neither conditions of the trust policy nor what the role may do are looked at.
    """
    query = {"Action": "GetRole", "Version": "2010-05-08", "RoleName": arn.rsplit("/", 1)[-1]}
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await _fetch(upstream, home, "iam", headers, urlencode(query).encode())
    if answer.status >= 500:
        _check(answer)
    role = ET.fromstring(answer.body).find(f".//{_IAM}Role") if answer.ok else None
    if role is None or role.findtext(f"{_IAM}Arn") != arn:
        return "The CloudWatch Logs role does not exist."
    policy = json.loads(unquote(role.findtext(f"{_IAM}AssumeRolePolicyDocument") or "{}"))
    if not any(_trusts_cognito(statement) for statement in _listed(policy.get("Statement"))):
        return "The CloudWatch Logs role cannot be assumed by Amazon Cognito."
    return None


def _trusts_cognito(statement: dict[str, Any]) -> bool:
    principal = statement.get("Principal")
    services = principal.get("Service") if isinstance(principal, dict) else None
    actions = _listed(statement.get("Action"))
    return statement.get("Effect") == "Allow" and COGNITO in _listed(services) and "sts:AssumeRole" in actions


def _listed(value: Any) -> list[Any]:
    """IAM's JSON leaves out the brackets of a list of one."""
    return value if isinstance(value, list) else [] if value is None else [value]


async def _fetch(
    upstream: Upstream, home: Home, service: str, headers: dict[str, str], body: bytes
) -> Answer:
    authorization = authorization_for(home.access_key or "test", home.region, service)
    return await upstream.fetch("POST", "/", {**headers, "Authorization": authorization}, body)


def _check(answer: Answer) -> None:
    if not answer.ok:
        raise CognitoError("InternalErrorException", "Something went wrong", 500)
