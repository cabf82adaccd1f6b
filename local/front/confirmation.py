"""The PostConfirmation trigger, which ministack does not fire.

cognito/latest/developerguide/user-pool-lambda-post-confirmation.html: after ConfirmSignUp, AdminConfirmSignUp
and ConfirmForgotPassword, with the attributes the user has then; also after a sign-up that a PreSignUp
trigger confirmed, and after the first sign-in of a federated user (cognito-user-pools-working-with-lambda-
triggers.html). A trigger that fails fails the call; what the call did stays done.
"""

from typing import Any

from local.front.functions import Functions, trigger_arn, trigger_event
from local.front.hooks import Hooks
from local.front.pools import Pool, Pools
from local.front.protocol import Answer, Call

TRIGGER = "PostConfirmation"
SIGN_UP = "PostConfirmation_ConfirmSignUp"
_SOURCES = {
    "AdminConfirmSignUp": SIGN_UP,
    "ConfirmForgotPassword": "PostConfirmation_ConfirmForgotPassword",
    "ConfirmSignUp": SIGN_UP,
    "SignUp": SIGN_UP,
}


class Confirmation:
    """A feature: fires PostConfirmation. To be registered after what else a confirmation changes."""

    def __init__(self, pools: Pools, functions: Functions) -> None:
        self._pools = pools
        self._functions = functions

    def register(self, hooks: Hooks) -> None:
        """Plug in."""
        hooks.after(self._confirmed, *_SOURCES)

    async def _confirmed(self, call: Call, answer: Answer) -> Answer:
        if not answer.ok or (call.operation == "SignUp" and not answer.data.get("UserConfirmed")):
            return answer
        pool = await self._pools.of_call(call)
        if pool is not None:
            username, client_id = str(call.data["Username"]), str(call.data.get("ClientId") or "")
            metadata = call.data.get("ClientMetadata")
            await self.fire(pool, _SOURCES[call.operation], username, client_id, metadata)
        return answer

    async def fire(
        self, pool: Pool, source: str, username: str, client_id: str, metadata: Any = None
    ) -> None:
        """Fire the trigger for a user, if the pool has one; raises CognitoError where it fails."""
        user = await self._pools.user(pool, username) if trigger_arn(pool, TRIGGER) else None
        if user is None:
            return
        attributes = {**user.attributes, "cognito:user_status": user.status}
        request = {"userAttributes": attributes} | ({"clientMetadata": metadata} if metadata else {})
        event = trigger_event(pool, source, user.username, client_id, request, {})
        await self._functions.fire(pool, TRIGGER, event)
