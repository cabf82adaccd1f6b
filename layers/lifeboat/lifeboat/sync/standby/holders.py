"""Users of the standby pool who have a sign-in address that the backup gives to another.

Two users who exchange verified addresses wait for each other: whichever comes first finds the address taken
(AliasExistsException). So it is taken from a user who is not to have it any more. That user is marked as not
applied before it is touched, so nobody relies on what was applied to it: its own change, another one's or a
check brings it to what the backup says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lifeboat.cognito.changes import PoolChanger
from lifeboat.cognito.pool import FACTOR_ADDRESSES, PoolFacts
from lifeboat.cognito.states import PoolStates
from lifeboat.errors import LifeboatError
from lifeboat.model import User
from lifeboat.store.standby import Place, StandbyPlaces

ADDRESSES = frozenset(FACTOR_ADDRESSES.values())


@dataclass(frozen=True, slots=True)
class Held:
    """An attribute of a user of the standby pool (`there`) that its `owner` in the backup does not have."""

    attribute: str
    there: User
    owner: str
    place: Place | None


@dataclass(frozen=True, slots=True)
class Holders:
    """Finds them, and takes the address from them. Raises CognitoError, StoreUnavailable."""

    places: StandbyPlaces
    facts: PoolFacts
    states: PoolStates
    changer: PoolChanger

    def make_way(self, user: User, in_backup: Callable[[str], User | None]) -> list[str]:
        """Take from others by what a user of the backup is to sign in; the subs of whom it was taken from.

        Nothing is taken from who has it in the backup too: one of the two changes is still on its way.
        `in_backup` gives the user of the backup with a sub.
        """
        taken = []
        for held in self._held(user, in_backup):
            self._take(held)
            taken.append(held.owner)
        return taken

    def _held(self, user: User, in_backup: Callable[[str], User | None]) -> Iterator[Held]:
        for attribute in sorted({*self.facts.alias_attributes, *self.facts.username_attributes}):
            value = user.attributes.get(attribute)
            there = self.states.user(value) if value else None
            if there is None or self._signs_in_by(there, attribute) != self._folded(value):
                continue
            owner = self.places.owner(there.sub)
            if owner in ("", user.sub):
                continue
            rightful, place = in_backup(owner), self.places.get(owner)
            if rightful is None and (place is None or self.facts.generates_usernames):
                continue  # its deletion is on its way, and may be held
            if rightful is None or self._signs_in_by(rightful, attribute) != self._folded(value):
                yield Held(attribute, there, owner, place)

    def _folded(self, value: str | None) -> str:
        return (value or "") if self.facts.case_sensitive else (value or "").lower()

    def _signs_in_by(self, user: User, attribute: str) -> str:
        """The value of an attribute that nobody else can sign in by; "" if there is none.

        An address is that once it is verified, but at once where it stands for the username
        (https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-settings-attributes.html).
        """
        alias = not self.facts.generates_usernames and attribute in ADDRESSES
        return "" if alias and not user.verified(attribute) else self._folded(user.attributes.get(attribute))

    def _take(self, held: Held) -> None:
        """Silently: no address is set, so Cognito sends no code."""
        begun = self.places.begin(held.owner, held.place)
        try:
            self._free(held)
        except LifeboatError:
            self.places.abandon(held.owner, begun.revision)
            raise
        self.places.abandon(held.owner, begun.revision)

    def _free(self, held: Held) -> None:
        name = held.there.username
        if self.facts.generates_usernames:
            # Its address is taken even unverified, and may be required: the user is made anew.
            self.changer.delete_user(name)
            self.places.disown(held.there.sub, held.owner)
        elif held.attribute in ADDRESSES:
            self.changer.update_attributes(name, {f"{held.attribute}_verified": "false"})
        else:
            self.changer.delete_attributes(name, [held.attribute])
