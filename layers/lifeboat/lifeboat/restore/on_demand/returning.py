"""Who signs in to a pool, of the users that the backup has: those who are not federated.

A name alone proves nothing. Since the pool was made, somebody else may have signed up under the name of a
user who is not back yet, and must not get that user's groups. So the name counts with an address that both
have verified; or where the pool was given the user on demand, which takes the password or such an address.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from lifeboat.cognito.pool import PoolFacts
from lifeboat.model import Membership, User
from lifeboat.restore.on_demand.known import find_known
from lifeboat.restore.on_demand.pool_rules import PoolRules
from lifeboat.store.given import Given, GivenGroups
from lifeboat.store.on_demand import OnDemandPools
from lifeboat.store.table import BackupTable
from lifeboat.trigger_event import TriggerEvent

ADDRESSES = ("email", "phone_number")


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
        sign-in. Others have their groups from the import, and from whoever changed them since.
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
        if not (given.brought_back or shares_address(known.user, attributes)):
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
        and user.attributes[address].lower() == other.attributes[address].lower()
        for address in ADDRESSES
    )
