"""Giving users their groups back when they sign in.

No API creates a federated user: its profile appears in the new pool at the first sign-in through the
identity provider, in no group of the backup. A user of the pool's own may be back before its groups are, or
without them, where an import leaves them to the first sign-in (`returning`). A PreTokenGeneration trigger
finds the user in the backup, a federated one by its identity, adds it to the groups it had, and puts them
into the token that is being made, which Cognito would otherwise fill with the groups of a moment before
(https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-pre-token-generation.html).

Cognito waits 5 s for a trigger, and one that fails fails the sign-in. So nothing here may raise, wait for
long or be needed: what could not be done now is done at the next sign-in.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field

from lifeboat.cognito.writer import PoolWriter
from lifeboat.errors import CognitoError, CognitoThrottled, LifeboatError, StoreUnavailable
from lifeboat.identities import identity_of
from lifeboat.model import Membership, Status, User, now, seconds_between
from lifeboat.pacing import Deadline
from lifeboat.restore.on_demand.returning import Returned, ReturningUsers
from lifeboat.store.given import Given, GivenGroups
from lifeboat.store.keys import Key, sub_of
from lifeboat.store.table import BackupTable
from lifeboat.telemetry import logger, publish
from lifeboat.time_limit import within
from lifeboat.trigger_event import TriggerEvent

ANSWER_SECONDS = 1.8
"""How long a sign-in waits at most: for less than two seconds. What is found by then is in the token."""

RESERVE_SECONDS = 3.5
"""What must be left of the invocation, 5 s, to begin with a group: none is begun that nobody waits for."""

GROUPS_AWAITED_SECONDS = 24 * 3600
"""How long after a user's first sign-in a group that the pool does not have is still looked for."""

SOURCES = frozenset(
    {
        "TokenGeneration_HostedAuth",
        "TokenGeneration_Authentication",
        "TokenGeneration_NewPasswordChallenge",
        "TokenGeneration_AuthenticateDevice",
        "TokenGeneration_RefreshTokens",
    }
)
"""The sources that stand for a user; TokenGeneration_ClientCredentials (V3_0) stands for a machine."""

DETAILS = {
    "1": "claimsOverrideDetails",
    "2": "claimsAndScopeOverrideDetails",
    "3": "claimsAndScopeOverrideDetails",
}
"""What the answer is called, by the version of the event."""


@dataclass(frozen=True, slots=True)
class Words:
    """What is said and counted of one kind of user."""

    restored: str
    missing: str
    postponed: str
    failed: str
    disabled: str
    in_part: str
    disabled_signed_in: str


FEDERATED = Words(
    "FederatedGroupsRestored",
    "FederatedGroupsMissing",
    "FederatedGroupsPostponed",
    "FederatedGroupsFailed",
    "FederatedUserDisabled",
    "federated groups given in part",
    "disabled federated user signed in",
)
RETURNING = Words(
    "OnDemandGroupsRestored",
    "OnDemandGroupsMissing",
    "OnDemandGroupsPostponed",
    "OnDemandGroupsFailed",
    "OnDemandUserDisabled",
    "groups given in part",
    "user disabled in the lost pool signed in",
)


@dataclass(slots=True)
class Giving:
    """How far one sign-in came: the groups added, those the pool does not have, and what stopped it."""

    added: set[str] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)
    problem: LifeboatError | None = None


@dataclass(slots=True)
class SoFar:
    """What Cognito is told if the answer takes too long."""

    answer: TriggerEvent


@dataclass(frozen=True, slots=True)
class FederatedGroups:
    """Gives groups back. `exported_pool` is the pool that the backup is made of, which lacks nothing.

    `returning` finds users who are not federated; without it they are let through without a look.
    """

    stack_name: str
    exported_pool: str
    table: BackupTable
    writer: Callable[[str], PoolWriter]
    returning: ReturningUsers | None = None

    def answer(self, event: TriggerEvent, deadline: Deadline) -> TriggerEvent:
        """The event with the user's groups in it. Raises whatever keeps them from being found.

        What takes too long may go on during a later invocation: the group that was being added is added then,
        and noted, and no other is begun.
        """
        if event["userPoolId"] == self.exported_pool:
            return event
        so_far = SoFar(event)
        try:
            return within(ANSWER_SECONDS, lambda: self._answer(event, deadline, so_far))
        except TimeoutError as error:
            publish(self.stack_name, {_words(event).failed: 1})
            logger.error(_words(event).in_part, sub=_sub(event), error=_name(error))
            return so_far.answer
        except Exception:
            publish(self.stack_name, {_words(event).failed: 1})
            raise

    def _answer(self, event: TriggerEvent, deadline: Deadline, so_far: SoFar) -> TriggerEvent:
        ledger = GivenGroups(self.table, event["userPoolId"])
        if _federated(event):
            found = self._by_identity(event, ledger)
        else:
            found = self.returning.find(event, ledger) if self.returning is not None else None
        if found is None:
            return event
        user, memberships, given = found
        if not user.enabled:
            logger.warning(_words(event).disabled_signed_in, sub=_sub(event))
            publish(self.stack_name, {_words(event).disabled: 1})
            return event
        wanted = {membership.group_name for membership in memberships} - given.groups
        so_far.answer = with_groups(event, wanted)
        giving = self._give(event, sorted(wanted), deadline)
        self._note(ledger, event, user, given, wanted, giving)
        self._report(event, wanted, giving)
        return with_groups(event, wanted - giving.missing)

    def _by_identity(self, event: TriggerEvent, ledger: GivenGroups) -> Returned | None:
        """The federated user that signs in, if anything is left to be given."""
        identity = identity_of(event["request"]["userAttributes"])
        key = self._place(identity) if identity else None
        if key is None:
            return None
        given = ledger.of(sub_of(key))
        # The index is a moment behind the table, so what it named is looked at again.
        found = None if given.settled else self.table.user_with_groups(key)
        if found is None or not found[0].federated or identity_of(found[0].attributes) != identity:
            return None
        return Returned(*found, given)

    def _place(self, identity: str) -> Key | None:
        """Where the user of an identity lies: of several, the profile made last, as in the lost pool."""
        keys = self.table.users_by_identity(identity)
        if len(keys) < 2:
            return keys[0] if keys else None
        found: list[tuple[User, list[Membership]] | None] = [self.table.user_with_groups(key) for key in keys]
        made = [(each[0].created_at, key) for key, each in zip(keys, found, strict=True) if each]
        return max(made)[1] if made else None

    def _give(self, event: TriggerEvent, groups: Iterable[str], deadline: Deadline) -> Giving:
        writer = self.writer(event["userPoolId"])
        giving = Giving()
        for name in groups:
            if deadline.near():
                break
            try:
                writer.add_to_group(event["userName"], name)
                giving.added.add(name)
            except CognitoError as error:
                if error.code == "ResourceNotFoundException":  # the group; a user has a code of its own
                    giving.missing.add(name)
                else:
                    giving.problem = error
                    break
        return giving

    def _note(
        self,
        ledger: GivenGroups,
        event: TriggerEvent,
        user: User,
        given: Given,
        wanted: Collection[str],
        giving: Giving,
    ) -> None:
        """Keep what was given. Until all is settled, the next sign-in goes on."""
        done = giving.added | (giving.missing if _waited_long(given) else set())
        settled = done.issuperset(wanted)
        first = not given.begun_at and (giving.missing or not user.federated)
        if giving.added or settled or first:
            try:
                ledger.note(user.sub, giving.added, settled, "" if user.federated else _sub(event))
            except StoreUnavailable as error:
                giving.problem = giving.problem or error

    def _report(self, event: TriggerEvent, wanted: Collection[str], giving: Giving) -> None:
        left = len(wanted) - len(giving.added) - len(giving.missing)
        if giving.problem is not None:
            error = _name(giving.problem)
            logger.warning(_words(event).in_part, sub=_sub(event), left=left, error=error)
        # A throttled call is no failure: the import is using the same quota at the time.
        failed = giving.problem is not None and not isinstance(giving.problem, CognitoThrottled)
        words = _words(event)
        metrics = {
            words.restored: len(giving.added),
            words.missing: len(giving.missing),
            words.postponed: left,
            words.failed: int(failed),
        }
        if any(metrics.values()):
            publish(self.stack_name, metrics)


def answer(event: TriggerEvent, deadline: Deadline, parts: Callable[[], FederatedGroups]) -> TriggerEvent:
    """The answer to the trigger: the event, with groups from the backup in it if there are any to give.

    Never raises.
    """
    try:
        return parts().answer(event, deadline) if _concerns(event) else event
    except Exception as error:
        # Whatever it is, the user signs in, with the groups that Cognito knows of.
        logger.error("groups not given back", sub=_sub(event), error=_name(error))
        return event


def with_groups(event: TriggerEvent, groups: Collection[str]) -> TriggerEvent:
    """The event whose answer adds groups to those the token would have; roles stay as they are."""
    name = DETAILS[event["version"]]
    details = dict((event.get("response") or {}).get(name) or {})
    # What is answered replaces everything, so it begins with what there is.
    before = details.get("groupOverrideDetails") or event["request"].get("groupConfiguration") or {}
    own = list(before.get("groupsToOverride") or [])
    more = sorted(set(groups).difference(own))
    if not more:
        return event
    details["groupOverrideDetails"] = {**before, "groupsToOverride": own + more}
    return {**event, "response": {**(event.get("response") or {}), name: details}}


def _concerns(event: TriggerEvent) -> bool:
    attributes = event["request"].get("userAttributes")
    return bool(attributes) and event["triggerSource"] in SOURCES and event["version"] in DETAILS


def _federated(event: TriggerEvent) -> bool:
    attributes = event["request"]["userAttributes"]
    # Cognito's documentation shows the status in examples only; without it, an identity says enough to look.
    status = attributes.get("cognito:user_status") or (
        "identities" in attributes and Status.EXTERNAL_PROVIDER
    )
    return bool(status == Status.EXTERNAL_PROVIDER)


def _words(event: TriggerEvent) -> Words:
    return FEDERATED if _federated(event) else RETURNING


def _waited_long(given: Given) -> bool:
    return bool(given.begun_at) and seconds_between(given.begun_at, now()) > GROUPS_AWAITED_SECONDS


def _sub(event: TriggerEvent) -> str:
    """The user's sub in the pool it signs in to."""
    try:
        return str(event["request"]["userAttributes"]["sub"])
    except (KeyError, TypeError):
        return ""


def _name(error: Exception) -> str:
    return str(getattr(error, "code", type(error).__name__))
