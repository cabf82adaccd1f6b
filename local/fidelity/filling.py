"""A pool of a kind, made and filled by the calls that an application and its administrators make."""

import base64
import hmac
import json
import struct
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from local.fidelity.group_kinds import CROWD, GROUP_KINDS, NEW_ROLE, OLD_ROLE, ROLE
from local.fidelity.pool_arguments import SMS_ROLE
from local.fidelity.pool_kinds import PoolKind
from local.fidelity.specimens import PROVIDER, Specimen
from local.fidelity.user_kinds import Cast
from local.front_control import FrontControl
from local.people import PASSWORD

APP: Final = "visitors"
"""The app client through which the harness acts as users; it is no part of what is compared."""

THREADS: Final = 8

PARTNER: Final = {
    "ProviderName": PROVIDER,
    "ProviderType": "OIDC",
    "ProviderDetails": {
        "client_id": "lifeboat",
        "client_secret": "partner-secret",
        "attributes_request_method": "GET",
        "oidc_issuer": "https://partner.example.com",
        "authorize_scopes": "openid email profile",
        "authorize_url": "https://partner.example.com/authorize",
        "token_url": "https://partner.example.com/token",
        "attributes_url": "https://partner.example.com/userinfo",
        "jwks_uri": "https://partner.example.com/keys",
    },
    "AttributeMapping": {"email": "email", "name": "name", "username": "sub"},
    "IdpIdentifiers": ["partner.example.com"],
}
"""CreateIdentityProvider's arguments, but for the pool."""


@dataclass(frozen=True, slots=True)
class App:
    """A pool and the app client through which the harness acts as its users."""

    cognito: Any
    pool_id: str
    client_id: str


def create_roles(iam: Any) -> None:
    """Make the IAM roles that groups and SMS settings name; nobody can assume them."""
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    for arn in (ROLE, OLD_ROLE, NEW_ROLE, SMS_ROLE):
        iam.create_role(RoleName=arn.rsplit("/", 1)[-1], Path="/people/", AssumeRolePolicyDocument=policy)


def create_pool(cognito: Any, kind: PoolKind, name: str) -> str:
    """Make an empty pool of a kind, with its identity provider, and return its id."""
    pool_id = str(cognito.create_user_pool(PoolName=name, **kind.arguments)["UserPool"]["Id"])
    if kind.mfa:
        cognito.set_user_pool_mfa_config(UserPoolId=pool_id, **kind.mfa)
    cognito.create_identity_provider(UserPoolId=pool_id, **PARTNER)
    return pool_id


def create_app(cognito: Any, pool_id: str) -> App:
    """Make the app client through which the harness acts as users."""
    client = cognito.create_user_pool_client(
        UserPoolId=pool_id,
        ClientName=APP,
        ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        PreventUserExistenceErrors="LEGACY",
    )
    return App(cognito, pool_id, client["UserPoolClient"]["ClientId"])


def fill(
    app: App, front: FrontControl, cast: Cast, progress: Callable[[int], object] = lambda done: None
) -> None:
    """Make the groups and users. The first refusal by Cognito is raised."""
    groups = [{"GroupName": group.name, **group.fields} for group in GROUP_KINDS]
    for group in (*groups, *({"GroupName": name} for name in CROWD)):
        app.cognito.create_group(UserPoolId=app.pool_id, **group)
        progress(1)

    def make(specimen: Specimen) -> None:
        _make(app, front, specimen)
        progress(1)

    with ThreadPoolExecutor(THREADS) as executor:
        for _ in executor.map(make, cast.specimens):
            pass


def _make(app: App, front: FrontControl, specimen: Specimen) -> None:
    """Bring one user into being, into its status, its groups, and out of action if it is disabled."""
    who = {"UserPoolId": app.pool_id, "Username": specimen.username}
    if specimen.federated:
        sign_in_through_provider(front, app, specimen.identities[0], specimen)
    else:
        _create(app, who, specimen)
        for user_id in specimen.identities:
            link(app, specimen.username, user_id)
    if specimen.factors:
        _set_factors(app, who, specimen)
    for name in specimen.groups:
        app.cognito.admin_add_user_to_group(**who, GroupName=name)
    if specimen.status == "RESET_REQUIRED":
        app.cognito.admin_reset_user_password(**who)
    if not specimen.enabled:
        app.cognito.admin_disable_user(**who)


def _create(app: App, who: dict[str, str], specimen: Specimen) -> None:
    attributes = [{"Name": name, "Value": value} for name, value in specimen.attributes.items()]
    if specimen.status == "UNCONFIRMED":
        app.cognito.sign_up(
            ClientId=app.client_id, Username=specimen.username, Password=PASSWORD, UserAttributes=attributes
        )
        return
    app.cognito.admin_create_user(**who, UserAttributes=attributes, MessageAction="SUPPRESS")
    if specimen.status != "FORCE_CHANGE_PASSWORD":
        app.cognito.admin_set_user_password(**who, Password=PASSWORD, Permanent=True)


def link(app: App, username: str, user_id: str) -> None:
    """Link an identity of PROVIDER to a user."""
    name = app.cognito.admin_get_user(UserPoolId=app.pool_id, Username=username)["Username"]
    app.cognito.admin_link_provider_for_user(
        UserPoolId=app.pool_id,
        DestinationUser={"ProviderName": "Cognito", "ProviderAttributeValue": name},
        SourceUser={
            "ProviderName": PROVIDER,
            "ProviderAttributeName": "Cognito_Subject",
            "ProviderAttributeValue": user_id,
        },
    )


def sign_in_through_provider(
    front: FrontControl, app: App, user_id: str, specimen: Specimen
) -> dict[str, Any]:
    """Sign in through PROVIDER; the front stands for it. Return {"username", "sub", "groups"}."""
    answer: dict[str, Any] = front.ask(
        "POST",
        "federated",
        {
            "pool_id": app.pool_id,
            "provider": PROVIDER,
            "user_id": user_id,
            "attributes": dict(specimen.attributes) if specimen.federated else {},
            "client_id": app.client_id,
        },
    )
    return answer


def _set_factors(app: App, who: dict[str, str], specimen: Specimen) -> None:
    """Set the second factors up; an authenticator app by registering it with its user's own tokens."""
    if "SOFTWARE_TOKEN_MFA" in specimen.factors:
        _register_authenticator(app, specimen.username)
    settings = {
        name: {"Enabled": True, "PreferredMfa": specimen.preferred == factor}
        for name, factor in (
            ("SMSMfaSettings", "SMS_MFA"),
            ("EmailMfaSettings", "EMAIL_OTP"),
            ("SoftwareTokenMfaSettings", "SOFTWARE_TOKEN_MFA"),
        )
        if factor in specimen.factors
    }
    app.cognito.admin_set_user_mfa_preference(**who, **settings)


def _register_authenticator(app: App, username: str) -> None:
    """Register an authenticator app, at a sign-in that asks for it (MFA_SETUP) or with the tokens of one."""
    answer = sign_in(app, username)
    if "AuthenticationResult" in answer:
        session = {"AccessToken": answer["AuthenticationResult"]["AccessToken"]}
    else:
        session = {"Session": answer["Session"]}
    associated = app.cognito.associate_software_token(**session)
    if "Session" in session:
        session = {"Session": associated["Session"]}
    app.cognito.verify_software_token(**session, UserCode=one_time_code(associated["SecretCode"]))


def sign_in(app: App, username: str, password: str = PASSWORD) -> dict[str, Any]:
    """Sign in by password: tokens, or a challenge. Raises ClientError."""
    answer: dict[str, Any] = app.cognito.admin_initiate_auth(
        UserPoolId=app.pool_id,
        ClientId=app.client_id,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": username, "PASSWORD": password},
    )
    return answer


def one_time_code(secret: str) -> str:
    """Return what an authenticator app shows now (RFC 6238: HMAC-SHA1, 30 seconds, 6 digits)."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    mac = hmac.digest(key, struct.pack(">Q", int(time.time()) // 30), "sha1")
    at = mac[-1] & 0x0F
    return f"{(struct.unpack('>I', mac[at : at + 4])[0] & 0x7FFFFFFF) % 10**6:06d}"
