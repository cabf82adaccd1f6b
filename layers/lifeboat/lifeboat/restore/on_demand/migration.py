"""Bringing one user back the moment somebody signs in as that user, or asks for "Forgot password".

A UserMigration trigger is called for a user that the pool does not have
(https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-migrate-user.html). What it
answers becomes the user. An answer without attributes refuses, and Cognito tells the caller what it tells of
any wrong name or password: so everybody is refused by one and the same answer, whatever the reason.

Who signs in with a password is brought back only if the primary pool gives tokens for it, so that the
password survives. Who has forgotten it is brought back for the asking: Cognito sends the code to an address
that was verified in the lost pool.

Cognito waits 5 s, repeats a function that takes longer, and tells the caller of it. So an answer that is not
there within two seconds is a refusal too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from lifeboat.cognito.passwords import PasswordCheck
from lifeboat.cognito.pool import PoolFacts, restorable_factors, settable_attributes, wanted, wants_password
from lifeboat.errors import CognitoUnavailable
from lifeboat.model import Status, User
from lifeboat.restore.on_demand.known import find_known, kind_of
from lifeboat.restore.on_demand.pool_rules import PoolRules
from lifeboat.store.given import GivenGroups
from lifeboat.store.on_demand import OnDemandPools
from lifeboat.store.table import BackupTable
from lifeboat.telemetry import logger, publish
from lifeboat.time_limit import within
from lifeboat.trigger_event import TriggerEvent

SIGNING_IN, FORGOTTEN = "UserMigration_Authentication", "UserMigration_ForgotPassword"

ANSWER_SECONDS = 1.8
"""How long finding the user and verifying the password may take together: the answer takes less than two."""


@dataclass(slots=True)
class Attempt:
    """How far an answer is: whether the primary pool is being asked; whether nobody waits any more."""

    asks_primary: bool = False
    over: bool = False


class Answer(NamedTuple):
    """What Cognito is told, and the sub of the user who is brought back; "" for nobody."""

    event: TriggerEvent
    sub: str = ""


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

    def concerns(self, event: TriggerEvent) -> bool:
        """Whether the event asks for a user whom a pool may lack."""
        return event["triggerSource"] in (SIGNING_IN, FORGOTTEN) and event["userPoolId"] != self.exported_pool

    def answer(self, event: TriggerEvent, attempt: Attempt) -> Answer:
        """The event with the user in it, or as it came. Raises whatever keeps the user from being found.

        Does nothing that matters once the attempt is over: it may go on at any later time.
        """
        pool_id = event["userPoolId"]
        facts = self.rules.of(pool_id)
        known = find_known(self.table, facts, event["userName"])
        if known is None or not self._may_come_back(known.user, facts, event, attempt):
            return Answer(event)
        answered = self._with_user(event, known.user, facts)
        password_right = event["triggerSource"] == SIGNING_IN
        # Written before the answer: the import must not give a new password to somebody who has one.
        if attempt.over or not GivenGroups(self.table, pool_id).bring_back(known.user.sub, password_right):
            return Answer(event)
        return Answer(answered, known.user.sub)

    def _may_come_back(self, user: User, facts: PoolFacts, event: TriggerEvent, attempt: Attempt) -> bool:
        if not (user.enabled and wants_password(user)):
            return False
        if event["triggerSource"] == FORGOTTEN:
            # A second factor that this answer cannot set would be missing until the import gives it.
            factors = restorable_factors(user, facts)
            reachable = user.verified("email") or user.verified("phone_number")
            return reachable and (not factors or "SMS_MFA" in factors)
        password = event["request"].get("password")
        # Asking for somebody with a second factor would send a code, and tokens would not come for it anyway.
        if self.passwords is None or not password or user.mfa_factors or attempt.over:
            return False
        attempt.asks_primary = True
        right = self.passwords.right(user.username, password)
        attempt.asks_primary = False
        return right

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
    """The answer to the trigger. Never raises: what fails or takes long refuses, like a wrong password."""
    try:
        migration = parts()
        return _answer(event, migration) if migration.concerns(event) else event
    except Exception as error:
        # An error would show through to the caller, and tell more than a refusal does.
        logger.error("user not brought back", error=_name(error))
        return event


def _answer(event: TriggerEvent, migration: Migration) -> TriggerEvent:
    """The answer, counted. All that is told comes from here: what takes too long goes on unheard."""
    attempt = Attempt()
    try:
        answered = within(ANSWER_SECONDS, lambda: migration.answer(event, attempt))
    except Exception as error:
        attempt.over = True
        if attempt.asks_primary and isinstance(error, CognitoUnavailable | TimeoutError):
            # With its Region lost this is so for everybody, and nothing is wrong here.
            logger.info("primary pool not reached", error=_name(error))
            publish(migration.stack_name, {"OnDemandRefused": 1, "OnDemandPrimaryUnreachable": 1})
        else:
            logger.error("user not brought back", error=_name(error))
            publish(migration.stack_name, {"OnDemandRefused": 1, "OnDemandFailed": 1})
        return event
    if answered.sub:
        logger.info("user brought back", sub=answered.sub)
    publish(migration.stack_name, {"OnDemandBroughtBack" if answered.sub else "OnDemandRefused": 1})
    return answered.event


def _name(error: Exception) -> str:
    return str(getattr(error, "code", type(error).__name__))
