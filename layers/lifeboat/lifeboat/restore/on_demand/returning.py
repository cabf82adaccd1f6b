"""Who signs in to a pool, of the users that the backup has: those who are not federated.

A name alone proves nothing. Since the pool was made, somebody else may have signed up under the name of a
user who is not back yet, and must not get that user's groups. That the pool was given the user on demand
proves nothing either: it is noted before Cognito creates the user, anybody may ask for "Forgot password", and
Cognito may refuse the user, or find the name taken a moment before. So the name counts only with an address
that both have verified.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from lifeboat.cognito.pool import PoolFacts, comparable_attributes
from lifeboat.model import Membership, User, seconds_between
from lifeboat.restore.on_demand.known import find_known
from lifeboat.restore.on_demand.pool_rules import PoolRules
from lifeboat.store.given import Given, GivenGroups
from lifeboat.store.on_demand import OnDemandPools
from lifeboat.store.table import BackupTable
from lifeboat.trigger_event import TriggerEvent

ADDRESSES = ("email", "phone_number")

CREATED_WITHIN = 10.0
"""Seconds. Cognito waits 5 for the trigger, which notes when the password was right, and creates the user."""

CLOCKS_DIFFER = 2.0
"""Seconds by which Cognito's clock and ours may differ, and a moment may be rounded."""


class Returned(NamedTuple):
    """A user of the backup who signs in, its memberships, and what it has been given before."""

    user: User
    memberships: list[Membership]
    given: Given


@dataclass(frozen=True, slots=True)
class ReturningUsers:
    """Finds users of the backup by those who sign in."""

    table: BackupTable
    rules: PoolRules

    def find(self, event: TriggerEvent, ledger: GivenGroups) -> Returned | None:
        """The user who signs in, if there is anything left to give it at sign-in; else None.

        Only users who were brought back on demand, and all users of a pool whose import leaves groups to the
        sign-in. Others have their groups from the import, and from whoever changed them since. So has who has
        no verified address to be known by.
        """
        attributes = event["request"]["userAttributes"]
        facts = self.rules.of(event["userPoolId"])
        name = sign_in_name(event["userName"], attributes, facts)
        known = find_known(self.table, facts, name) if name else None
        if known is None:
            return None
        given = ledger.of(known.user.sub)
        sub = str(attributes.get("sub", ""))
        if given.settled or given.new_sub not in ("", sub):
            return None
        if not shares_address(known.user, attributes):
            return None
        if not (given.brought_back or self._gives_groups(event["userPoolId"])):
            return None
        return Returned(known.user, known.memberships, given)

    def _gives_groups(self, pool_id: str) -> bool:
        state = OnDemandPools(self.table).of(pool_id)
        return state is not None and state.gives_groups


def sign_in_name(username: str, attributes: Mapping[str, Any], facts: PoolFacts) -> str | None:
    """The name that a user of the pool was created under; None if its attributes do not tell."""
    there = {name: value for name, value in attributes.items() if isinstance(value, str)}
    return facts.sign_in_name(User("", username, there, True, ""))


def shares_address(user: User, attributes: Mapping[str, Any]) -> bool:
    """Whether both have verified one and the same address."""
    there = {name: value for name, value in attributes.items() if isinstance(value, str)}
    other = User("", "", there, True, "")
    return any(
        user.verified(address)
        and other.verified(address)
        and _caseless(user.attributes[address]) == _caseless(other.attributes[address])
        for address in ADDRESSES
    )


def came_back_as(user: User, there: User, given: Given) -> bool:
    """Whether a user of the new pool is the one of the backup whom it was given on demand.

    An address that both have verified proves it. A user without any is given for a right password only, and
    is known by being what was given, created just after: Cognito does not ask for a user whose name is taken,
    so somebody else would have had to take it within these seconds, with the same attributes.
    """
    if not given.brought_back:
        return False
    if any(user.verified(address) for address in ADDRESSES):
        return shares_address(user, there.attributes)
    if not (given.password_right_at and there.created_at):
        return False
    waited = seconds_between(given.password_right_at, there.created_at)
    same = comparable_attributes(user) == comparable_attributes(there)
    return same and -CLOCKS_DIFFER <= waited <= CREATED_WITHIN


def _caseless(address: str) -> str:
    # Letters beyond ASCII may have a plain one as their lower case (KELVIN SIGN has "k"): another mailbox.
    return address.lower() if address.isascii() else address
