"""Which second factors a pool may be configured with, and how a user's are shown.

API_CreateUserPool.html: CreateUserPool knows SMS messages only, and needs a way to send them for MFA.
API_SetUserPoolMfaConfig.html and user-pool-settings-mfa-sms-email-message.html: email messages need the
Essentials or Plus plan and a sender of one's own in Amazon SES. SetUserPoolMfaConfig takes neither MFA
without a factor nor a factor without MFA; what it says about that is known from those who met it. Users'
preferences are decided on in `local/ministack_mfa.py`, where users are.
"""

from typing import Any

from local.front.hooks import Hooks
from local.front.pools import Pool, Pools
from local.front.protocol import Answer, Call, CognitoError, success

_FACTORS = ("SmsMfaConfiguration", "SoftwareTokenMfaConfiguration", "EmailMfaConfiguration")
_ABSENT_WHEN_EMPTY = ("PreferredMfaSetting", "UserMFASettingList")


class Mfa:
    """A feature: refuses configurations that Cognito refuses."""

    def __init__(self, pools: Pools) -> None:
        self._pools = pools

    def register(self, hooks: Hooks) -> None:
        """Plug in."""
        hooks.before(self._check_pool, "CreateUserPool", "UpdateUserPool")
        hooks.before(self._check_factors, "SetUserPoolMfaConfig")
        hooks.after(_without_empty, "AdminGetUser", "GetUser")

    async def _check_pool(self, call: Call) -> None:
        """Refuse MFA without a way to send SMS messages, unless the pool offers a factor already."""
        if call.data.get("MfaConfiguration", "OFF") == "OFF" or call.data.get("SmsConfiguration"):
            return
        pool = await self._pools.of_call(call) if call.pool_id else None
        if pool is not None and _offered(await self._pools.ask(pool, "GetUserPoolMfaConfig")):
            return
        if pool is not None or call.operation == "CreateUserPool":
            raise CognitoError(
                "InvalidParameterException",
                "SMS configuration and Auto verification for phone_number are required "
                "when MFA is required/optional",
            )

    async def _check_factors(self, call: Call) -> None:
        pool = await self._pools.of_call(call, fresh=True)
        if pool is None:
            return
        if call.data.get("EmailMfaConfiguration") is not None:
            _check_email(pool)
        mode, offered = call.data.get("MfaConfiguration"), _offered(call.data)
        if mode == "OFF" and offered:
            text = "Invalid MFA configuration given, can't turn off MFA and configure an MFA together."
            raise CognitoError("InvalidParameterException", text)
        if mode in ("ON", "OPTIONAL") and not offered:
            text = (
                "Invalid MFA configuration given, "
                "can't disable all MFAs with a required or optional configuration."
            )
            raise CognitoError("InvalidParameterException", text)


def _check_email(pool: Pool) -> None:
    tier = pool.description.get("UserPoolTier")
    if tier == "LITE":
        text = f"Email MFA is not available in the {tier} pricing tier."
        raise CognitoError("FeatureUnavailableInTierException", text)
    sender = pool.description.get("EmailConfiguration") or {}
    if sender.get("EmailSendingAccount") != "DEVELOPER":
        text = "Email MFA needs an EmailConfiguration with EmailSendingAccount DEVELOPER."
        raise CognitoError("InvalidParameterException", text)


def _offered(configuration: dict[str, Any]) -> bool:
    """Say whether an MFA configuration has any factor turned on."""
    sms, token, email = (configuration.get(name) for name in _FACTORS)
    return bool(sms) or bool((token or {}).get("Enabled")) or email is not None


async def _without_empty(call: Call, answer: Answer) -> Answer:
    """Leave out of a user what ministack shows empty, and Cognito only to users with a second factor."""
    del call
    if not answer.ok:
        return answer
    data = answer.data
    empty = [name for name in _ABSENT_WHEN_EMPTY if name in data and not data[name]]
    return success({name: value for name, value in data.items() if name not in empty}) if empty else answer
