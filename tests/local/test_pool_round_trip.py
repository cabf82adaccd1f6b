"""A whole pool, captured in one Region and made again in the other, before the strict front.

The second engine for what tests/adapters/test_pool_creation.py shows with moto: here the front refuses what
Cognito refuses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

from lifeboat.cognito.configuration import Part, split_name
from lifeboat.cognito.configuration_reader import ConfigurationReader
from lifeboat.cognito.pool_writer import PartMaker, PoolMaker
from lifeboat.model import PoolConfiguration
from lifeboat.pacing import Budget
from lifeboat.restore.comparison.expectation import Files
from lifeboat.restore.pool.new_pool import IMPORT_TAG, NewPool
from lifeboat.restore.pool.plan import Captured, PoolPlan, plan_pool
from lifeboat.restore.pool.progress import PoolProgress
from lifeboat.restore.pool.steps import PoolSteps
from tests.unit.fakes import MemoryBucket

if TYPE_CHECKING:
    from tests.local.front_stack import FrontStack

pytest_plugins = ["tests.local.front_stack"]

UNLIMITED = Budget(share=100_000_000, workers=1)
IMPORT_ID = "2026-03-02T12:00:00.000Z-5e6f7a8b"
SECRET = "machine" * 5
ROLE = "arn:aws:iam::000000000000:role/sms"
SENDER = "arn:aws:ses:us-east-1:000000000000:identity/example.com"
GROUP = "arn:aws:logs:us-east-1:000000000000:log-group:messages"
ARNS = {
    ROLE: ROLE,
    SENDER: SENDER.replace("us-east-1", "eu-west-1"),
    GROUP: GROUP.replace("us-east-1", "eu-west-1"),
}
CODE = "Your code is {####}"
SMS = {"SnsCallerArn": ROLE, "ExternalId": "external"}

POOL: dict[str, Any] = {
    "UserPoolTier": "PLUS",
    "UserPoolAddOns": {"AdvancedSecurityMode": "AUDIT"},
    "UsernameAttributes": ["email", "phone_number"],
    "UsernameConfiguration": {"CaseSensitive": False},
    "AutoVerifiedAttributes": ["email", "phone_number"],
    "SmsConfiguration": SMS,
    "EmailConfiguration": {"EmailSendingAccount": "DEVELOPER", "SourceArn": SENDER},
    "VerificationMessageTemplate": {"EmailMessage": CODE, "EmailSubject": "Code", "SmsMessage": CODE},
    "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": True},
    "Policies": {"PasswordPolicy": {"MinimumLength": 12, "TemporaryPasswordValidityDays": 3}},
    "UserPoolTags": {"team": "web"},
    "Schema": [
        {"Name": "email", "AttributeDataType": "String", "Mutable": True, "Required": True},
        *({"Name": f"a{number}", "AttributeDataType": "String", "Mutable": True} for number in range(49)),
    ],
}
MFA: dict[str, Any] = {
    "MfaConfiguration": "OPTIONAL",
    "SmsMfaConfiguration": {"SmsAuthenticationMessage": CODE, "SmsConfiguration": SMS},
    "SoftwareTokenMfaConfiguration": {"Enabled": True},
    "EmailMfaConfiguration": {"Message": CODE, "Subject": "Code"},
    "WebAuthnConfiguration": {"RelyingPartyId": "shop.auth.us-east-1.amazoncognito.com"},
}
PROVIDERS: dict[str, Any] = {
    "okta": ("SAML", {"MetadataURL": "https://idp.example.com/metadata"}),
    "google": ("Google", {"client_id": "a", "client_secret": "s", "authorize_scopes": "email"}),
}
CLIENTS: list[dict[str, Any]] = [
    {"ClientName": "web", "SupportedIdentityProviders": ["COGNITO", "okta"], "ClientSecret": "web" * 10},
    {
        "ClientName": "machine",
        "ClientSecret": SECRET,
        "AllowedOAuthFlows": ["client_credentials"],
        "AllowedOAuthFlowsUserPoolClient": True,
        "AllowedOAuthScopes": ["api/read"],
    },
    {"ClientName": "web", "RefreshTokenValidity": 5},
]
LOGS = {
    "LogLevel": "ERROR",
    "EventSource": "userNotification",
    "CloudWatchLogsConfiguration": {"LogGroupArn": GROUP},
}
RISK = {"CompromisedCredentialsRiskConfiguration": {"Actions": {"EventAction": "BLOCK"}}}
ASSET: Any = {
    "Category": "FORM_LOGO",
    "ColorMode": "LIGHT",
    "Extension": "PNG",
    "Bytes": b"\x89PNG",
}


def whole_pool(client: CognitoIdentityProviderClient) -> str:
    """A pool with every kind of part."""
    pool_id = client.create_user_pool(PoolName="people", **POOL)["UserPool"]["Id"]
    client.create_user_pool_domain(UserPoolId=pool_id, Domain="shop")
    client.set_user_pool_mfa_config(UserPoolId=pool_id, **MFA)
    client.create_resource_server(
        UserPoolId=pool_id,
        Identifier="api",
        Name="API",
        Scopes=[{"ScopeName": "read", "ScopeDescription": "reading"}],
    )
    for name, (kind, details) in PROVIDERS.items():
        client.create_identity_provider(
            UserPoolId=pool_id, ProviderName=name, ProviderType=kind, ProviderDetails=details
        )
    made = [client.create_user_pool_client(UserPoolId=pool_id, **each)["UserPoolClient"] for each in CLIENTS]
    client.set_ui_customization(UserPoolId=pool_id, CSS=".a {}")
    client.set_ui_customization(UserPoolId=pool_id, ClientId=made[0]["ClientId"], CSS=".b {}")
    client.create_managed_login_branding(
        UserPoolId=pool_id, ClientId=made[0]["ClientId"], Settings={"colors": {"a": 1}}, Assets=[ASSET]
    )
    client.set_risk_configuration(UserPoolId=pool_id, **RISK)  # type: ignore[arg-type]
    client.set_log_delivery_configuration(UserPoolId=pool_id, LogConfigurations=[LOGS])  # type: ignore[list-item]
    return pool_id


def captured(client: CognitoIdentityProviderClient, pool_id: str) -> dict[str, PoolConfiguration]:
    reader = ConfigurationReader(client, pool_id, UNLIMITED, with_secrets=True)
    names, refused = reader.names()
    assert not refused
    return {name: part for name in names if (part := reader.part(name)) is not None}


def plan_of(parts: dict[str, PoolConfiguration]) -> PoolPlan:
    return plan_pool(Captured(parts), NewPool("customers", "eu-west-1", IMPORT_ID, ARNS, "custom:source_sub"))


@pytest.fixture
def files() -> Files:
    return Files(MemoryBucket(), IMPORT_ID, 1)


def test_a_pool_made_again_in_the_other_region_has_every_part(front: FrontStack, files: Files) -> None:
    # Given a pool with every kind of part
    old, new = front.client("us-east-1"), front.client("eu-west-1")
    parts = captured(old, whole_pool(old))
    assert {split_name(name)[0] for name in parts} == set(Part)
    # When it is made again
    plan = plan_of(parts)
    maker = PoolMaker(new, UNLIMITED)
    progress = PoolProgress(files, "pool.json", maker.make(plan.pool))
    for name, action in PoolSteps(plan, PartMaker(new, progress.pool_id, UNLIMITED), progress).all():
        action()
        progress.done.append(name)
    # Then nothing was refused, and it is found by its tag
    assert progress.refused == {}
    assert progress.without == {}
    assert maker.find("customers", IMPORT_TAG, IMPORT_ID) == progress.pool_id
    # And it has the same parts, by which it could be made once more
    again = captured(new, progress.pool_id)
    ids = {old_id: new_id for old_id, (_, new_id) in progress.clients.items()}
    expected = {_renamed(name, ids) for name in parts}
    assert set(again) == expected
    for old_id, new_id in ids.items():
        before, after = parts[f"CLIENT#{old_id}"].document, again[f"CLIENT#{new_id}"].document
        assert {**before, "ClientId": new_id, "UserPoolId": progress.pool_id} == after
    assert again["CONFIG"].document["SchemaAttributes"][:-1] == parts["CONFIG"].document["SchemaAttributes"]
    assert _without_clients(plan_of(again)) == _without_clients(plan)
    passkeys = {**MFA["WebAuthnConfiguration"], "RelyingPartyId": "shop.auth.eu-west-1.amazoncognito.com"}
    assert again["MFA"].document == {**parts["MFA"].document, "WebAuthnConfiguration": passkeys}
    [logs] = again["LOGS"].document["LogConfigurations"]
    assert logs["CloudWatchLogsConfiguration"] == {"LogGroupArn": ARNS[GROUP]}


def _renamed(name: str, ids: dict[str, str]) -> str:
    kind, identifier = split_name(name)
    return f"{kind}#{ids[identifier]}" if identifier in ids else name


def _without_clients(plan: PoolPlan) -> dict[str, Any]:
    """A plan's calls that do not name a client by its id."""
    return {
        "pool": {
            **plan.pool,
            "Schema": len(plan.pool["Schema"]),
            "EmailConfiguration": "",
            "SmsConfiguration": "",
        },
        "resource_servers": plan.resource_servers,
        "providers": plan.providers,
        "domains": plan.domains,
        "pages": sorted(map(str, plan.pages.values())),
        "brandings": list(plan.brandings.values()),
        "risks": plan.risks,
    }
