"""Updating one restored user: disabled flag, second factors, linked identities, group memberships."""

from __future__ import annotations

from dataclasses import dataclass

from lifeboat.cognito.pool import PoolFacts, linked_identities
from lifeboat.cognito.reader import PoolReader
from lifeboat.cognito.writer import PoolWriter
from lifeboat.errors import CognitoRefused, CognitoUnavailable
from lifeboat.model import User
from lifeboat.restore.messages import Update
from lifeboat.restore.users.finding import find_by_name
from lifeboat.restore.users.pace import UserPace
from lifeboat.store.outcomes import Outcomes
from lifeboat.store.tally import Count


@dataclass(frozen=True, slots=True)
class UserUpdate:
    """Updates users of one import. Every call it makes can be repeated without effect."""

    facts: PoolFacts
    reader: PoolReader
    writer: PoolWriter
    outcomes: Outcomes
    pace: UserPace

    def apply(self, message: Update) -> Count:
        """Make the updates of one message; returns what was done. Raises CognitoError."""
        count = Count()
        if message.disable:
            self._wait(message, count)
            self.writer.disable(message.username)
        if message.mfa:
            self.pace.wait(message.sub)
            self.writer.change_mfa(message.username, message.mfa, message.preferred_mfa)
        if message.links:
            there = self._user(message)
            linked = set(linked_identities(there))
            for provider, user_id in message.links:
                if (provider, user_id) not in linked:
                    self._wait(message, count)
                    self._link(message, there.username, (provider, user_id))
        for group_name in message.groups:
            self._wait(message, count)
            self.writer.add_to_group(message.username, group_name)
        count.settled += self.outcomes.updated(message.sub, message.number)
        return count

    def _wait(self, message: Update, count: Count) -> None:
        """Wait until the user may be written to, and count a request of the category UserUpdate."""
        self.pace.wait(message.sub)
        count.updates += 1

    def _user(self, message: Update) -> User:
        """The user as it is: linking takes the username itself, not an alias, and each identity only once."""
        there = find_by_name(self.reader, self.facts, message.username)
        if there is None:
            raise CognitoUnavailable("ListUsers", "UserNotListedYet")
        return there

    def _link(self, message: Update, username: str, identity: tuple[str, str]) -> None:
        """Link an identity; Cognito refuses to link one again, which is as well."""
        try:
            self.writer.link(username, *identity)
        except CognitoRefused:
            if identity not in linked_identities(self._user(message)):
                raise
