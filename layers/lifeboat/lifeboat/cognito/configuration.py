"""A pool's configuration, part by part, as the API gives it and as it is kept in the backup.

    part                    read by                                 the document
    CONFIG                  DescribeUserPool                        UserPool, tags included
    MFA                     GetUserPoolMfaConfig                    the whole answer
    CLIENT#<client id>      DescribeUserPoolClient                  UserPoolClient
    IDP#<provider name>     DescribeIdentityProvider                IdentityProvider
    RESOURCE_SERVER#<id>    DescribeResourceServer                  ResourceServer
    DOMAIN#<domain>         DescribeUserPoolDomain                  DomainDescription
    UI#<client id or ALL>   GetUICustomization                      UICustomization (classic hosted UI)
    BRANDING#<client id>    DescribeManagedLoginBrandingByClient    ManagedLoginBranding
    RISK#<client id or ALL> DescribeRiskConfiguration               RiskConfiguration
    LOGS                    GetLogDeliveryConfiguration             LogDeliveryConfiguration

A document is a JSON value: what changes by itself (dates, status, versions) is left out, and bytes, such as
the images of a branding, stand as {"$base64": "…"}; `with_bytes` turns them back. Without
`CaptureClientSecrets` no document holds a secret; the field SecretsLeftOut then names those that there are.
API: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/Welcome.html
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

ALL = "ALL"
"""In place of a client id: the setting of all clients that have none of their own."""

BASE64 = "$base64"
LEFT_OUT = "SecretsLeftOut"


class Part(StrEnum):
    """The kinds of part; the value begins the part's name."""

    CONFIG = "CONFIG"
    MFA = "MFA"
    CLIENT = "CLIENT"
    IDP = "IDP"
    RESOURCE_SERVER = "RESOURCE_SERVER"
    DOMAIN = "DOMAIN"
    UI = "UI"
    BRANDING = "BRANDING"
    RISK = "RISK"
    LOGS = "LOGS"


VOLATILE: Mapping[Part, frozenset[str]] = {
    Part.CONFIG: frozenset(
        {"EstimatedNumberOfUsers", "Status", "SmsConfigurationFailure", "EmailConfigurationFailure"}
    ),
    Part.MFA: frozenset({"ResponseMetadata"}),
    # The version and the bucket are those of the pages that Cognito serves there, and change with them.
    Part.DOMAIN: frozenset({"AWSAccountId", "S3Bucket", "Status", "Version"}),
    Part.UI: frozenset({"CSSVersion"}),
}
"""Fields that say how a part is at the moment, not how it is configured, besides the dates."""

DATES = frozenset({"CreationDate", "LastModifiedDate"})

_SECRET = re.compile("secret|private_?key|password", re.IGNORECASE)
"""Fields of a client and keys of ProviderDetails that hold secrets: ClientSecret, client_secret, private_key,
and what may be added like them."""

_RISK_SETTINGS = (
    "CompromisedCredentialsRiskConfiguration",
    "AccountTakeoverRiskConfiguration",
    "RiskExceptionConfiguration",
)


def part_name(kind: Part, identifier: str = "") -> str:
    """A part's name, which is its sort key in the backup."""
    return f"{kind.value}#{identifier}" if identifier else kind.value


def split_name(name: str) -> tuple[Part, str]:
    """A part's kind, and what it is the configuration of ("" for the pool itself)."""
    kind, _, identifier = name.partition("#")
    return Part(kind), identifier


def document_of(kind: Part, answer: Mapping[str, Any], with_secrets: bool = False) -> dict[str, Any]:
    """The document that is kept of an API's answer."""
    volatile = VOLATILE.get(kind, frozenset()) | DATES
    document: dict[str, Any] = _plain({name: value for name, value in answer.items() if name not in volatile})
    return document if with_secrets else _without_secrets(kind, document)


def says_nothing(kind: Part, document: Mapping[str, Any]) -> bool:
    """Whether the answer only says that nothing is configured.

    These operations answer with an empty structure where others say ResourceNotFoundException.
    """
    if kind is Part.UI:
        return not (document.get("CSS") or document.get("ImageUrl"))
    if kind is Part.RISK:
        return not any(document.get(name) for name in _RISK_SETTINGS)
    if kind is Part.LOGS:
        return not document.get("LogConfigurations")
    return not document


def same_risk(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two risk configurations have the same settings."""
    return all(one.get(name) == other.get(name) for name in _RISK_SETTINGS)


def with_bytes(value: Any) -> Any:
    """A document's value with every {"$base64": "…"} turned back into bytes, ready to be sent."""
    if isinstance(value, Mapping):
        if value.keys() == {BASE64}:
            return b64decode(value[BASE64])
        return {name: with_bytes(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [with_bytes(inner) for inner in value]
    return value


def _plain(value: Any) -> Any:
    """The value as JSON can say it, without moments in time."""
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items() if not isinstance(inner, datetime)}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value if not isinstance(inner, datetime)]
    if isinstance(value, bytes | bytearray):
        return {BASE64: b64encode(value).decode()}
    return value


def _without_secrets(kind: Part, document: dict[str, Any]) -> dict[str, Any]:
    if kind not in (Part.CLIENT, Part.IDP):
        return document
    holder = document if kind is Part.CLIENT else document.get("ProviderDetails", {})
    left_out = sorted(name for name in holder if _SECRET.search(name))
    if not left_out:
        return document
    rest = {name: value for name, value in holder.items() if name not in left_out}
    shown = rest if kind is Part.CLIENT else {**document, "ProviderDetails": rest}
    return {**shown, LEFT_OUT: left_out}
