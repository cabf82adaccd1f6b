"""Every e-mail and SMS message that Cognito would have sent to a user, by Region and operation.

Counted only when the call succeeded; nothing is sent. What sends a message:
cognito/latest/developerguide/cognito-user-pool-settings-message-customizations.html and the pages of the
operations.
"""

from collections import Counter, defaultdict

from local.front.aliases import ADDRESSES, code_address
from local.front.hooks import Hooks
from local.front.pools import Pools, User
from local.front.protocol import Answer, Call, attributes_of
from local.front.recovery import SIMULATED

_CODE_CHALLENGES = frozenset({"EMAIL_OTP", "SMS_MFA", "SMS_OTP"})
_MEDIA = {"EMAIL": "email", "SMS": "phone_number"}


class Messages:
    """A feature: counts messages."""

    def __init__(self, pools: Pools) -> None:
        self._pools = pools
        self._counts: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def register(self, hooks: Hooks) -> None:
        """Plug in. To be registered last: the answers seen here are the final ones."""
        hooks.after(self._created, "AdminCreateUser")
        hooks.after(self._signed_up, "SignUp")
        hooks.after(self._code_sent, "AdminResetUserPassword", "ForgotPassword")
        hooks.after(self._code_sent, "GetUserAttributeVerificationCode", "ResendConfirmationCode")
        hooks.after(self._updated, "AdminUpdateUserAttributes", "UpdateUserAttributes")
        hooks.after(self._challenged, "AdminInitiateAuth", "AdminRespondToAuthChallenge")
        hooks.after(self._challenged, "InitiateAuth", "RespondToAuthChallenge")

    def add(self, region: str, operation: str, messages: int = 1) -> None:
        """Count messages; for features that send some of their own."""
        if messages:
            self._counts[region][operation] += messages

    def clear(self) -> None:
        """Start to count anew."""
        self._counts.clear()

    def as_json(self) -> dict[str, dict[str, int]]:
        """Return Region → operation → messages."""
        return {region: dict(sorted(counts.items())) for region, counts in sorted(self._counts.items())}

    async def _created(self, call: Call, answer: Answer) -> Answer:
        """Count an invitation, one for each desired medium the user has an address for, but one at least."""
        if answer.ok and call.data.get("MessageAction") != "SUPPRESS":
            attributes = attributes_of(answer.data["User"].get("Attributes"))
            media = set(call.data.get("DesiredDeliveryMediums") or ["SMS"])
            self.add(
                call.region,
                call.operation,
                max(1, sum(bool(attributes.get(_MEDIA[medium])) for medium in media)),
            )
        return answer

    async def _signed_up(self, call: Call, answer: Answer) -> Answer:
        pool = await self._pools.of_call(call) if answer.ok else None
        if pool is not None and not answer.data.get("UserConfirmed"):
            attributes = attributes_of(call.data.get("UserAttributes"))
            username = str(call.data["Username"])
            for attribute in pool.names("UsernameAttributes"):
                if ("@" in username) == (attribute == "email"):
                    attributes.setdefault(attribute, username)
            self.add(
                call.region, call.operation, int(code_address(pool, User(username, attributes)) is not None)
            )
        return answer

    async def _code_sent(self, call: Call, answer: Answer) -> Answer:
        if answer.ok and SIMULATED not in call.notes:
            self.add(call.region, call.operation)
        return answer

    async def _updated(self, call: Call, answer: Answer) -> Answer:
        """Count a code for each changed address that the pool verifies and the call does not."""
        before: User | None = call.notes.get("user")
        if before is None or not answer.ok:
            return answer
        pool = await self._pools.of_call(call)
        if pool is not None:
            changes = attributes_of(call.data.get("UserAttributes"))
            changed = [
                address
                for address in ADDRESSES
                if changes.get(address)
                and changes[address] != before.attributes.get(address)
                and changes.get(f"{address}_verified", "").lower() != "true"
                and address in pool.names("AutoVerifiedAttributes")
            ]
            self.add(call.region, call.operation, len(changed))
        return answer

    async def _challenged(self, call: Call, answer: Answer) -> Answer:
        if answer.ok and answer.data.get("ChallengeName") in _CODE_CHALLENGES:
            self.add(call.region, call.operation)
        return answer
