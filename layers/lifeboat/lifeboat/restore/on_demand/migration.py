"""Bringing one user back the moment somebody signs in as that user, or asks for "Forgot password".

A UserMigration trigger is called for a user that the pool does not have
(https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-migrate-user.html). What it
answers becomes the user. An answer without attributes refuses, and Cognito tells the caller what it tells of
any wrong name or password: so everybody is refused by one and the same answer, whatever the reason.

Who signs in with a password is brought back only if the primary pool gives tokens for it, so that the
password survives. Who has forgotten it is brought back for the asking: Cognito sends the code to an address
that was verified in the lost pool.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lifeboat.cognito.passwords import PasswordCheck
from lifeboat.cognito.pool import PoolFacts, restorable_factors, settable_attributes, wanted, wants_password
from lifeboat.model import Status, User
from lifeboat.restore.on_demand.known import find_known, kind_of
from lifeboat.restore.on_demand.pool_rules import PoolRules
from lifeboat.store.given import GivenGroups
from lifeboat.store.on_demand import OnDemandPools
from lifeboat.store.table import BackupTable
from lifeboat.telemetry import logger, publish
from lifeboat.trigger_event import TriggerEvent

SIGNING_IN, FORGOTTEN = "UserMigration_Authentication", "UserMigration_ForgotPassword"


@dataclass(frozen=True, slots=True)
class Migration:
    """Brings users back. `exported_pool` is the pool that the backup is made of, which lacks nobody.

    `passwords` asks the primary pool; None where none was configured.
    """

    stack_name: str
    exported_pool: str
    source_sub_attribute: str
    table: BackupTable
    rules: PoolRules
    passwords: PasswordCheck | None

    def answer(self, event: TriggerEvent) -> TriggerEvent:
        """The event with the user in it, or as it came. Raises whatever keeps the user from being found."""
        source, pool_id = event["triggerSource"], event["userPoolId"]
        if source not in (SIGNING_IN, FORGOTTEN) or pool_id == self.exported_pool:
            return event
        facts = self.rules.of(pool_id)
        known = find_known(self.table, facts, event["userName"])
        if known is None or not (
            self._may_come_back(known.user, facts, event)
            # Written first: the import must not give a new password to somebody who has one.
            and GivenGroups(self.table, pool_id).bring_back(known.user.sub, source == SIGNING_IN)
        ):
            publish(self.stack_name, {"OnDemandRefused": 1})
            return event
        publish(self.stack_name, {"OnDemandBroughtBack": 1})
        logger.info("user brought back", sub=known.user.sub)
        return self._with_user(event, known.user, facts)

    def _may_come_back(self, user: User, facts: PoolFacts, event: TriggerEvent) -> bool:
        if not (user.enabled and wants_password(user)):
            return False
        if event["triggerSource"] == FORGOTTEN:
            # A second factor that this answer cannot set would be missing until the import gives it.
            factors = restorable_factors(user, facts)
            reachable = user.verified("email") or user.verified("phone_number")
            return reachable and (not factors or "SMS_MFA" in factors)
        password = event["request"].get("password")
        # Asking for somebody with a second factor would send a code, and tokens would not come for it anyway.
        if self.passwords is None or not password or user.mfa_factors:
            return False
        return self.passwords.right(user.username, password)

    def _old_sub_attribute(self, pool_id: str) -> str:
        """The attribute for the old sub: that of the import that fills the pool, else the stack's."""
        state = OnDemandPools(self.table).of(pool_id)
        return self.source_sub_attribute if state is None else state.source_sub_attribute

    def _with_user(self, event: TriggerEvent, user: User, facts: PoolFacts) -> TriggerEvent:
        old_sub = self._old_sub_attribute(event["userPoolId"])
        new = wanted(user, facts, old_sub if old_sub in facts.schema else "")
        attributes = settable_attributes(new)
        if not facts.generates_usernames and kind_of(event["userName"], facts) != "username":
            attributes["username"] = user.username  # otherwise the alias would be the username
        signing_in = event["triggerSource"] == SIGNING_IN
        response = {
            **(event.get("response") or {}),
            "userAttributes": attributes,
            "finalUserStatus": Status.CONFIRMED.value if signing_in else Status.RESET_REQUIRED.value,
            "messageAction": "SUPPRESS",
            "desiredDeliveryMediums": [],
            "forceAliasCreation": False,
            "enableSMSMFA": "SMS_MFA" in new.mfa,
        }
        return {**event, "response": response}


def answer(event: TriggerEvent, parts: Callable[[], Migration]) -> TriggerEvent:
    """The answer to the trigger. Never raises: what fails refuses, like a wrong password."""
    migration: Migration | None = None
    try:
        migration = parts()
        return migration.answer(event)
    except Exception as error:
        # An error would show through to the caller, and tell more than a refusal does.
        logger.error("user not brought back", error=str(getattr(error, "code", type(error).__name__)))
        if migration is not None:
            publish(migration.stack_name, {"OnDemandFailed": 1})
        return event
