"""What moto cannot set of a pool, and what Cognito refuses that moto takes: enough to create whole pools.

Sources: API_SetUICustomization.html, API_CreateManagedLoginBranding.html, API_SetRiskConfiguration.html,
API_SetLogDeliveryConfiguration.html, API_CreateUserPoolDomain.html, API_CreateIdentityProvider.html,
API_SetUserPoolMfaConfig.html and API_CreateUserPool.html (MfaConfiguration) of Cognito's API reference.
"""

from __future__ import annotations

from typing import Any

import pytest
from moto.cognitoidp.exceptions import InvalidParameterException
from moto.cognitoidp.models import CognitoIdpBackend, CognitoIdpUserPool
from moto.cognitoidp.responses import CognitoIdpResponse
from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult

from tests.adapters.moto_configuration import ALL, _parts

KINDS = {"UICustomization": "UI", "RiskConfiguration": "RISK", "LogDeliveryConfiguration": "LOGS"}
FACTORS = ("SmsMfaConfiguration", "SoftwareTokenMfaConfiguration", "EmailMfaConfiguration")
MFA = (*FACTORS, "WebAuthnConfiguration")


def create_whole_pools(patch: pytest.MonkeyPatch) -> None:
    """Teach moto what it lacks."""

    def setting(field: str) -> Any:
        def respond(self: CognitoIdpResponse) -> ActionResult:
            pool = self.backend.describe_user_pool(self._get_param("UserPoolId"))
            if field == "UICustomization" and pool.domain is None:
                raise InvalidParameterException("There has to be an existing domain")
            client_id = self._get_param("ClientId") or ALL
            content = {"UserPoolId": pool.id, "ClientId": client_id, **self.parameters}
            _parts(pool)[KINDS[field], client_id] = content
            return ActionResult({field: content})

        return respond

    def create_branding(self: CognitoIdpResponse) -> ActionResult:
        pool = self.backend.describe_user_pool(self._get_param("UserPoolId"))
        key = ("BRANDING", self._get_param("ClientId"))
        if key in _parts(pool):
            raise JsonRESTError("ManagedLoginBrandingExistsException", "It has one.")
        _parts(pool)[key] = {"ManagedLoginBrandingId": "id", **self.parameters}
        return ActionResult({"ManagedLoginBranding": _parts(pool)[key]})

    for name, respond in {
        "set_ui_customization": setting("UICustomization"),
        "set_risk_configuration": setting("RiskConfiguration"),
        "set_log_delivery_configuration": setting("LogDeliveryConfiguration"),
        "create_managed_login_branding": create_branding,
        "set_user_pool_mfa_config": _set_mfa,
        "get_user_pool_mfa_config": _get_mfa,
    }.items():
        patch.setattr(CognitoIdpResponse, name, respond, raising=False)
    _refuse(patch)


def _set_mfa(self: CognitoIdpResponse) -> ActionResult:
    """What a request leaves out is no longer offered; only some of it moto knows."""
    pool = self.backend.describe_user_pool(self._get_param("UserPoolId"))
    asked = self.parameters
    offered = [name for name in FACTORS if asked.get(name)]
    mode = asked.get("MfaConfiguration")
    if mode is not None and (mode == "OFF") == bool(offered):
        raise InvalidParameterException("Invalid MFA configuration given.")
    if mode is not None:
        pool.mfa_config = mode
        vars(pool)["factors"] = {}
    vars(pool).setdefault("factors", {}).update({name: asked[name] for name in MFA if asked.get(name)})
    return _get_mfa(self)


def _get_mfa(self: CognitoIdpResponse) -> ActionResult:
    pool = self.backend.describe_user_pool(self._get_param("UserPoolId"))
    return ActionResult({"MfaConfiguration": pool.mfa_config, **vars(pool).get("factors", {})})


def _refuse(patch: pytest.MonkeyPatch) -> None:
    _refuse_settings(patch)
    _refuse_names(patch)


def _refuse_settings(patch: pytest.MonkeyPatch) -> None:
    create_pool = CognitoIdpBackend.create_user_pool

    def strict_pool(self: CognitoIdpBackend, name: str, config: dict[str, Any]) -> CognitoIdpUserPool:
        if config.get("MfaConfiguration", "OFF") != "OFF" and not config.get("SmsConfiguration"):
            raise InvalidParameterException("SMS configuration is required")
        if "UnusedAccountValidityDays" in config.get("AdminCreateUserConfig", {}):
            raise InvalidParameterException("Use TemporaryPasswordValidityDays")
        return create_pool(self, name, config)

    patch.setattr(CognitoIdpBackend, "create_user_pool", strict_pool)


def _refuse_names(patch: pytest.MonkeyPatch) -> None:
    """Refuse names that are taken, and clients that name what is not there."""
    create_domain = CognitoIdpBackend.create_user_pool_domain
    create_provider = CognitoIdpBackend.create_identity_provider
    create_client = CognitoIdpBackend.create_user_pool_client

    def strict_domain(self: CognitoIdpBackend, pool_id: str, domain: str, *args: Any, **named: Any) -> Any:
        if domain in self.user_pool_domains:
            raise InvalidParameterException("Domain already associated with another user pool.")
        return create_domain(self, pool_id, domain, *args, **named)

    def strict_provider(self: CognitoIdpBackend, pool_id: str, name: str, config: dict[str, str]) -> Any:
        if name in self.describe_user_pool(pool_id).identity_providers:
            raise JsonRESTError("DuplicateProviderException", "A provider with that name exists.")
        return create_provider(self, pool_id, name, config)

    def strict_client(
        self: CognitoIdpBackend, pool_id: str, generate_secret: bool, config: dict[str, Any]
    ) -> Any:
        pool = self.describe_user_pool(pool_id)
        if set(config.get("SupportedIdentityProviders", [])) - {"COGNITO", *pool.identity_providers}:
            raise InvalidParameterException("The provider does not exist.")
        scopes = {
            f"{identifier}/{scope['ScopeName']}"
            for identifier, server in pool.resource_servers.items()
            for scope in server.scopes
        }
        custom = {scope for scope in config.get("AllowedOAuthScopes", []) if "/" in scope}
        if custom - scopes:
            raise JsonRESTError("ScopeDoesNotExistException", "Invalid scope requested.")
        return create_client(self, pool_id, generate_secret, config)

    patch.setattr(CognitoIdpBackend, "create_user_pool_domain", strict_domain)
    patch.setattr(CognitoIdpBackend, "create_identity_provider", strict_provider)
    patch.setattr(CognitoIdpBackend, "create_user_pool_client", strict_client)
