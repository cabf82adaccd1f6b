"""Cognito's request quotas of the account in a Region, against those that a stack assumes.

Service Quotas has what AWS has granted (service code cognito-idp). Of a raised quota an account may have only
a part switched on: what Cognito enforces is GetProvisionedLimit's answer, where it gives one
(https://docs.aws.amazon.com/cognito/latest/developerguide/quotas.html,
https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_GetProvisionedLimit.html).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from cli.connection import Connection, Stack
from cli.problems import problem_of
from lifeboat.pacing import QUOTAS, Category, Quotas

SERVICE: Final = "cognito-idp"

PARAMETERS: Final[Mapping[Category, str]] = {
    Category.USER_CREATION: "UserCreationQuota",
    Category.USER_READ: "UserReadQuota",
}
"""The categories that AWS raises and that a run meets, each with the parameter that says so."""

_PER_POOL: Final = frozenset(
    {
        Category.USER_POOL_CLIENT_READ,
        Category.USER_POOL_CLIENT_UPDATE,
        Category.USER_POOL_RESOURCE_READ,
        Category.USER_POOL_RESOURCE_UPDATE,
    }
)
"""Here each operation on one pool has a lower quota of its own, and that is what a run meets."""


@dataclass(frozen=True, slots=True)
class QuotaLine:
    """A category: requests a second. `account` is None where it could not be read."""

    category: str
    assumed: float
    account: float | None
    for_export: float
    for_import: float
    parameter: str

    @property
    def finding(self) -> str:
        """What differs, and what follows; "" if nothing does."""
        if self.account is None or self.account == self.assumed:
            return ""
        if self.account < self.assumed:
            mend = f"set {self.parameter}={self.account:g}" if self.parameter else "lower the shares"
            return f"the account has {self.account:g}: runs would be throttled; {mend}"
        if self.parameter:
            return f"the account has {self.account:g}: set {self.parameter}={self.account:g} for more speed"
        return ""

    @property
    def too_high(self) -> bool:
        """Whether more is assumed than there is."""
        return self.account is not None and self.account < self.assumed

    def document(self) -> dict[str, Any]:
        """The line for a program."""
        return {
            "category": self.category,
            "assumed": self.assumed,
            "account": self.account,
            "used_by_export": self.for_export,
            "used_by_import": self.for_import,
            "finding": self.finding,
        }


def quota_name(category: Category) -> str:
    """What Service Quotas calls the quota that a run meets."""
    return f"Rate of {category.value} requests" + (" per user pool" if category in _PER_POOL else "")


def quota_lines(connection: Connection, stack: Stack) -> tuple[list[QuotaLine], str]:
    """All categories, and why the account's quotas could not be read, "" if they could."""
    parameters = stack.parameters
    assumed = Quotas(
        float(parameters.get("UserCreationQuota") or QUOTAS[Category.USER_CREATION]),
        float(parameters.get("UserReadQuota") or QUOTAS[Category.USER_READ]),
    )
    export, restore = (
        float(parameters.get(name) or default)
        for name, default in (("ExportQuotaShare", 50), ("ImportQuotaShare", 90))
    )
    granted: Mapping[str, float] = {}
    problem = ""
    try:
        granted = granted_quotas(connection.client("service-quotas", stack.region))
    except (ClientError, BotoCoreError) as error:
        problem = problem_of(error).message
    lines = []
    for category in QUOTAS:
        quota = assumed.of(category)
        account = granted.get(quota_name(category))
        if category in PARAMETERS and account is not None:
            account = enforced(connection.client("cognito-idp", stack.region), category, account)
        lines.append(
            QuotaLine(
                category.value,
                quota,
                account,
                round(quota * export / 100, 2),
                round(quota * restore / 100, 2),
                PARAMETERS.get(category, ""),
            )
        )
    return lines, problem


def granted_quotas(client: Any) -> dict[str, float]:
    """The account's quotas of Cognito user pools, by name.

    Where AWS has no applied value, the default holds
    (https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_ListServiceQuotas.html).
    """
    found: dict[str, float] = {}
    for operation in ("list_aws_default_service_quotas", "list_service_quotas"):
        for page in client.get_paginator(operation).paginate(ServiceCode=SERVICE):
            found |= {
                str(each["QuotaName"]): float(each["Value"]) for each in page["Quotas"] if "Value" in each
            }
    return found


def enforced(client: Any, category: Category, granted: float) -> float:
    """What Cognito enforces of a granted quota: all of it, where it does not say otherwise."""
    try:
        answer = client.get_provisioned_limit(
            LimitDefinition={"LimitClass": "API_CATEGORY", "Attributes": {"Category": category.value}}
        )
    except (ClientError, BotoCoreError):
        return granted
    return float(answer["Limit"]["ProvisionedLimitValue"])
