"""The Region is lost, and a user is let in before the import has come to anybody."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.fidelity.probing import RESET_CODE
from tests.e2e.world import PRIMARY, World, outcome, wait_for

CHOSEN = "Chosen-by-the-us3r!"
FLOWS = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]


def groups_in(token: str) -> set[str]:
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "==="))
    return set(claims.get("cognito:groups", ()))


def signed_in(cognito: Any, client_id: str, username: str, password: str) -> dict[str, Any]:
    answer = cognito.initiate_auth(
        ClientId=client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": username, "PASSWORD": password},
    )
    tokens: dict[str, Any] = answer["AuthenticationResult"]
    return tokens


def refusal(cognito: Any, client_id: str, username: str) -> str:
    with pytest.raises(ClientError) as caught:
        signed_in(cognito, client_id, username, "Wrong-to-the-1etter!")
    return str(caught.value.response["Error"])


def test_a_user_comes_back_by_forgot_password_before_the_import_reaches_anybody(exported: World) -> None:
    # Given a lost Region, and an import that has attached the functions but restored nobody yet
    world = exported
    assert outcome(world.export()) == "SUCCEEDED"
    lost = world.snapshot(world.deployment.user_pool_id)
    username, user = next(
        (name, user)
        for name, user in sorted(lost.items())
        if user["groups"]
        and user["enabled"]
        and user["status"] == "CONFIRMED"
        and user["attributes"].get("email_verified") == "true"
    )
    pool_id = world.empty_pool()
    cognito = world.client("cognito-idp")
    client_id = cognito.create_user_pool_client(
        UserPoolId=pool_id,
        ClientName="app",
        ExplicitAuthFlows=FLOWS,
        PreventUserExistenceErrors="ENABLED",
    )["UserPoolClient"]["ClientId"]
    world.region_available(PRIMARY, False)
    with world.consumers_paused():
        given = {"NewUserPoolId": pool_id, "OnDemand": True, "Memberships": "ON_SIGN_IN", "UserLane": "api"}
        execution = world.start("Import", given)

        def triggers() -> dict[str, Any]:
            described: dict[str, Any] = cognito.describe_user_pool(UserPoolId=pool_id)["UserPool"]
            return dict(described.get("LambdaConfig") or {})

        wait_for(lambda: "UserMigration" in triggers(), "the triggers")
        assert world.snapshot(pool_id) == {}
        # When the user asks for "Forgot password", whoever else signs in is refused like an unknown name
        assert refusal(cognito, client_id, username) == refusal(cognito, client_id, "nobody-of-this-name")
        assert cognito.forgot_password(ClientId=client_id, Username=username)["CodeDeliveryDetails"]
        cognito.confirm_forgot_password(
            ClientId=client_id, Username=username, ConfirmationCode=RESET_CODE, Password=CHOSEN
        )
        tokens = signed_in(cognito, client_id, username, CHOSEN)
        # Then the user is in, with the groups of the backup in the token and in the pool
        wait_for(lambda: world.groups(pool_id).keys() >= user["groups"], "the groups")
        tokens = signed_in(cognito, client_id, username, CHOSEN)
        assert groups_in(tokens["IdToken"]) == user["groups"]
        [there] = world.snapshot(pool_id).values()
        assert there["attributes"] == user["attributes"]
        assert there["groups"] == user["groups"]
    # And the import completes all the others, leaves the user alone, and takes the function off again
    result = world.result(execution)
    assert outcome(result) == "SUCCEEDED"
    assert triggers().keys() == {"PreTokenGenerationConfig"}
    restored = world.snapshot(pool_id)
    assert restored.keys() == lost.keys()
    assert signed_in(cognito, client_id, username, CHOSEN)
    report = world.report(json.loads(result["output"])["ImportId"])
    left = sum(len(each["groups"]) for each in lost.values()) - report["totals"]["memberships"]["restored"]
    assert report["totals"]["memberships"]["at_sign_in"] == left > 0
    assert report["lanes"]["why_api"]["had come back by signing in"] == 1
