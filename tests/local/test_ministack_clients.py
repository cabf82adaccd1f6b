"""What the product relies on in ministack's app clients, mended."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

if TYPE_CHECKING:
    from tests.local.front_stack import FrontStack

pytest_plugins = ["tests.local.front_stack"]

SECRET = "an_old_secret_of_48_characters_in_all_0123456789"
ROTATION: Any = {"Feature": "ENABLED", "RetryGracePeriodSeconds": 10}


def machine_client(front: FrontStack, pool: str, region: str) -> str:
    front.client(region).create_resource_server(
        UserPoolId=pool,
        Identifier="things",
        Name="things",
        Scopes=[{"ScopeName": "read", "ScopeDescription": "Read things"}],
    )
    return front.app_client(
        pool,
        region,
        ClientSecret=SECRET,
        AllowedOAuthFlows=["client_credentials"],
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthScopes=["things/read"],
    )


def token(front: FrontStack, app: str, secret: str) -> tuple[int, dict[str, Any]]:
    """Ask for a token as a machine does: client credentials, Basic authentication."""
    basic = base64.b64encode(f"{app}:{secret}".encode()).decode()
    status, _, answer = front.http(
        "POST",
        "/oauth2/token",
        urlencode({"grant_type": "client_credentials", "scope": "things/read"}).encode(),
        {"Content-Type": "application/x-www-form-urlencoded", "Authorization": f"Basic {basic}"},
    )
    return status, answer


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_a_machine_gets_a_token_with_its_old_secret(front: FrontStack, region: str) -> None:
    pool = front.pool(region)
    app = machine_client(front, pool, region)
    status, answer = token(front, app, SECRET)
    assert (status, answer["token_type"]) == (200, "Bearer")
    claims = json.loads(base64.urlsafe_b64decode(answer["access_token"].split(".")[1] + "==="))
    assert (claims["client_id"], claims["scope"]) == (app, "things/read")
    assert claims["iss"].endswith(pool)


def test_a_machine_gets_none_with_another(front: FrontStack) -> None:
    app = machine_client(front, front.pool(), "us-east-1")
    assert token(front, app, SECRET[::-1]) == (
        400,
        {"error": "invalid_client", "error_description": "Invalid client credentials."},
    )


def test_the_rotation_of_refresh_tokens_is_kept(front: FrontStack) -> None:
    pool = front.pool()
    app = front.app_client(pool, RefreshTokenRotation=ROTATION)
    cognito = front.client()

    def rotation() -> Any:
        client = cognito.describe_user_pool_client(UserPoolId=pool, ClientId=app)["UserPoolClient"]
        return client["RefreshTokenRotation"]

    assert rotation() == ROTATION
    off: Any = {"Feature": "DISABLED"}
    cognito.update_user_pool_client(UserPoolId=pool, ClientId=app, RefreshTokenRotation=off)
    assert rotation() == off
