"""App clients: what they name must exist, and a secret of one's own is the secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.local.front_stack import FrontStack

pytest_plugins = ["tests.local.front_stack"]

SECRET = "an_old_secret_of_48_characters_in_all_0123456789"
SCOPE = "https://api.example.com/things/read"


def refusal(call: Callable[..., Any], **parameters: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def described(front: FrontStack, pool: str, app: str) -> dict[str, Any]:
    answer = front.client().describe_user_pool_client(UserPoolId=pool, ClientId=app)
    return dict(answer["UserPoolClient"])


def test_a_client_has_the_secret_it_was_given(front: FrontStack) -> None:
    pool = front.pool()
    app = front.app_client(pool, ClientSecret=SECRET)
    assert described(front, pool, app)["ClientSecret"] == SECRET


def test_a_secret_is_given_or_generated_but_not_both(front: FrontStack) -> None:
    pool = front.pool()
    create = front.client().create_user_pool_client
    code, message = refusal(
        create, UserPoolId=pool, ClientName="an app", ClientSecret=SECRET, GenerateSecret=True
    )
    assert code == "InvalidParameterException"
    assert SECRET not in message
    assert described(front, pool, front.app_client(pool, GenerateSecret=True))["ClientSecret"] != SECRET
    without = front.app_client(pool, ClientSecret=SECRET, GenerateSecret=False)
    assert described(front, pool, without)["ClientSecret"] == SECRET


@pytest.mark.parametrize("secret", ["x" * 65, "twenty-four characters!!"])
def test_a_secret_that_cannot_be_one(front: FrontStack, secret: str) -> None:
    create = front.client().create_user_pool_client
    code, message = refusal(create, UserPoolId=front.pool(), ClientName="an app", ClientSecret=secret)
    assert code == "InvalidParameterException"
    assert secret not in message


def test_custom_scopes_are_those_of_the_pools_resource_servers(front: FrontStack) -> None:
    pool = front.pool()
    cognito = front.client()
    create = cognito.create_user_pool_client
    wish: dict[str, Any] = {
        "UserPoolId": pool,
        "ClientName": "an app",
        "AllowedOAuthFlows": ["client_credentials"],
        "AllowedOAuthFlowsUserPoolClient": True,
        "AllowedOAuthScopes": [SCOPE],
        "GenerateSecret": True,
    }
    assert refusal(create, **wish) == ("ScopeDoesNotExistException", f"Invalid scope requested: {SCOPE}")
    identifier, _, name = SCOPE.rpartition("/")
    cognito.create_resource_server(
        UserPoolId=pool,
        Identifier=identifier,
        Name="things",
        Scopes=[{"ScopeName": name, "ScopeDescription": "Read things"}],
    )
    app = create(**wish)["UserPoolClient"]["ClientId"]
    code, _ = refusal(
        cognito.update_user_pool_client,
        UserPoolId=pool,
        ClientId=app,
        AllowedOAuthScopes=[SCOPE, f"{identifier}/write"],
    )
    assert code == "ScopeDoesNotExistException"


def test_cognitos_own_scopes_are_always_there(front: FrontStack) -> None:
    scopes = ["phone", "email", "openid", "profile", "aws.cognito.signin.user.admin"]
    pool = front.pool()
    app = front.app_client(
        pool,
        AllowedOAuthScopes=scopes,
        AllowedOAuthFlows=["code"],
        AllowedOAuthFlowsUserPoolClient=True,
        CallbackURLs=["https://app.example.com"],
    )
    assert described(front, pool, app)["AllowedOAuthScopes"] == scopes


def test_providers_are_those_of_the_pool(front: FrontStack) -> None:
    pool = front.pool()
    cognito = front.client()
    create = cognito.create_user_pool_client
    wish: dict[str, Any] = {
        "UserPoolId": pool,
        "ClientName": "an app",
        "SupportedIdentityProviders": ["COGNITO", "Google"],
    }
    assert refusal(create, **wish) == (
        "InvalidParameterException",
        f"The provider Google does not exist for User Pool {pool}.",
    )
    cognito.create_identity_provider(
        UserPoolId=pool,
        ProviderName="Google",
        ProviderType="Google",
        ProviderDetails={"client_id": "x", "client_secret": "y", "authorize_scopes": "openid"},
    )
    assert create(**wish)["UserPoolClient"]["SupportedIdentityProviders"] == ["COGNITO", "Google"]
