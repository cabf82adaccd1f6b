"""The UserMigration trigger, which ministack does not fire: a user comes into the pool as they are needed.

cognito/latest/developerguide/user-pool-lambda-migrate-user.html and cognito-user-pools-import-using-
lambda.html: it fires when a user whom the pool does not know signs in with a password (not by SRP) or asks
for "Forgot password". What it answers makes the user; then the call goes on as if they had been there. What
callers see when it does not: repost.aws/knowledge-center/cognito-migration-lambda-trigger-errors; with
PreventUserExistenceErrors, what they see of any unknown user (cognito-user-pool-managing-errors.html). A
function that raises shows through in both cases.
"""

import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from local.front.attributes import username_problem
from local.front.functions import Functions, trigger_arn, trigger_event
from local.front.hooks import Hooks
from local.front.import_users import unguessable_password
from local.front.pools import Pool, Pools
from local.front.protocol import (
    CONTENT_TYPE,
    ROOT_KEY,
    TARGET_PREFIX,
    Answer,
    Call,
    CognitoError,
)
from local.front.recovery import SIMULATED
from local.front.replicas import SECONDARY
from local.front.upstream import Upstream
from local.private_actions import SETTLE

TRIGGER = "UserMigration"
MIGRATED = "migrated"  # in a call's notes: whether it made its user
PASSWORD_FLOWS = frozenset({"ADMIN_NO_SRP_AUTH", "ADMIN_USER_PASSWORD_AUTH", "USER_PASSWORD_AUTH"})
STATUSES = frozenset({"CONFIRMED", "RESET_REQUIRED"})
_UNKNOWN = ("NotAuthorizedException", "UserNotFoundException")
_MEDIUMS = frozenset({"EMAIL", "SMS"})
_RESPONSE = {
    "userAttributes": None,
    "forceAliasCreation": None,
    "enableSMSMFA": None,
    "finalUserStatus": None,
    "messageAction": None,
    "desiredDeliveryMediums": None,
}


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A user whom the trigger vouched for. `password` is the one they gave, None if they gave none."""

    username: str
    attributes: dict[str, str]
    status: str
    password: str | None
    settings: dict[str, Any]
    sms_mfa: bool


class Migration:
    """A feature: fires UserMigration. To be registered before what looks at a call's user.

    `operate` carries out a call with all that the front knows about it.
    """

    def __init__(
        self,
        upstream: Upstream,
        pools: Pools,
        functions: Functions,
        operate: Callable[[Call], Awaitable[Answer]],
    ) -> None:
        self._upstream = upstream
        self._pools = pools
        self._functions = functions
        self._operate = operate

    def register(self, hooks: Hooks) -> None:
        """Plug in. One and the same user's calls wait for each other, so that one makes the user."""
        hooks.claim(_user_claimed, "AdminInitiateAuth", "ForgotPassword", "InitiateAuth")
        hooks.before(self._signing_in, "AdminInitiateAuth", "InitiateAuth")
        hooks.before(self._forgetting, "ForgotPassword")

    async def _signing_in(self, call: Call) -> Answer | None:
        if call.data.get("AuthFlow") not in PASSWORD_FLOWS:
            return None
        given = call.data.get("AuthParameters") or {}
        request = {"password": given.get("PASSWORD"), "validationData": call.data.get("ClientMetadata")}
        return await self._bring(call, given.get("USERNAME"), f"{TRIGGER}_Authentication", request)

    async def _forgetting(self, call: Call) -> Answer | None:
        request = {
            "password": None,
            "validationData": None,
            "clientMetadata": call.data.get("ClientMetadata"),
        }
        return await self._bring(call, call.data.get("Username"), f"{TRIGGER}_ForgotPassword", request)

    async def _bring(self, call: Call, username: Any, source: str, request: dict[str, Any]) -> Answer | None:
        """Bring in the user of a call if the pool lacks them; return the answer if they cannot be."""
        pool = await self._pools.of_call(call)
        if pool is None or not username or not trigger_arn(pool, TRIGGER) or SECONDARY in call.notes:
            return None
        if await self._pools.user(pool, str(username)) is not None:
            return None
        refusal = await self._upstream.pass_on(call)
        if not refusal.ok and refusal.error not in _UNKNOWN:
            return refusal  # the client may not do this at all, whoever asks
        client_id = str(call.data.get("ClientId") or "")
        event = trigger_event(pool, source, str(username), client_id, request, dict(_RESPONSE))
        try:
            response = await self._functions.fire(pool, TRIGGER, event) or {}
            newcomer = _newcomer(pool, str(username), source, request["password"], response, client_id)
            await self._create(pool, newcomer)
        except CognitoError as error:
            if error.status >= 500 or error.code == "UserLambdaValidationException":
                raise
            if await self._hides(pool, client_id):
                call.notes[SIMULATED] = True
                return refusal
            text = error.message
            if error.code in ("InvalidLambdaResponseException", "UnexpectedLambdaException"):
                text = _no_migration(client_id)
            raise CognitoError("UserNotFoundException", text) from None
        call.notes[MIGRATED] = True
        return None

    async def _hides(self, pool: Pool, client_id: str) -> bool:
        client = await self._pools.client(pool, client_id)
        return client.get("PreventUserExistenceErrors") == "ENABLED"

    async def _create(self, pool: Pool, newcomer: Newcomer) -> None:
        """Create the user as an administrator would, then give them their status and password.

        One who was created meanwhile, by the same user's other sign-in, is left as they are.
        """
        data = {
            "UserPoolId": pool.home.pool_id,
            "Username": newcomer.username,
            "UserAttributes": [{"Name": name, "Value": text} for name, text in newcomer.attributes.items()],
            "TemporaryPassword": unguessable_password(pool),
            **newcomer.settings,
        }
        answer = await self._operate(_own_call(pool, "AdminCreateUser", data))
        if answer.error == "UsernameExistsException":
            return
        if not answer.ok:
            raise CognitoError(str(answer.error), str(answer.data.get("message", "")), answer.status)
        username = answer.data["User"]["Username"]
        try:
            await self._pools.ask(
                pool, SETTLE, Username=username, Password=newcomer.password, UserStatus=newcomer.status
            )
            if newcomer.sms_mfa:
                factor = {"Enabled": True}
                await self._pools.ask(
                    pool, "AdminSetUserMFAPreference", Username=username, SMSMfaSettings=factor
                )
        except CognitoError:
            with contextlib.suppress(CognitoError):
                await self._pools.ask(pool, "AdminDeleteUser", Username=username)
            raise


def _own_call(pool: Pool, operation: str, data: dict[str, Any]) -> Call:
    """Make a call that no client has sent."""
    headers = {"X-Amz-Target": TARGET_PREFIX + operation, "Content-Type": CONTENT_TYPE}
    call = Call(operation, pool.home.region, pool.home.access_key or ROOT_KEY, b"", {}, headers)
    call.replace(**data)
    return call


def _newcomer(
    pool: Pool, given: str, source: str, password: str | None, response: dict[str, Any], client_id: str
) -> Newcomer:
    """Read the trigger's answer; raises CognitoError where Cognito does not take it."""
    attributes = response.get("userAttributes")
    if not isinstance(attributes, dict) or not attributes:
        raise CognitoError("UserNotFoundException", _no_migration(client_id))
    attributes = {str(name): str(value) for name, value in attributes.items() if value is not None}
    signing_in = source.endswith("_Authentication")
    status = response.get("finalUserStatus") or ("CONFIRMED" if signing_in else "RESET_REQUIRED")
    action, mediums = response.get("messageAction"), response.get("desiredDeliveryMediums")
    for name, valid in (
        ("finalUserStatus", status in STATUSES),
        ("messageAction", action in (None, "", "SUPPRESS")),
        ("desiredDeliveryMediums", _MEDIUMS.issuperset(mediums or ())),
    ):
        if not valid:
            raise CognitoError("UserNotFoundException", f"Error during migration: invalid {name}")
    settings = {
        "MessageAction": action,
        "DesiredDeliveryMediums": mediums,
        "ForceAliasCreation": response.get("forceAliasCreation"),
    }
    return Newcomer(
        _username(pool, given, attributes),
        attributes,
        status,
        password,
        {name: value for name, value in settings.items() if value},
        bool(response.get("enableSMSMFA")),
    )


def _username(pool: Pool, given: str, attributes: dict[str, str]) -> str:
    """Take the username out of the answer's attributes; raises CognitoError where it is not allowed.

    A user who came with an alias needs a name of the function's own choice, and the alias as an attribute;
    any other has the name they gave. (user-pool-lambda-migrate-user.html, userAttributes)
    """
    named = attributes.pop("username", None)
    aliased = any(attributes.get(alias) == given for alias in pool.names("AliasAttributes"))
    if named in (None, given) or aliased:
        username = named or given
        problem = username_problem(pool, username)
        if problem:
            raise CognitoError("UserNotFoundException", problem)
        return username
    raise CognitoError("UserNotFoundException", "Error during migration: invalid username")


def _user_claimed(call: Call) -> set[str]:
    username = call.data.get("Username") or (call.data.get("AuthParameters") or {}).get("USERNAME")
    return {f"migrating {call.data.get('ClientId')}/{username}"} if username else set()


def _no_migration(client_id: str) -> str:
    return f"Exception migrating user in app client {client_id}"
