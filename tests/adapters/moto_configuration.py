"""Parts of a pool's configuration that moto cannot describe: what a test sets here is what they answer.

The answers are as the API documents them. Nobody says what DescribeRiskConfiguration answers for a client
without settings of its own; here it is the pool's, which is what could mislead an export.
"""

from __future__ import annotations

from typing import Any

import pytest
from moto.cognitoidp.exceptions import ResourceNotFoundError
from moto.cognitoidp.models import CognitoIdpUserPool
from moto.cognitoidp.responses import CognitoIdpResponse
from moto.core.responses import ActionResult

from tests.adapters.pools import Pool

ALL = "ALL"


def set_part(pool: Pool, kind: str, content: dict[str, Any] | None, client_id: str = ALL) -> None:
    """What the pool answers for UI, RISK, BRANDING or LOGS from now on; None for nothing."""
    _parts(pool.inside)[kind, client_id] = content


def describe_whole_pools(patch: pytest.MonkeyPatch) -> None:
    """Teach moto the operations."""

    def answer(kind: str, field: str, empty: dict[str, Any] | None, inherits: bool = False) -> Any:
        def respond(self: CognitoIdpResponse) -> ActionResult:
            pool = self.backend.describe_user_pool(self._get_param("UserPoolId"))
            client_id = self._get_param("ClientId") or ALL
            found = _parts(pool).get((kind, client_id))
            if found is None and inherits:
                found = _parts(pool).get((kind, ALL))
            if found is None and empty is None:
                raise ResourceNotFoundError(client_id)
            return ActionResult({field: empty if found is None else found})

        return respond

    for name, respond in {
        "get_ui_customization": answer("UI", "UICustomization", {}, inherits=True),
        "describe_risk_configuration": answer("RISK", "RiskConfiguration", {}, inherits=True),
        "describe_managed_login_branding_by_client": answer("BRANDING", "ManagedLoginBranding", None),
        "get_log_delivery_configuration": answer(
            "LOGS", "LogDeliveryConfiguration", {"LogConfigurations": []}
        ),
    }.items():
        patch.setattr(CognitoIdpResponse, name, respond, raising=False)


def _parts(pool: CognitoIdpUserPool) -> dict[tuple[str, str], dict[str, Any] | None]:
    parts: dict[tuple[str, str], dict[str, Any] | None] = vars(pool).setdefault("parts_described", {})
    return parts
