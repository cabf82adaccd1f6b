"""Patches of ministack's second factors: email messages, what a user may turn on, what a pool offers.

cognito/latest/developerguide/user-pool-settings-mfa.html; what a pool's configuration may be is decided in
`front/mfa.py`. A user can have a factor that the pool offers and that can reach them: SMS messages need a
phone number, email messages an email address, an authenticator app a verified token
(API_AdminSetUserMFAPreference.html).
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import cognito

from local.patching import Patches

Response = tuple[int, dict[str, str], bytes]

SMS_OPTION = {"DeliveryMedium": "SMS", "AttributeName": "phone_number"}


@dataclass(frozen=True, slots=True)
class Factor:
    """A second factor: what settings of a user and of a pool call it, and which address it is sent to."""

    name: str
    settings: str
    configuration: str
    address: str = ""


FACTORS = (
    Factor("SMS_MFA", "SMSMfaSettings", "SmsMfaConfiguration", "phone_number"),
    Factor("SOFTWARE_TOKEN_MFA", "SoftwareTokenMfaSettings", "SoftwareTokenMfaConfiguration"),
    Factor("EMAIL_OTP", "EmailMfaSettings", "EmailMfaConfiguration", "email"),
)

patches = Patches()


@patches.replace(cognito, "_create_user_pool", "ad2842af0444")
def create_user_pool(original: Callable[..., Response], data: dict[str, Any]) -> Response:
    """Offer SMS messages in a pool that is made with MFA: CreateUserPool knows no other factor."""
    answer = original(data)
    if answer[0] < 300:
        _offer_sms(cognito._user_pools[json.loads(answer[2])["UserPool"]["Id"]], data)
    return answer


@patches.replace(cognito, "_update_user_pool", "0b087dc81f4c")
def update_user_pool(original: Callable[..., Response], data: dict[str, Any]) -> Response:
    """Offer SMS messages in a pool that is given both MFA and a way to send them."""
    answer = original(data)
    if answer[0] < 300:
        _offer_sms(cognito._user_pools[data["UserPoolId"]], data)
    return answer


@patches.replace(cognito, "_set_user_pool_mfa_config", "23a7b3f215e2")
def set_user_pool_mfa_config(original: Callable[..., Response], data: dict[str, Any]) -> Response:
    """Take away the factors that a request with MfaConfiguration leaves out; SMS settings are the pool's."""
    pool = cognito._user_pools.get(data.get("UserPoolId"))
    if pool is not None:
        for factor in FACTORS if "MfaConfiguration" in data else ():
            pool.pop(factor.configuration, None)
        sender = (data.get("SmsMfaConfiguration") or {}).get("SmsConfiguration")
        if sender:
            pool["SmsConfiguration"] = sender
    return original(data)


@patches.replace(cognito, "_admin_set_user_mfa_preference", "23da41ca4ba8")
def admin_set_user_mfa_preference(original: Callable[..., Response], data: dict[str, Any]) -> Response:
    """Refuse factors that the user cannot have."""
    pool, missing = cognito._resolve_pool(data.get("UserPoolId"))
    user = None if missing else cognito._resolve_user(pool, data.get("Username"))[0]
    return _refusal(pool, user, data) or original(data)


@patches.replace(cognito, "_set_user_mfa_preference", "81ac37e86ff0")
def set_user_mfa_preference(original: Callable[..., Response], data: dict[str, Any]) -> Response:
    """Refuse factors that the user cannot have."""
    user, pool = cognito._user_pool_for_access_token(data.get("AccessToken"))
    return _refusal(pool, user, data) or original(data)


@patches.replace(cognito, "_apply_mfa_preference", "a0752d2a2991")
def apply_mfa_preference(original: Callable[..., None], user: dict[str, Any], data: dict[str, Any]) -> None:
    """Turn factors on and off, email messages too. At most one is preferred, and only while it is on."""
    del original
    enabled = user.setdefault("_mfa_enabled", [])
    for factor, settings in _settings(data):
        if settings.get("Enabled") and factor.name not in enabled:
            enabled.append(factor.name)
        elif settings.get("Enabled") is False and factor.name in enabled:
            enabled.remove(factor.name)
        if factor.name in enabled and settings.get("PreferredMfa"):
            user["_preferred_mfa"] = factor.name
        elif user.get("_preferred_mfa") == factor.name and (
            factor.name not in enabled or settings.get("PreferredMfa") is False
        ):
            user["_preferred_mfa"] = ""


@patches.replace(cognito, "_user_out", "ad106e4e954c")
def user_out(original: Callable[..., dict[str, Any]], user: dict[str, Any]) -> dict[str, Any]:
    """Show SMS messages among MFAOptions, in lists too (API_UserType.html)."""
    shown = original(user)
    if "SMS_MFA" in user.get("_mfa_enabled", ()):
        shown["MFAOptions"] = [SMS_OPTION]
    return shown


def _offer_sms(pool: dict[str, Any], data: dict[str, Any]) -> None:
    if data.get("MfaConfiguration", "OFF") != "OFF" and data.get("SmsConfiguration"):
        offered = {"SmsConfiguration": data["SmsConfiguration"]}
        if data.get("SmsAuthenticationMessage"):
            offered["SmsAuthenticationMessage"] = data["SmsAuthenticationMessage"]
        pool["SmsMfaConfiguration"] = offered


def _settings(data: dict[str, Any]) -> Iterator[tuple[Factor, dict[str, Any]]]:
    for factor in FACTORS:
        yield factor, data.get(factor.settings) or {}


def _refusal(pool: Any, user: Any, data: dict[str, Any]) -> Response | None:
    """Return the answer that refuses a preference; None for one that is allowed, or of nobody."""
    if pool is None or user is None:
        return None
    for factor, settings in _settings(data):
        if settings.get("Enabled") and not (_offers(pool, factor) and _reaches(user, factor)):
            return _invalid(f"User does not have delivery config set to turn on {factor.name}")
    if sum(bool(settings.get("PreferredMfa")) for _, settings in _settings(data)) > 1:
        return _invalid("Only one factor can be set as preferred.")
    return None


def _offers(pool: dict[str, Any], factor: Factor) -> bool:
    configuration = pool.get(factor.configuration)
    if pool.get("MfaConfiguration", "OFF") == "OFF" or configuration is None:
        return False
    return factor.name != "SOFTWARE_TOKEN_MFA" or bool(configuration.get("Enabled"))


def _reaches(user: dict[str, Any], factor: Factor) -> bool:
    if factor.name == "SOFTWARE_TOKEN_MFA":
        return bool(user.get("_totp_secret"))
    return bool(cognito._attr_list_to_dict(user.get("Attributes", [])).get(factor.address))


def _invalid(message: str) -> Response:
    refusal: Response = error_response_json("InvalidParameterException", message, 400)
    return refusal
