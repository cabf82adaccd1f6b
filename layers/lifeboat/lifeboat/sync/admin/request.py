"""What the admin API is asked: by whom, about whom, and for what.

A request reaches a function only with a token that the gateway's authorizer has verified; whether its bearer
is an administrator is looked at here. Bodies are checked here too, because the gateway's own refusals name
types and not fields (https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-request-validation.html).
Nothing that was sent is repeated in an error, other than the names of fields.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, TypedDict

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StringConstraints,
    ValidationError,
)

from lifeboat.cognito.pool import GENERATED_ATTRIBUTES
from lifeboat.model import instant

GROUPS_PER_USER = 100
"""Cognito's quota."""

LONGEST_ID = 128


class ApiRequest(TypedDict):
    """An event of API Gateway's Lambda proxy integration (REST API)."""

    resource: str
    path: str
    httpMethod: str
    headers: dict[str, str] | None
    multiValueHeaders: dict[str, list[str]] | None
    queryStringParameters: dict[str, str] | None
    multiValueQueryStringParameters: dict[str, list[str]] | None
    pathParameters: dict[str, str] | None
    stageVariables: dict[str, str] | None
    requestContext: dict[str, Any]
    body: str | None
    isBase64Encoded: bool


class InvalidRequest(Exception):
    """The request cannot be used. `field` is the place of what is wrong, such as `attributes.email`."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


class NotAdministrator(Exception):
    """The token is not that of a member of the administrators' group."""


def _settable(name: str) -> str:
    if name in GENERATED_ATTRIBUTES or name.startswith(("cognito:", "dev:")):
        raise ValueError("Cognito sets this attribute itself")
    return name


AttributeName = Annotated[
    str, StringConstraints(strict=True, pattern=r"^\S{1,32}$"), AfterValidator(_settable)
]
AttributeValue = Annotated[str, StringConstraints(strict=True, max_length=2048)]
GroupName = Annotated[str, StringConstraints(strict=True, pattern=r"^\S{1,128}$")]


class UserChange(BaseModel):
    """The body of a PUT: what it has is set, what it does not have stays as it is.

    `attributes` are set one by one, and null deletes one; `groups` are all the groups that the user is to be
    in.
    """

    model_config = ConfigDict(extra="forbid")

    attributes: dict[AttributeName, AttributeValue | None] = Field(default_factory=dict, min_length=1)
    enabled: StrictBool = True
    groups: list[GroupName] = Field(default_factory=list, max_length=GROUPS_PER_USER)

    @property
    def asked(self) -> frozenset[str]:
        """The parts that the body has."""
        return frozenset(self.model_fields_set)


EXPECTED: Mapping[str, str] = {
    "attributes": "an object of attribute names, each with a string of at most 2,048 characters or null",
    "enabled": "true or false",
    "groups": f"an array of at most {GROUPS_PER_USER} group names",
}


def administrator(request: ApiRequest, group: str) -> str:
    """The sub of the administrator who asks. Raises NotAdministrator.

    The authorizer hands on the claims of ID tokens
    (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-enable-cognito-user-pool.html).
    """
    claims = (request["requestContext"].get("authorizer") or {}).get("claims") or {}
    if claims.get("token_use") != "id" or group not in _names(claims.get("cognito:groups")):
        raise NotAdministrator
    return str(claims.get("sub", ""))


def _names(claim: Any) -> list[str]:
    """The names in a claim that is a list.

    Gateways hand a list on as text, "a,b" or "[a b]"; which, is not documented. Names of groups hold no white
    space, and that of the administrators' group neither a comma nor a bracket.
    """
    if isinstance(claim, str):
        return claim.removeprefix("[").removesuffix("]").replace(",", " ").split()
    return [str(name) for name in claim or ()]


def user_of(request: ApiRequest) -> str:
    """The sub in the path. Raises InvalidRequest."""
    sub = (request.get("pathParameters") or {}).get("userId", "")
    if not 0 < len(sub) <= LONGEST_ID or not sub.isprintable():
        raise InvalidRequest("userId", "expected the user's sub")
    return sub


def before_of(request: ApiRequest) -> str:
    """The moment before which versions are asked for, as `instant` text; "" for none.

    Raises InvalidRequest.
    """
    text = (request.get("queryStringParameters") or {}).get("before", "")
    if not text:
        return ""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise InvalidRequest("before", "expected a moment in ISO 8601 with its zone: 2026-11-21T08:00:00Z")
    return instant(moment)


def change_of(request: ApiRequest) -> UserChange:
    """The body. Raises InvalidRequest for the first thing that is wrong with it."""
    given = _document(request)
    keys = ", ".join(EXPECTED)
    if not isinstance(given, dict) or not given:
        raise InvalidRequest("body", f"expected a JSON object with one or more of {keys}")
    for key in given:
        if key not in EXPECTED:
            raise InvalidRequest(key, f"unknown; the fields are {keys}")
    try:
        return UserChange.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = [str(each) for each in first["loc"]]
        field = ".".join(place[:2])
        if first["type"] == "value_error":
            raise InvalidRequest(field, first["msg"].removeprefix("Value error, ")) from None
        raise InvalidRequest(field, f"{place[0]} must be {EXPECTED[place[0]]}") from None


def _document(request: ApiRequest) -> Any:
    text = request.get("body") or ""
    try:
        if request.get("isBase64Encoded"):
            text = base64.b64decode(text, validate=True).decode()
        return json.loads(text)
    except (ValueError, binascii.Error, RecursionError):
        return None
