"""Creating one user in the new pool (the API lane), so that doing it twice is harmless."""

from __future__ import annotations

from dataclasses import dataclass

from lifeboat.aws.queues import Queue
from lifeboat.cognito.pool import (
    PoolFacts,
    comparable_attributes,
    restored_statuses,
    settable_attributes,
    wants_password,
)
from lifeboat.cognito.reader import PoolReader
from lifeboat.cognito.writer import PoolWriter
from lifeboat.errors import CognitoUnavailable, UserExists
from lifeboat.model import Status, User
from lifeboat.restore.finding import find_by_name
from lifeboat.restore.messages import NewUser, Unusable, updates_for
from lifeboat.store.outcomes import Lane, Outcomes, State
from lifeboat.store.tally import Count


@dataclass(frozen=True, slots=True)
class UserRestore:
    """Creates users of one import."""

    facts: PoolFacts
    reader: PoolReader
    writer: PoolWriter
    outcomes: Outcomes
    updates: Queue

    def restore(self, message: NewUser) -> Count:
        """Create the user, give it a password, queue its updates and write its outcome.

        Returns what that settled. Raises Unusable for what will never succeed, CognitoError otherwise.
        """
        before = self.outcomes.get(message.sub)
        if before is not None and before.state is State.CREATED:
            # Delivered again. The updates may have been lost between the outcome and the queue.
            if not before.complete:
                self.outcomes.reopen(before)
                by_api = before.lane is Lane.API
                self.updates.send(updates_for(message, self._username_of(message), by_api))
            return Count()
        created = self._create(message.user())
        updates = updates_for(message, created.username, by_api=True)
        settled = self.outcomes.created(message.sub, created.sub, len(updates), message.lane_reason)
        self.updates.send(updates)
        return Count(settled=int(settled))

    def _create(self, user: User) -> User:
        name = self.facts.sign_in_name(user)
        if name is None:
            wanted = " or ".join(self.facts.username_attributes)
            raise Unusable(f"the user has no {wanted} to sign in with, which the new pool requires")
        attributes = settable_attributes(user)
        try:
            created = self.writer.create_user(name, attributes)
        except UserExists:
            created = self._existing(user, name)
        if wants_password(user):
            self.writer.set_password(created.username, self.facts.random_password())
        return created

    def _existing(self, user: User, name: str) -> User:
        """The user that already has the name, if it is this one.

        Somebody else may have signed up under the name since the pool was made. Such a user must not
        be given this one's groups, so it counts as this one only if every attribute agrees and its status
        is one that this import gives. It is given a new random password all the same: somebody who took the
        name of a user without attributes is locked out by it, and the user is not.
        """
        there = find_by_name(self.reader, self.facts, name)
        if there is None:
            raise CognitoUnavailable("ListUsers", "UserNotListedYet")
        same = comparable_attributes(there) == comparable_attributes(user)
        begun = there.status in {Status.FORCE_CHANGE_PASSWORD, *restored_statuses(user)}
        if not (same and begun):
            raise Unusable("another user of the new pool already has this username or sign-in alias")
        return there

    def _username_of(self, message: NewUser) -> str:
        user = message.user()
        name = self.facts.sign_in_name(user) or user.username
        there = find_by_name(self.reader, self.facts, name) if self.facts.generates_usernames else None
        return there.username if there is not None else name
