"""Who may reset a password, and who may ask for a code again.

ForgotPassword and AdminResetUserPassword need an enabled user in a state that has a password of its own, with
a verified address that the pool's AccountRecoverySetting allows. ministack lets everybody; then a lock-out
after a restore would go unseen. Sources: API_ForgotPassword.html, cognito/latest/developerguide/
managing-users-passwords.html; with PreventUserExistenceErrors a user without a way to recover looks like one
that is not there, and gets an answer as if a code had been sent (cognito-user-pool-managing-errors.html). An
UNCONFIRMED user is refused for want of a verified address. Where the pool has an AccountRecoverySetting, an
address that is the user's second factor does not count (API_CreateUserPool.html).
"""

from typing import Any

from local.front.hooks import Hooks
from local.front.pools import Pool, Pools, User
from local.front.protocol import Answer, Call, CognitoError, success

_NO_PASSWORD_OF_THEIR_OWN = ("FORCE_CHANGE_PASSWORD", "EXTERNAL_PROVIDER")
_FACTOR_AT = {"email": "EMAIL_OTP", "phone_number": "SMS_MFA"}
SIMULATED = "simulated"  # in a call's notes: the answer says a code was sent, and none was


class Recovery:
    """A feature: refuses password resets and codes as Cognito does."""

    def __init__(self, pools: Pools) -> None:
        self._pools = pools

    def register(self, hooks: Hooks) -> None:
        """Plug in."""
        hooks.before(self._check_reset, "ForgotPassword", "AdminResetUserPassword")
        hooks.before(self._check_resend, "ResendConfirmationCode")

    async def _check_reset(self, call: Call) -> Answer | None:
        pool, user = await self._pool_and_user(call)
        if pool is None:
            return None
        if user is None:
            call.notes[SIMULATED] = True
            return None
        problem = reset_problem(pool, user)
        if problem is None:
            return None
        if call.operation == "ForgotPassword" and (
            not user.enabled or problem.code == "InvalidParameterException"
        ):
            client = await self._pools.client(pool, str(call.data.get("ClientId")))
            if client.get("PreventUserExistenceErrors") == "ENABLED":
                call.notes[SIMULATED] = True
                return success(_simulated_delivery(str(call.data.get("Username"))))
        raise problem

    async def _check_resend(self, call: Call) -> Answer | None:
        pool, user = await self._pool_and_user(call)
        if pool is None:
            return None
        if user is None:
            call.notes[SIMULATED] = True
        elif user.status != "UNCONFIRMED":
            raise CognitoError("InvalidParameterException", "User is already confirmed.")
        elif not pool.names("AutoVerifiedAttributes"):
            raise CognitoError(
                "InvalidParameterException", "Cannot resend codes. Auto verification not turned on."
            )
        return None

    async def _pool_and_user(self, call: Call) -> tuple[Pool | None, User | None]:
        pool = await self._pools.of_call(call)
        return pool, await self._pools.user(pool, str(call.data.get("Username"))) if pool else None


def reset_problem(pool: Pool, user: User) -> CognitoError | None:
    """Return why a user's password cannot be reset, None if it can."""
    if not user.enabled:
        return CognitoError("NotAuthorizedException", "User is disabled.")
    if user.status in _NO_PASSWORD_OF_THEIR_OWN:
        text = "User password cannot be reset in the current state."
        return CognitoError("NotAuthorizedException", text)
    ways = recovery_ways(pool.description)
    if not ways:
        return CognitoError("NotAuthorizedException", "Contact administrator to reset password.")
    if _mechanisms(pool.description):
        ways = [way for way in ways if _FACTOR_AT[way] not in user.mfa]
    if not any(user.verified(way) for way in ways):
        text = "Cannot reset password for the user as there is no registered/verified email or phone_number"
        return CognitoError("InvalidParameterException", text)
    return None


def recovery_ways(description: dict[str, Any]) -> list[str]:
    """Return where a reset code may go, in the pool's order (API_AccountRecoverySettingType.html)."""
    mechanisms = _mechanisms(description)
    if not mechanisms:
        return ["phone_number", "email"]
    ordered = sorted(mechanisms, key=lambda mechanism: int(mechanism.get("Priority") or 0))
    ways = {"verified_email": "email", "verified_phone_number": "phone_number"}
    return [ways[mechanism["Name"]] for mechanism in ordered if mechanism["Name"] in ways]


def _mechanisms(description: dict[str, Any]) -> list[dict[str, Any]]:
    return (description.get("AccountRecoverySetting") or {}).get("RecoveryMechanisms") or []


def _simulated_delivery(username: str) -> dict[str, Any]:
    """Make the answer for a user who is not to be seen: the address is made from the username."""
    local, at, domain = username.partition("@")
    masked = f"{local[:1]}****@{domain[:1]}****" if at else "****"
    return {
        "CodeDeliveryDetails": {"Destination": masked, "DeliveryMedium": "EMAIL", "AttributeName": "email"}
    }
