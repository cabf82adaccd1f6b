"""Users whom the standby pool has already under a name that the backup gives to somebody.

An import has made them, or they are another user's copy whose name has passed on. Names are unique in the
primary pool, so whoever has one there has it in the standby pool too, in the end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lifeboat.cognito.pool import PoolFacts
from lifeboat.cognito.states import PoolStates
from lifeboat.model import User
from lifeboat.store.standby import StandbyPlaces


@dataclass(frozen=True, slots=True)
class Namesakes:
    """Finds them, and claims them for a user of the backup. Raises CognitoError, StoreUnavailable."""

    places: StandbyPlaces
    facts: PoolFacts
    states: PoolStates

    def named(self, name: str) -> User | None:
        """The user with a username, or with a sign-in address where the pool generates usernames."""
        there = self.states.user(name)
        if there is None or self.facts.generates_usernames:
            return there
        same = there.username == name if self.facts.case_sensitive else there.username.lower() == name.lower()
        return there if same else None

    def claim(self, there: User, user: User, in_backup: Callable[[str], User | None]) -> bool:
        """Claim a user of the standby pool; False if it is rightly the copy of another.

        Whoever the copy was made for has lost the name, if the backup does not have that user any more, or
        has it under another name, or made before this one. `in_backup` gives the user of the backup with a
        sub.
        """
        owner = self.places.owner(there.sub)
        if owner and owner != user.sub:
            other = in_backup(owner)
            if other is not None:
                same_name = self.facts.join_key(other) == self.facts.join_key(user)
                if same_name and other.created_at >= user.created_at:
                    return False
        return self.places.claim(there.sub, user.sub, instead_of=owner)

    def left_behind(self, sub: str, removed: User | None) -> User | None:
        """The copy of a user that the backup does not have any more, by the name it had, if nobody else's.

        It has no place, because an import has made it.
        """
        name = None if removed is None or removed.federated else self.facts.sign_in_name(removed)
        there = None if name is None else self.named(name)
        return there if there is not None and self.places.owner(there.sub) in ("", sub) else None
