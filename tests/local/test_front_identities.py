"""Identities of outside providers: linked to users, and signing in through the control API."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.local.front_stack import FrontStack

pytest_plugins = ["tests.local.front_stack"]

INVALID = "InvalidParameterException"
SAML: dict[str, str] = {"MetadataURL": "https://idp.example.com/metadata"}
SOCIAL: dict[str, str] = {"client_id": "x", "client_secret": "y", "authorize_scopes": "openid"}


def refusal(call: Callable[..., Any], **parameters: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def federated_pool(front: FrontStack, *names: str, region: str = "us-east-1", **settings: Any) -> str:
    """Make a pool with identity providers: Google, or SAML ones of any other name."""
    pool = front.pool(region, **settings)
    for name in names or ("Corp", "Google"):
        front.client(region).create_identity_provider(
            UserPoolId=pool,
            ProviderName=name,
            ProviderType="Google" if name == "Google" else "SAML",
            ProviderDetails=SOCIAL if name == "Google" else SAML,
        )
    return pool


def link(
    front: FrontStack,
    pool: str,
    username: str,
    provider: str,
    user_id: str,
    by: str = "Cognito_Subject",
) -> None:
    front.client().admin_link_provider_for_user(
        UserPoolId=pool,
        DestinationUser={"ProviderName": "Cognito", "ProviderAttributeValue": username},
        SourceUser={
            "ProviderName": provider,
            "ProviderAttributeName": by,
            "ProviderAttributeValue": user_id,
        },
    )


def sign_in(front: FrontStack, pool: str, provider: str, user_id: str, **more: Any) -> dict[str, Any]:
    body = {"pool_id": pool, "provider": provider, "user_id": user_id, **more}
    return dict(front.control("POST", "federated", body))


def refused_sign_in(front: FrontStack, **body: Any) -> tuple[int, str]:
    status, _, answer = front.http("POST", "/_front/federated", body)
    return status, answer.get("code", answer.get("field"))


def identities(front: FrontStack, pool: str, username: str) -> list[dict[str, Any]]:
    """Return what ListUsers shows of a user's identities."""
    (user,) = front.client().list_users(UserPoolId=pool, Filter=f'username = "{username}"')["Users"]
    found = {entry["Name"]: entry.get("Value", "") for entry in user["Attributes"]}
    return list(json.loads(found.get("identities", "[]")))


def claims(token: str) -> dict[str, Any]:
    return dict(json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "===")))


# --- links


def test_a_linked_identity_is_among_the_users(front: FrontStack) -> None:
    pool = federated_pool(front)
    front.user(pool, "ana")
    link(front, pool, "ana", "Google", "g-1")
    link(front, pool, "ana", "Corp", "c-1")
    assert [
        (entry["providerName"], entry["userId"], entry["primary"]) for entry in identities(front, pool, "ana")
    ] == [("Google", "g-1", False), ("Corp", "c-1", False)]


def test_linking_again_is_refused_and_changes_nothing(front: FrontStack) -> None:
    pool = federated_pool(front)
    front.user(pool, "ana")
    link(front, pool, "ana", "Google", "g-1")
    before = identities(front, pool, "ana")
    assert refusal(link, front=front, pool=pool, username="ana", provider="Google", user_id="g-1") == (
        INVALID,
        "SourceUser is already linked to DestinationUser",
    )
    assert identities(front, pool, "ana") == before


def test_an_identity_is_linked_to_one_user(front: FrontStack) -> None:
    pool = federated_pool(front)
    for name in ("ana", "ben"):
        front.user(pool, name)
    link(front, pool, "ana", "Google", "g-1")
    wish: dict[str, Any] = {"front": front, "pool": pool, "provider": "Google", "user_id": "g-1"}
    assert refusal(link, username="ben", **wish)[0] == "AliasExistsException"
    front.client().admin_delete_user(UserPoolId=pool, Username="ana")
    link(username="ben", **wish)


def test_a_user_has_five_links(front: FrontStack) -> None:
    pool = federated_pool(front)
    front.user(pool, "ana")
    for number in range(5):
        link(front, pool, "ana", "Corp", f"c-{number}")
    wish: dict[str, Any] = {"front": front, "pool": pool, "provider": "Corp", "user_id": "c-5"}
    assert refusal(link, username="ana", **wish)[0] == "LimitExceededException"


def test_the_provider_is_one_of_the_pools(front: FrontStack) -> None:
    pool = federated_pool(front, "Corp")
    front.user(pool, "ana")
    wish: dict[str, Any] = {"front": front, "pool": pool, "provider": "Google", "user_id": "g-1"}
    code, message = refusal(link, username="ana", **wish)
    assert (code, f"Google does not exist for User Pool {pool}" in message) == (INVALID, True)


def test_social_identities_are_linked_by_their_subject(front: FrontStack) -> None:
    pool = federated_pool(front)
    front.user(pool, "ana")
    wish: dict[str, Any] = {"front": front, "pool": pool, "username": "ana", "by": "email"}
    code, _ = refusal(link, provider="Google", user_id="a@example.com", **wish)
    assert code == INVALID
    link(provider="Corp", user_id="a@example.com", **wish)


@pytest.mark.parametrize("settings", [{"UsernameAttributes": ["email"]}, {"AliasAttributes": ["email"]}])
def test_the_user_is_named_by_the_username_not_by_an_alias(
    front: FrontStack, settings: dict[str, Any]
) -> None:
    pool = federated_pool(front, **settings)
    name = "ana@example.com" if "UsernameAttributes" in settings else "ana"
    username = front.user(pool, name, email="ana@example.com", email_verified="true")["Username"]
    wish: dict[str, Any] = {"front": front, "pool": pool, "provider": "Google", "user_id": "g-1"}
    assert refusal(link, username="ana@example.com", **wish)[0] == "UserNotFoundException"
    link(username=username, **wish)


def test_an_identity_that_has_signed_in_is_not_linked(front: FrontStack) -> None:
    pool = federated_pool(front)
    front.user(pool, "ana")
    sign_in(front, pool, "Google", "g-1")
    wish: dict[str, Any] = {"front": front, "pool": pool, "provider": "Google", "user_id": "g-1"}
    code, message = refusal(link, username="ana", **wish)
    assert (code, "Merging is not currently supported" in message) == (INVALID, True)


# --- signing in


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
@pytest.mark.parametrize("provider", ["Corp", "Google"])
def test_a_first_sign_in_makes_a_profile(front: FrontStack, region: str, provider: str) -> None:
    pool = federated_pool(front, provider, region=region)
    attributes = {"email": "vera@example.com", "name": "Vera"}
    answer = sign_in(front, pool, provider, "v-1", attributes=attributes)
    group = f"{pool}_{provider}"
    assert (answer["username"], answer["groups"]) == (f"{provider}_v-1", [group])
    cognito = front.client(region)
    (user,) = cognito.list_users(UserPoolId=pool)["Users"]
    assert (user["Username"], user["UserStatus"]) == (f"{provider}_v-1", "EXTERNAL_PROVIDER")
    found = {entry["Name"]: entry.get("Value", "") for entry in user["Attributes"]}
    (identity,) = json.loads(found.pop("identities"))
    assert found == {**attributes, "sub": answer["sub"]}
    assert isinstance(identity.pop("dateCreated"), int)
    assert identity == {
        "userId": "v-1",
        "providerName": provider,
        "providerType": "Google" if provider == "Google" else "SAML",
        "issuer": None,
        "primary": True,
    }
    groups = cognito.admin_list_groups_for_user(UserPoolId=pool, Username=user["Username"])["Groups"]
    assert [entry["GroupName"] for entry in groups] == [group]


def test_a_later_sign_in_updates_the_profile(front: FrontStack) -> None:
    pool = federated_pool(front)
    first = sign_in(front, pool, "Google", "g-1", attributes={"email": "v@example.com", "name": "Vera"})
    again = sign_in(front, pool, "Google", "g-1", attributes={"name": "Vera B."})
    assert (again["username"], again["sub"]) == (first["username"], first["sub"])
    found = front.attributes(pool, "Google_g-1")
    assert (found["email"], found["name"]) == ("v@example.com", "Vera B.")
    assert len(front.client().list_users(UserPoolId=pool)["Users"]) == 1


def test_a_linked_identity_signs_its_user_in(front: FrontStack) -> None:
    pool = federated_pool(front)
    sub = {entry["Name"]: entry["Value"] for entry in front.user(pool, "ana")["Attributes"]}["sub"]
    front.client().create_group(UserPoolId=pool, GroupName="staff")
    front.client().admin_add_user_to_group(UserPoolId=pool, Username="ana", GroupName="staff")
    link(front, pool, "ana", "Corp", "c-1")
    answer = sign_in(front, pool, "Corp", "c-1")
    assert (answer["username"], answer["sub"], answer["groups"]) == ("ana", sub, ["staff"])
    assert len(front.client().list_users(UserPoolId=pool)["Users"]) == 1


def test_the_token_is_that_of_an_app_client_which_takes_the_provider(front: FrontStack) -> None:
    pool = federated_pool(front)
    local = front.app_client(pool, SupportedIdentityProviders=["COGNITO"])
    taking = front.app_client(pool, SupportedIdentityProviders=["Corp"])
    found = claims(sign_in(front, pool, "Corp", "c-1")["id_token"])
    assert (found["aud"], found["cognito:username"]) == (taking, "Corp_c-1")
    assert found["identities"][0]["providerName"] == "Corp"
    assert claims(sign_in(front, pool, "Corp", "c-1", client_id=local)["id_token"])["aud"] == local


def test_a_disabled_user_does_not_sign_in(front: FrontStack) -> None:
    pool = federated_pool(front)
    sign_in(front, pool, "Corp", "c-1")
    front.client().admin_disable_user(UserPoolId=pool, Username="Corp_c-1")
    assert refused_sign_in(front, pool_id=pool, provider="Corp", user_id="c-1") == (
        400,
        "NotAuthorizedException",
    )


def test_who_cannot_sign_in(front: FrontStack) -> None:
    pool = federated_pool(front, "Corp")
    user = {"pool_id": pool, "provider": "Corp", "user_id": "c-1"}
    for wrong in ({"pool_id": "us-east-1_Nowhere00"}, {"provider": "Google"}, {"client_id": "nobody"}):
        assert refused_sign_in(front, **{**user, **wrong}) == (400, "ResourceNotFoundException")
    assert refused_sign_in(front, pool_id=pool, provider="Corp") == (400, "user_id")
    assert refused_sign_in(front, **user, attributes={"name": 1}) == (400, "attributes.name")
    front.control("PUT", "regions/us-east-1", {"available": False})
    assert refused_sign_in(front, **user) == (503, "ServiceUnavailable")


def test_no_client_of_cognito_can_sign_anybody_in(front: FrontStack) -> None:
    target = {"X-Amz-Target": "AWSCognitoIdentityProviderService.EmbeddedFederatedSignIn"}
    status, _, answer = front.http("POST", "/", {"UserPoolId": federated_pool(front)}, target)
    assert (status, answer["__type"]) == (400, "UnknownOperationException")
