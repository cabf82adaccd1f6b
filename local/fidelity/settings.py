"""The rest of a pool's configuration: clients, providers, servers, domain, branding, risk and logs.

Set in the old pool as an operator sets it; read of both pools part by part, for `judging_pool` to compare.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from local.fidelity.filling import APP
from local.fidelity.pool_arguments import ACCOUNT
from local.fidelity.pool_kinds import PoolKind
from local.fidelity.specimens import PROVIDER

SERVER: Final = {
    "Identifier": "https://api.example.com/ships",
    "Name": "Ships, crews + more",
    "Scopes": [
        {"ScopeName": "read", "ScopeDescription": "See them"},
        {"ScopeName": "write", "ScopeDescription": "Change them"},
    ],
}
SCOPE: Final = f"{SERVER['Identifier']}/read"
MACHINE: Final = "machine"

CLIENTS: Final[tuple[Mapping[str, Any], ...]] = (
    {
        "ClientName": "web",
        "ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        "CallbackURLs": ["https://people.example.com/in", "https://people.example.com/again"],
        "LogoutURLs": ["https://people.example.com/out"],
        "DefaultRedirectURI": "https://people.example.com/in",
        "AllowedOAuthFlows": ["code"],
        "AllowedOAuthScopes": ["openid", "email", SCOPE],
        "AllowedOAuthFlowsUserPoolClient": True,
        "SupportedIdentityProviders": ["COGNITO", PROVIDER],
        "ReadAttributes": ["email", "email_verified", "name"],
        "WriteAttributes": ["email", "name", "birthdate", "updated_at"],
        "AccessTokenValidity": 30,
        "IdTokenValidity": 30,
        "RefreshTokenValidity": 12,
        "TokenValidityUnits": {"AccessToken": "minutes", "IdToken": "minutes", "RefreshToken": "hours"},
        "PreventUserExistenceErrors": "ENABLED",
        "EnableTokenRevocation": True,
        "AuthSessionValidity": 5,
    },
    {
        "ClientName": MACHINE,
        "GenerateSecret": True,
        "AllowedOAuthFlows": ["client_credentials"],
        "AllowedOAuthScopes": [SCOPE],
        "AllowedOAuthFlowsUserPoolClient": True,
    },
)
CSS: Final = ".logo-customizable { max-width: 60%; }"
STYLE: Final = {"components": {"primaryButton": {"lightMode": {"defaults": {"backgroundColor": "0a58caff"}}}}}
RISK: Final = {
    "CompromisedCredentialsRiskConfiguration": {
        "EventFilter": ["SIGN_IN"],
        "Actions": {"EventAction": "BLOCK"},
    },
    "RiskExceptionConfiguration": {"BlockedIPRangeList": ["192.0.2.0/24"]},
}
LOG_GROUP: Final = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/people"
LOGS: Final = [
    {
        "LogLevel": "ERROR",
        "EventSource": "userNotification",
        "CloudWatchLogsConfiguration": {"LogGroupArn": LOG_GROUP},
    }
]


@dataclass(frozen=True, slots=True)
class Settings:
    """A pool's configuration: the pool and its MFA as described, and its parts by kind and name."""

    pool: Mapping[str, Any]
    mfa: Mapping[str, Any]
    clients: Mapping[str, Mapping[str, Any]]
    providers: Mapping[str, Mapping[str, Any]]
    servers: Mapping[str, Mapping[str, Any]]
    domain: Mapping[str, Any]
    ui: Mapping[str, Any]
    branding: Mapping[str, Any]
    risk: Mapping[str, Any]
    logs: Sequence[Mapping[str, Any]]


def is_classic(kind: PoolKind) -> bool:
    """Whether the pool's plan has the classic hosted UI and not managed login."""
    return bool(kind.arguments.get("UserPoolTier") == "LITE")


def is_guarded(kind: PoolKind) -> bool:
    """Whether the pool's plan has threat protection."""
    return bool(kind.arguments.get("UserPoolTier") == "PLUS")


def apply(cognito: Any, pool_id: str, kind: PoolKind) -> None:
    """Set everything that a pool of this kind can have."""
    cognito.create_resource_server(UserPoolId=pool_id, **SERVER)
    made = [cognito.create_user_pool_client(UserPoolId=pool_id, **client) for client in CLIENTS]
    web = made[0]["UserPoolClient"]["ClientId"]
    version = 1 if is_classic(kind) else 2
    cognito.create_user_pool_domain(
        UserPoolId=pool_id, Domain=f"people-{kind.key}", ManagedLoginVersion=version
    )
    if is_classic(kind):
        cognito.set_ui_customization(UserPoolId=pool_id, CSS=CSS)
    else:
        cognito.create_managed_login_branding(UserPoolId=pool_id, ClientId=web, Settings=STYLE)
    if is_guarded(kind):
        cognito.set_risk_configuration(UserPoolId=pool_id, **RISK)
        cognito.set_log_delivery_configuration(UserPoolId=pool_id, LogConfigurations=LOGS)


def read(cognito: Any, pool_id: str, kind: PoolKind) -> Settings:
    """Read everything. The harness's own app client is none of it."""
    here = {"UserPoolId": pool_id}
    pool = cognito.describe_user_pool(**here)["UserPool"]
    mfa = cognito.get_user_pool_mfa_config(**here)
    clients = {each["ClientName"]: each for each in _clients(cognito, here)}
    providers = cognito.list_identity_providers(**here, MaxResults=60)["Providers"]
    servers = cognito.list_resource_servers(**here, MaxResults=50)["ResourceServers"]
    domain = pool.get("Domain")
    web = clients.get("web", {}).get("ClientId")
    guarded = is_guarded(kind)
    branding = {} if is_classic(kind) or web is None else _branding(cognito, pool_id, web)
    return Settings(
        pool=pool,
        mfa={name: value for name, value in mfa.items() if name != "ResponseMetadata"},
        clients=clients,
        providers={
            each["ProviderName"]: cognito.describe_identity_provider(
                **here, ProviderName=each["ProviderName"]
            )["IdentityProvider"]
            for each in providers
        },
        servers={each["Identifier"]: each for each in servers},
        domain=cognito.describe_user_pool_domain(Domain=domain)["DomainDescription"] if domain else {},
        ui=cognito.get_ui_customization(**here).get("UICustomization", {}) if is_classic(kind) else {},
        branding=branding,
        risk=cognito.describe_risk_configuration(**here)["RiskConfiguration"] if guarded else {},
        logs=_logs(cognito, here) if guarded else [],
    )


def _clients(cognito: Any, here: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
    for listed in cognito.list_user_pool_clients(**here, MaxResults=60)["UserPoolClients"]:
        if listed["ClientName"] != APP:
            answer = cognito.describe_user_pool_client(**here, ClientId=listed["ClientId"])
            yield answer["UserPoolClient"]


def _branding(cognito: Any, pool_id: str, client_id: str) -> Mapping[str, Any]:
    try:
        answer = cognito.describe_managed_login_branding_by_client(UserPoolId=pool_id, ClientId=client_id)
    except cognito.exceptions.ResourceNotFoundException:
        return {}
    branding: Mapping[str, Any] = answer["ManagedLoginBranding"]
    return branding


def _logs(cognito: Any, here: Mapping[str, str]) -> list[Mapping[str, Any]]:
    answer = cognito.get_log_delivery_configuration(**here)
    configurations: list[Mapping[str, Any]] = answer["LogDeliveryConfiguration"]["LogConfigurations"]
    return configurations
