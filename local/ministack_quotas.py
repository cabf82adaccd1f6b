"""Service Quotas, which ministack does not have: Cognito's request quotas as a new account has them.

The names are AWS's; the numbers are those by which the Cognito front limits (local/front/categories.py).
Nothing can be raised here.
"""

import json
from typing import Any

from ministack import app as gateway
from ministack.core import router

from local.front.categories import CATEGORIES

SERVICE = "servicequotas"  # what requests are signed for
TARGET = "ServiceQuotasV20190624"
COGNITO = "cognito-idp"
_ADJUSTABLE = (
    "UserAuthentication",
    "UserCreation",
    "UserFederation",
    "UserRead",
    "UserResourceRead",
    "UserToken",
)
_UNNAMED = ("LimitManagement", "UserAuthenticationChallenges")

Answer = tuple[int, dict[str, str], bytes]


def quotas() -> list[dict[str, Any]]:
    """Return Cognito's quotas as ListServiceQuotas gives them."""
    found: list[dict[str, Any]] = []
    for name, category in CATEGORIES.items():
        if name in _UNNAMED:
            continue
        per = " per account" if category.per_pool is not None or name == "ClientAuthentication" else ""
        found.append(_quota(f"Rate of {name} requests{per}", category.rate, name in _ADJUSTABLE))
        if category.per_pool is not None:
            found.append(_quota(f"Rate of {name} requests per user pool", category.per_pool, False))
    return found


def _quota(name: str, value: float, adjustable: bool) -> dict[str, Any]:
    return {
        "ServiceCode": COGNITO,
        "ServiceName": "Amazon Cognito User Pools",
        "QuotaName": name,
        "Value": value,
        "Unit": "None",
        "Adjustable": adjustable,
        "GlobalQuota": False,
    }


async def handle_request(method: str, path: str, headers: dict[str, str], body: bytes, query: Any) -> Answer:
    """Answer the two operations that list quotas."""
    operation = headers.get("x-amz-target", "").rpartition(".")[2]
    if operation not in ("ListServiceQuotas", "ListAWSDefaultServiceQuotas"):
        return _json(400, {"__type": "UnknownOperationException", "message": f"{operation} is not served"})
    asked = json.loads(body or b"{}").get("ServiceCode")
    if asked != COGNITO:
        return _json(400, {"__type": "NoSuchResourceException", "message": f"no quotas of {asked} are known"})
    return _json(200, {"Quotas": quotas()})


def _json(status: int, content: dict[str, Any]) -> Answer:
    return status, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(content).encode()


def serve() -> None:
    """Let ministack's gateway hand requests for Service Quotas to this module."""
    router.SERVICE_PATTERNS[SERVICE] = {"target_prefixes": [TARGET]}
    gateway.SERVICE_HANDLERS[SERVICE] = handle_request
