"""The wire format of Cognito user pools: calls, answers, errors, credential scopes.

JSON 1.1 over `POST /`, the operation in `X-Amz-Target`. An error is a JSON object with `__type` and
`message`, HTTP 400 for the client's mistakes and 500 or 503 for the service's, and `x-amzn-ErrorType` beside
it (cognito-user-identity-pools/latest/APIReference/CommonErrors.html). botocore reads `__type`, other SDKs
the header.

    CognitoError        an answer that refuses the call; raised by rules, quotas and faults
    HeldConnection      no answer at all: the connection is held and then closed
"""

import base64
import json
import re
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

TARGET_PREFIX = "AWSCognitoIdentityProviderService."
CONTENT_TYPE = "application/x-amz-json-1.1"

_SCOPE = re.compile(r"Credential=([^/\s]+)/\d{8}/([^/\s]+)/[^/\s]+/aws4_request")


class CognitoError(Exception):
    """An error answer. `code` is what a client sees as the exception's name, `status` the HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


class HeldConnection(Exception):
    """The call gets no answer: its connection is to be closed after `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"held for {seconds} s")
        self.seconds = seconds


@dataclass(slots=True)
class Call:
    """One operation on its way through the front.

    `data` is the parsed body; a hook that changes what is passed on assigns a new one with `replace`.
    `notes` carries what a hook before the upstream call found out to the hook after it.
    """

    operation: str
    region: str
    access_key: str
    body: bytes
    data: dict[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def pool_id(self) -> str:
        """The call's UserPoolId, or an empty string."""
        return str(self.data.get("UserPoolId") or "")

    def replace(self, **members: Any) -> None:
        """Change members of the body that is passed on; None removes one."""
        data = {**self.data, **members}
        self.data = {name: value for name, value in data.items() if value is not None}
        self.body = json.dumps(self.data).encode()


@dataclass(slots=True)
class Answer:
    """An HTTP answer to a call: from upstream, or made here."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether the operation succeeded."""
        return self.status < 300

    @property
    def data(self) -> dict[str, Any]:
        """The body as JSON; {} where it is not an object."""
        try:
            parsed = json.loads(self.body)
        except ValueError:
            return {}
        return parsed if isinstance(parsed, dict) else {}

    @property
    def error(self) -> str | None:
        """The error's name, None for a success."""
        return None if self.ok else str(self.data.get("__type") or self.status).rsplit("#", 1)[-1]


def success(data: Mapping[str, Any]) -> Answer:
    """Make the answer of an operation that succeeded."""
    return Answer(200, json.dumps(data).encode(), {"Content-Type": CONTENT_TYPE})


def failure(error: CognitoError) -> Answer:
    """Make the answer that an error looks like on the wire."""
    return Answer(
        error.status,
        json.dumps({"__type": error.code, "message": error.message}).encode(),
        {
            "Content-Type": CONTENT_TYPE,
            "x-amzn-ErrorType": error.code,
            "x-amzn-ErrorMessage": _header(error.message),
        },
    )


def new_request_id() -> str:
    """Return a fresh value for x-amzn-RequestId."""
    return str(uuid.uuid4())


def parse_body(body: bytes) -> dict[str, Any]:
    """Parse a request's body; an empty one is {}. Raises SerializationException as Cognito does."""
    if not body:
        return {}
    try:
        data = json.loads(body)
    except ValueError:
        raise CognitoError("SerializationException", "The body is not JSON.") from None
    if not isinstance(data, dict):
        raise CognitoError("SerializationException", "Start of structure or map found where not expected.")
    return data


ROOT_KEY = "test"


def credential_scope(authorization: str) -> tuple[str, str] | None:
    """Return the access key and Region that a SigV4 Authorization header names, None for an unsigned request.

    See IAM/latest/UserGuide/reference_sigv-signing-elements.html.
    """
    match = _SCOPE.search(authorization)
    return (match[1], match[2]) if match else None


def authorization_for(access_key: str, region: str, service: str = "cognito-idp") -> str:
    """Make an Authorization header that names a Region. The signature is not one: only the scope is read.

    A role's temporary key would need a true signature, which only its owner can make: the front then asks
    as the account's root, whose signature ministack does not check.
    """
    if access_key.startswith("ASIA"):
        access_key = ROOT_KEY
    day = time.strftime("%Y%m%d", time.gmtime())
    scope = f"{access_key}/{day}/{region}/{service}/aws4_request"
    return f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature={'0' * 64}"


def claims_of_token(token: Any) -> dict[str, Any]:
    """Return a user token's claims, unverified; {} where there are none."""
    try:
        claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "==="))
    except (AttributeError, IndexError, TypeError, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}


def pool_of_token(token: Any) -> str:
    """Return the pool id in a user token's `iss` claim, unverified; an empty string where there is none."""
    return str(claims_of_token(token).get("iss") or "").rsplit("/", 1)[-1]


def region_of_pool(pool_id: str) -> str:
    """Return the Region in a pool id such as `eu-west-1_AbCdEf`."""
    return pool_id.rsplit("_", 1)[0]


def attributes_of(attributes: Any) -> dict[str, str]:
    """Turn a list of Name and Value pairs into a map; what is not a pair is left out."""
    if not isinstance(attributes, list):
        return {}
    return {
        str(item["Name"]): str(item.get("Value") or "")
        for item in attributes
        if isinstance(item, dict) and "Name" in item
    }


def _header(text: str) -> str:
    """Make a text safe for an HTTP header."""
    return re.sub(r"[^\x20-\x7e]", "?", text)[:512]
